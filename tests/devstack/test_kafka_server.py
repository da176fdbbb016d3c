from pathlib import Path

import pytest

from devstack import kafka_server
from devstack.errors import DevstackError
from devstack.kafka_server import KafkaServer, render_properties

PORTS = {"broker": 19092, "controller": 19093}


def properties() -> dict[str, str]:
    lines = render_properties(PORTS, Path("/data/kafka")).splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_broker_listens_on_its_own_ports_of_this_machine_only() -> None:
    written = properties()
    assert written["listeners"] == "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"
    assert written["advertised.listeners"] == "PLAINTEXT://127.0.0.1:19092"
    assert written["controller.quorum.voters"] == "1@127.0.0.1:19093"
    assert KafkaServer().endpoints(Path("/data"), PORTS) == {"bootstrap.servers": "127.0.0.1:19092"}


def test_old_records_are_kept_and_topics_are_made_on_purpose_only() -> None:
    assert properties()["log.retention.ms"] == "-1"
    assert properties()["auto.create.topics.enable"] == "false"
    assert properties()["log.dirs"] == "/data/kafka"


def test_every_internal_topic_is_content_with_one_broker() -> None:
    written = properties()
    factors = [value for key, value in written.items() if key.endswith((".replication.factor", ".min.isr"))]
    assert factors == ["1"] * 5


def test_missing_jars_are_said_with_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libs = tmp_path / "devstack" / "kafka" / "target" / "libs"
    monkeypatch.setattr(kafka_server, "_JARS", libs)
    with pytest.raises(DevstackError, match=rf"no Kafka jars in {libs}. Run `make setup` in {tmp_path},.*`mvn "):
        KafkaServer().prepare(tmp_path, PORTS)


def test_a_port_that_nobody_listens_on_is_not_ready() -> None:
    assert not KafkaServer().ready({"broker": 1, "controller": 2})
