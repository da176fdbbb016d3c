import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from running_program import running_program

from devstack import stack
from devstack.errors import DevstackError
from devstack.ports import HOST
from devstack.processes import Process
from devstack.stack import Stack, running_stack
from devstack.topics import create_topics

Wait = Callable[[Callable[[], object]], None]


def broker_of(directory: Path) -> Process:
    return running_program(directory / "stack.json", "kafka")


def send(bootstrap_servers: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers)
    producer.send(topic, value).get(timeout=30)
    producer.close()


def first_value(bootstrap_servers: str, topic: str) -> object:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    value = next(consumer).value
    consumer.close()
    return value


@pytest.mark.kafka
def test_a_broker_keeps_what_it_took_and_its_address_from_one_run_to_the_next(tmp_path: Path) -> None:
    with running_stack(tmp_path) as first:
        create_topics(first.bootstrap_servers, {"books": 1})
        send(first.bootstrap_servers, "books", b"Dune")
        broker = broker_of(tmp_path)
        assert broker.alive()
    assert not broker.alive()
    assert stack.status(tmp_path) == {}
    with running_stack(tmp_path) as second:
        assert second.bootstrap_servers == first.bootstrap_servers
        assert first_value(second.bootstrap_servers, "books") == b"Dune"


@pytest.mark.kafka
def test_a_port_taken_between_its_choice_and_its_use_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose, choices = stack._choose_ports, []

    def unlucky(directory: Path, name: str) -> dict[str, int]:
        choices.append(choose(directory, name))
        return choices[0] if len(choices) == 2 else choices[-1]  # the first attempt runs into the thief

    with socket.create_server((HOST, 0)) as thief:
        choices.append({"broker": thief.getsockname()[1], "controller": choose(tmp_path, "kafka")["controller"]})
        monkeypatch.setattr(stack, "_choose_ports", unlucky)
        with running_stack(tmp_path) as running:
            assert running.bootstrap_servers == f"{HOST}:{choices[-1]['broker']}"


@pytest.mark.kafka
def test_a_folder_serves_one_stack_at_a_time(broker: Stack) -> None:
    with pytest.raises(DevstackError, match="run already; stop them"), running_stack(broker.directory):
        pass
    assert stack.status(broker.directory)["kafka"]["state"] == "running"


@pytest.mark.kafka
def test_a_kill_of_the_parent_leaves_no_broker(tmp_path: Path, repository: Path, eventually: Wait) -> None:
    script = f"""
import time
from pathlib import Path
from devstack.stack import running_stack
with running_stack(Path({str(tmp_path)!r})):
    print("ready", flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        broker = broker_of(tmp_path)
        assert broker.alive()
        parent.send_signal(signal.SIGKILL)
    eventually(lambda: not broker.alive())
    eventually(lambda: not (tmp_path / "stack.json").exists())


@pytest.fixture
def stranger() -> Iterator[Process]:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        identity = Process.of(process.pid)
        assert identity is not None
        yield identity
        process.kill()


def test_a_stale_state_file_neither_stops_a_stranger_nor_counts_as_running(tmp_path: Path, stranger: Process) -> None:
    reused = {"pid": stranger.pid, "started": "before the reboot"}
    state = {
        "supervisor": reused,
        "programs": {"kafka": {"process": reused, "log": "kafka.log"}},
        "details": {"ports": {"kafka": {"broker": 1, "controller": 2}}},
    }
    (tmp_path / "stack.json").write_text(json.dumps(state))
    assert stack.status(tmp_path) == {}
    assert stack.stop(tmp_path) == []
    assert stranger.alive()
    assert not (tmp_path / "stack.json").exists()


def test_a_server_that_does_not_start_is_explained_by_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        name = "broken"
        port_names: tuple[str, ...] = ("only",)
        account = None
        stop_signal = signal.SIGTERM

        def prepare(self, directory: Path, ports: object) -> list[str]:
            assert directory.is_dir()
            assert ports
            return [sys.executable, "-c", "raise SystemExit('out of paper')"]

        def ready(self, _ports: object) -> bool:
            return False

    monkeypatch.setattr(stack, "SERVERS", {"broken": Broken()})
    with pytest.raises(DevstackError, match=r"(?s)broken ended while starting\. .*out of paper"):
        stack.start(tmp_path, ["broken"])
    assert not (tmp_path / "stack.json").exists()


@pytest.mark.parametrize(("only", "named"), [(("kafka", "mongo"), "'mongo'"), ((), r"\(none\)")])
def test_an_unknown_server_is_named_beside_those_that_exist(tmp_path: Path, only: tuple[str, ...], named: str) -> None:
    with pytest.raises(DevstackError, match=f"Unknown server {named}; known: kafka"), running_stack(tmp_path, only):
        pass


def test_stopping_where_nothing_ever_ran_does_nothing(tmp_path: Path) -> None:
    assert stack.stop(tmp_path / "nowhere") == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.kafka
def test_a_topic_that_exists_or_a_broker_that_does_not_answer_is_an_error_in_words(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"twice": 2})
    with pytest.raises(DevstackError, match="topics twice exists already"):
        create_topics(broker.bootstrap_servers, {"twice": 2})
