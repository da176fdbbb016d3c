import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from ingest_world import World
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.partitioner.default import murmur2

from devstack.stack import status
from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import ProgressError, SourceError, TakenOverError, UnavailableError
from ingest_lambda.markers import Marker
from ingest_lambda.publisher import Publisher
from ingest_lambda.records import Record
from ingest_lambda.settings import parse_settings

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TIME = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)


def soon(seconds: float = 20) -> Deadline:
    return Deadline(monotonic() + seconds)


def marker(minute: int) -> Marker:
    return Marker(TIME + timedelta(minutes=minute))


def records(count: int, size: int = 1) -> list[Record]:
    return [Record(b"k", b'{"n":"' + b"x" * size + b'"}', "") for _ in range(count)]


class Publishers:
    def __init__(self, world: World) -> None:
        self.world = world
        self.made: list[Publisher] = []

    def __call__(self, *, opened: bool = True, **settings: str) -> Publisher:
        publisher = Publisher(parse_settings({**self.world.environment, **settings}), lambda _: {})
        self.made.append(publisher)
        if opened:
            publisher.open(soon())
        return publisher


@pytest.fixture
def make(world: World) -> Iterator[Publishers]:
    publishers = Publishers(world)
    yield publishers
    for publisher in publishers.made:
        publisher.close()


def test_an_empty_progress_topic_has_no_marker(make: Publishers) -> None:
    assert make().marker is None


def test_what_was_committed_is_the_marker_of_the_next_to_open(make: Publishers) -> None:
    first = make()
    for minute in range(3):
        first.commit(records(2), marker(minute), soon())
    first.close()

    assert make().marker == marker(2)
    assert len(make.world.published()) == 6


def test_the_marker_is_found_behind_any_number_of_aborted_ones(make: Publishers, world: World) -> None:
    make().commit([], marker(7), soon())
    producer = KafkaProducer(
        bootstrap_servers=world.stack.bootstrap_servers, transactional_id=f"ingest.{world.progress}"
    )
    producer.init_transactions()
    for _ in range(30):
        producer.begin_transaction()
        producer.send(world.progress, key=b"progress", value=b"never committed")
        producer.flush()
        producer.abort_transaction()
    producer.close()

    assert make().marker == marker(7)


def test_a_transaction_that_was_left_open_is_undone_by_the_next_to_open(make: Publishers, world: World) -> None:
    first = make()
    first.commit(records(1), marker(1), soon())
    assert first._producer is not None
    first._producer.begin_transaction()
    first._producer.produce(world.sales, value=b"{}", partition=0)
    first._producer.produce(world.progress, value=b"never committed")
    assert first._producer.flush(10) == 0

    second = make()

    assert second.marker == marker(1)
    second.commit(records(1), marker(2), soon())
    assert len(world.published()) == 2


def test_the_one_that_opened_last_commits_and_the_other_publishes_nothing(make: Publishers, world: World) -> None:
    old, new = make(), make()

    with pytest.raises(TakenOverError, match=f"the transactional id ingest.{world.progress}"):
        old.commit(records(3), marker(1), soon())
    assert not old.is_open
    new.commit(records(2), marker(2), soon())

    assert len(world.published()) == 2
    assert make().marker == marker(2)


