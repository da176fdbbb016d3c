"""Reading topics with offsets that are committed on purpose: what the Kafka trigger and the Firehose have in common.

The partitions are assigned, not shared out by the group's coordinator: after a kill the next reader starts at once,
not when the dead one's session has ended. So two readers with one group at the same time would both read everything,
and partitions that are added later are not seen.
"""

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from time import monotonic, sleep
from typing import Any, TypeVar

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from harness.clock import Stop
from harness.errors import HarnessError
from harness.kafka_events import KafkaRecord

_CONNECT_SECONDS = 30.0
_ROUND_MS = 200  # how long a poll may wait
_COMMIT_SECONDS = 60.0

StartingPosition = str | datetime
SoFar = TypeVar("SoFar")
Progress = Callable[[SoFar, int], None]
"""Told the counts so far and the lag (see `Reader.lag`)."""


class Reader:
    """Partitions that are read in order.

    Parameters
    ----------
    consumer
        A consumer with its partitions assigned and its positions set.
    """

    def __init__(self, consumer: Any) -> None:  # noqa: ANN401 - kafka-python publishes no types
        self._consumer = consumer
        self._next: dict[TopicPartition, int] = {}

    def poll(self, maximum: int) -> list[KafkaRecord]:
        """Read what comes next, of each partition in order; nothing after a fifth of a second without any.

        Parameters
        ----------
        maximum
            The most records.
        """
        found = self._consumer.poll(timeout_ms=_ROUND_MS, max_records=maximum)
        return [_record(record) for records in found.values() for record in records]

    def positions(self) -> dict[TopicPartition, int]:
        """Return the offset that each partition goes on at, for `commit`."""
        return {partition: self._consumer.position(partition) for partition in self._consumer.assignment()}

    def commit(self, positions: dict[TopicPartition, int]) -> None:
        """Commit; return when the broker has it, which may wait for a broker that is down.

        Raises
        ------
        HarnessError
            The broker did not take it within a minute.
        """
        offsets = {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in positions.items()}
        deadline = monotonic() + _COMMIT_SECONDS
        while True:
            try:
                self._consumer.commit(offsets, timeout_ms=10_000)
            except KafkaError as error:
                if monotonic() > deadline:
                    msg = f"Kafka did not take the offsets: {type(error).__name__}"
                    raise HarnessError(msg) from error
                sleep(0.2)
            else:
                return

    def lag(self) -> int:
        """Count what is committed on the topics and not read yet (offsets, so markers of transactions count, too)."""
        ends = self._consumer.end_offsets(list(self._consumer.assignment()))
        return sum(max(0, end - self._consumer.position(partition)) for partition, end in ends.items())

    def follow(
        self, take: Callable[[], SoFar | None], until: Stop, *, drain: bool, progress: Progress[SoFar] | None
    ) -> None:
        """Take what comes until it is told to stop, with `drain` also once nothing is left to read.

        `take` reads and deals with some records and returns the counts so far, or None when it gives up; `progress` is
        told these counts and the lag.
        """
        while not until():
            counts = take()
            if counts is None:
                return
            lag = self.lag() if progress or drain else -1
            if progress:
                progress(counts, lag)
            if drain and not lag:
                return


@contextlib.contextmanager
def open_reader(
    bootstrap_servers: str, topics: Sequence[str], group: str, starting_position: StartingPosition
) -> Iterator[Reader]:
    """Open a reader that goes on where its group stopped.

    Parameters
    ----------
    bootstrap_servers
        `host:port` of a broker.
    topics
        Existing topics.
    group
        The consumer group whose offsets are used.
    starting_position
        Where a partition begins that has no offset yet: `TRIM_HORIZON`, `LATEST` or a time.

    Raises
    ------
    HarnessError
        No broker answers, or there is no such topic.
    """
    _await_broker(bootstrap_servers)
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # records that are lost or not known again: rather twice than left out
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            reconnect_backoff_max_ms=1_000,  # a broker that comes back is found soon
            max_partition_fetch_bytes=8 << 20,  # a record of more than 1 MB must not hold the others up
        )
    except KafkaError as error:
        msg = f"No Kafka broker answers at {bootstrap_servers}: {error}"
        raise HarnessError(msg) from error
    try:
        consumer.assign(_partitions(consumer, topics))
        reader = Reader(consumer)
        _set_positions(consumer, starting_position)
        reader.commit(reader.positions())  # else LATEST would mean another offset after a kill
        yield reader
    finally:
        consumer.close(autocommit=False)


def _await_broker(bootstrap_servers: str) -> None:
    """Wait until somebody listens: a client that cannot connect leaks its sockets."""
    deadline = monotonic() + _CONNECT_SECONDS
    while True:
        for address in bootstrap_servers.split(","):
            host, _, port = address.strip().rpartition(":")
            with contextlib.suppress(OSError):
                socket.create_connection((host, int(port)), timeout=2).close()
                return
        if monotonic() > deadline:
            msg = f"No Kafka broker answers at {bootstrap_servers}."
            raise HarnessError(msg)
        sleep(0.2)


def _partitions(consumer: Any, topics: Sequence[str]) -> list[TopicPartition]:  # noqa: ANN401 - kafka-python
    partitions = []
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            msg = f"There is no topic {topic!r}."
            raise HarnessError(msg)
        partitions += [TopicPartition(topic, number) for number in sorted(numbers)]
    return partitions


def _set_positions(consumer: Any, starting_position: StartingPosition) -> None:  # noqa: ANN401 - kafka-python
    for partition in consumer.assignment():
        committed = consumer.committed(partition)
        if committed is not None:
            consumer.seek(partition, committed)
        elif starting_position == "TRIM_HORIZON":
            consumer.seek_to_beginning(partition)
        elif isinstance(starting_position, datetime):
            found = consumer.offsets_for_times({partition: int(starting_position.timestamp() * 1000)})[partition]
            if found is None:  # nothing that late yet
                consumer.seek_to_end(partition)
            else:
                consumer.seek(partition, found.offset)
        else:
            consumer.seek_to_end(partition)


def _record(record: Any) -> KafkaRecord:  # noqa: ANN401 - kafka-python publishes no types
    return KafkaRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        tuple(record.headers),
    )
