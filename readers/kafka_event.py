"""The event of a Kafka trigger, from MSK or a cluster of one's own, as typed records. Pure.

Only what is used is read: keys and headers, whose bytes the two kinds of trigger write differently, are left alone.
"""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from readers.errors import EventError

_SOURCES = ("aws:kafka", "aws:SelfManagedKafka", "SelfManagedKafka")


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    """Where it is."""
    timestamp: int
    """Its own, in milliseconds since 1970-01-01 UTC."""
    value: bytes | None
    """Its bytes; None for a tombstone."""
    encoded: str | None = None
    """What stands for the value in the event, when that is not base64; else None."""

    @property
    def place(self) -> str:
        """`topic-partition-offset`, as dead letters are keyed."""
        return f"{self.topic}-{self.partition}-{self.offset}"


class _Record(msgspec.Struct, frozen=True):
    topic: str
    partition: int
    offset: int
    timestamp: int = 0
    value: str | None = None


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    event_source: str
    records: dict[str, tuple[_Record, ...]]


def parse_event(event: object) -> tuple[KafkaRecord, ...]:
    """Read an event's records, partition by partition, in the order of their offsets as they came.

    Parameters
    ----------
    event
        As the Lambda runtime gives it: decoded JSON.

    Raises
    ------
    EventError
        If it is not an event of a Kafka trigger. A value that is not base64 is the record's fault, not the event's.
    """
    try:
        parsed = msgspec.convert(event, _Event)
    except msgspec.ValidationError as error:
        msg = f"not an event of a Kafka trigger: {error}"
        raise EventError(msg) from error
    if parsed.event_source not in _SOURCES:
        msg = f"not an event of a Kafka trigger: eventSource is {parsed.event_source!r}, expected {_SOURCES[0]!r}"
        raise EventError(msg)
    return tuple(_record(record) for partition in parsed.records.values() for record in partition)


def _record(record: _Record) -> KafkaRecord:
    value, encoded = None, None
    if record.value is not None:
        try:
            value = base64.b64decode(record.value, validate=True)
        except (binascii.Error, ValueError):
            encoded = record.value
    return KafkaRecord(record.topic, record.partition, record.offset, record.timestamp, value, encoded)