def test_one_that_lost_the_id_in_the_middle_of_a_transaction_publishes_nothing(
    make: Publishers, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make()

    class Late:
        """Commits when its records have arrived, and another producer has committed its own."""

        def __getattr__(self, name: str) -> object:
            return getattr(producer, name)

        def commit_transaction(self, timeout: float) -> None:
            assert producer.flush(10) == 0
            make().commit(records(2), marker(2), soon())
            producer.commit_transaction(timeout)

    producer = old._producer
    assert producer is not None
    monkeypatch.setattr(old, "_producer", Late())

    with pytest.raises(TakenOverError):
        old.commit(records(3), marker(1), soon())

    assert len(world.published()) == 2
    assert make().marker == marker(2)


def test_a_record_that_is_too_large_is_an_error_that_says_what_to_do_and_shows_no_data(make: Publishers) -> None:
    publisher = make()

    with pytest.raises(SourceError, match="a row is larger than Kafka takes") as raised:
        publisher.commit(records(1, size=1 << 20), marker(1), soon())

    assert "xxx" not in str(raised.value)
    assert make().marker is None


def test_more_than_a_request_holds_goes_into_one_transaction(make: Publishers, world: World) -> None:
    make().commit(records(120, size=10_000), marker(1), soon())

    assert len(world.published()) == 120


@pytest.mark.parametrize("setting", ["INPUT_TOPIC", "PROGRESS_TOPIC"])
def test_a_topic_that_does_not_exist_is_named_at_once(make: Publishers, setting: str) -> None:
    began = monotonic()

    with pytest.raises(SourceError, match=f"{setting} is 'nowhere', but the brokers know no such topic"):
        make(**{setting: "nowhere"})

    assert monotonic() - began < 5


def test_a_progress_topic_has_one_partition(make: Publishers, world: World) -> None:
    with pytest.raises(ProgressError, match="has 4 partitions, expected one"):
        make(INPUT_TOPIC=world.progress, PROGRESS_TOPIC=world.sales)


def test_a_person_can_set_the_marker_and_take_it_away(make: Publishers, world: World) -> None:
    make().commit([], marker(9), soon())

    world.write_marker(b'{"position":"2024-08-29T13:38:00Z"}')
    assert make().marker == marker(3)

    world.write_marker(None)
    assert make().marker is None


def test_a_record_that_is_no_marker_stops_the_function(make: Publishers, world: World) -> None:
    world.write_marker(b"hello")

    with pytest.raises(ProgressError, match="the last record of PROGRESS_TOPIC is not a marker"):
        make()


def test_a_marker_that_retention_deleted_is_not_taken_for_a_first_run(make: Publishers, world: World) -> None:
    make().commit([], marker(1), soon())
    admin: Any = KafkaAdminClient(bootstrap_servers=world.stack.bootstrap_servers)
    try:
        admin.delete_records({TopicPartition(world.progress, 0): -1})
    finally:
        admin.close()

    with pytest.raises(ProgressError, match=r"its retention has deleted it, .* set cleanup\.policy=compact"):
        make()


def test_brokers_that_fall_silent_in_a_transaction_are_given_up_in_time(make: Publishers, world: World) -> None:
    publisher = make()
    publisher.commit(records(1), marker(1), soon())
    broker = status(world.stack.directory)["kafka"]["pid"]
    began = monotonic()

    os.kill(broker, signal.SIGSTOP)
    try:
        with pytest.raises(UnavailableError, match=f"Kafka at {world.stack.bootstrap_servers} failed"):
            publisher.commit(records(3), marker(2), soon(1.0))
    finally:
        os.kill(broker, signal.SIGCONT)

    assert monotonic() - began < 2.5
    assert not publisher.is_open
    assert make().marker == marker(1)
    assert len(world.published()) == 1


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_compressed_progress_topic_is_read(make: Publishers, world: World, codec: str) -> None:
    progress = f"{world.progress}-{codec}"
    admin: Any = KafkaAdminClient(bootstrap_servers=world.stack.bootstrap_servers)
    try:
        topic = {"num_partitions": 1, "replication_factor": 1, "configs": {"compression.type": codec}}
        admin.create_topics({progress: topic}, wait_for_metadata=True)
    finally:
        admin.close()

    make(PROGRESS_TOPIC=progress).commit(records(1), marker(4), soon())

    assert make(PROGRESS_TOPIC=progress).marker == marker(4)


def test_a_series_lies_in_the_partition_where_kafkas_own_clients_put_it(make: Publishers, world: World) -> None:
    keys = [b'{"product_name":"item-%d"}' % number for number in range(20)]
    make().commit([Record(key, b"{}", "") for key in keys], marker(1), soon())

    expected = {key: (murmur2(key) & 0x7FFFFFFF) % 4 for key in keys}
    assert {record.key: record.partition for record in world.published()} == expected


def test_brokers_that_do_not_answer_are_given_up_in_time(make: Publishers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        publisher = make(opened=False, BOOTSTRAP_SERVERS=address)
        began = monotonic()

        with pytest.raises(UnavailableError, match=f"Kafka at {address} failed"):
            publisher.open(soon(1.0))

    assert monotonic() - began < 2.5
    assert not publisher.is_open
