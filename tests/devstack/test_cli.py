import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.cli import main
from devstack.stack import status as look
from devstack.stack import stop
from devstack.supervisor import read_state

Wait = Callable[[Callable[[], object]], None]
Refusal = Callable[..., str]


def devstack(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "devstack", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.kafka
def test_servers_stay_up_from_up_to_down_and_come_back_when_they_die(
    tmp_path: Path, repository: Path, eventually: Wait
) -> None:
    where = ["--directory", str(tmp_path)]
    try:
        up = devstack(repository, "up", "--only", "kafka", *where)
        assert up.returncode == 0, up.stderr
        endpoints = json.loads(up.stdout)
        assert set(endpoints) == {"kafka"}
        assert "Ready. Stop with: python -m devstack down --directory" in up.stderr

        again = devstack(repository, "up", "--only", "kafka", *where)
        assert (again.returncode, json.loads(again.stdout)) == (0, endpoints)
        assert "Running already: kafka." in again.stderr

        status = devstack(repository, "status", *where)
        found = json.loads(status.stdout)["kafka"]
        assert status.returncode == 0
        assert found["state"] == "running"
        assert found["endpoints"] == endpoints["kafka"]
        assert Path(found["log"]).read_text()

        os.kill(found["pid"], signal.SIGKILL)
        eventually(lambda: look(tmp_path)["kafka"]["state"] == "running")
        assert look(tmp_path)["kafka"]["endpoints"] == endpoints["kafka"]
        assert look(tmp_path)["kafka"]["pid"] != found["pid"]

        topics = devstack(repository, "topics", *where, "a=3", "b=1")
        assert (topics.returncode, json.loads(topics.stdout)) == (0, {"a": 3, "b": 1})

        down = devstack(repository, "down", *where)
        assert (down.returncode, down.stdout, down.stderr) == (0, "", "Stopped kafka.\n")
        assert devstack(repository, "status", *where).returncode == 1
    finally:
        stop(tmp_path)


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_up_that_is_interrupted_while_it_starts_leaves_nothing(
    tmp_path: Path, repository: Path, eventually: Wait, number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "devstack", "up", "--only", "kafka", "--directory", str(tmp_path)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        eventually((tmp_path / "stack.json").exists)
        state = read_state(tmp_path / "stack.json")
        assert state is not None
        process.send_signal(number)
        assert process.communicate()[0] == b""
        assert process.returncode == code
    eventually(lambda: not state["programs"]["kafka"]["process"].alive())
    eventually(lambda: not state["supervisor"].alive())
    assert not (tmp_path / "stack.json").exists()


def test_where_no_broker_runs_topics_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "a=1", "--directory", str(tmp_path)]) == 1
    assert f"Start one with: python -m devstack up --directory {tmp_path}" in capsys.readouterr().err


def test_where_nothing_runs_status_and_down_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--directory", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {}
    assert f"Nothing runs in {tmp_path}. Start with: python -m devstack up --directory {tmp_path}" in said.err
    assert main(["down", "--directory", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", f"Nothing was running in {tmp_path}.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "--only", "kafka,mongo"], "argument --only: unknown server 'mongo'; known: kafka"),
        (["topics", "--bootstrap", "x:1", "sales"], "'sales' is not NAME=PARTITIONS, such as sales=4"),
        (["topics", "--bootstrap", "x:1", "sales=0"], "'sales=0' is not NAME=PARTITIONS, such as sales=4"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(arguments: list[str], message: str, refusal: Refusal) -> None:
    assert message in refusal(main, arguments)
