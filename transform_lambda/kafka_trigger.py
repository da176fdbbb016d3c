"""The event of a Kafka trigger, from MSK or a cluster of one's own: records by topic and partition. Pure."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from contracts.deadletters import MAX_BODY_BYTES, DeadLetter
from contracts.flat_results import Row
from contracts.results import RecordError
from transform_lambda.transformation import row_of

NOT_A_RESULT = "not_a_result"
"""The reason of a record that is not a result."""


class EventError(ValueError):
    """An event that is not a Kafka trigger's; the text tells what was found."""


class KafkaRecord(msgspec.Struct, frozen=True):
    """One record of an event; its value is in base64, and absent for a tombstone."""

    topic: str
    partition: int
    offset: int
    timestamp: int = 0
    value: str | None = None


class _Event(msgspec.Struct, frozen=True):
    records: dict[str, tuple[KafkaRecord, ...]]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records, by what they are.

    Parameters
    ----------
    rows
        Of the results, in the order of the records.
    letters
        For those that are no results.
    empty
        How many have no value.
    """

    rows: tuple[Row, ...]
    letters: tuple[DeadLetter, ...]
    empty: int


def sort_records(event: object) -> Sorted:
    """Read an event's records.

    Parameters
    ----------
    event
        As the Lambda runtime gives it: decoded JSON.

    Raises
    ------
    EventError
        If it is not an event of a Kafka trigger.
    """
    try:
        partitions = msgspec.convert(event, _Event).records
    except msgspec.ValidationError as error:
        msg = f"not an event of a Kafka trigger: {error}"
        raise EventError(msg) from error
    rows: list[Row] = []
    letters: list[DeadLetter] = []
    records = [record for partition in partitions.values() for record in partition]
    for record in records:
        if record.value:
            try:
                rows.append(row_of(base64.b64decode(record.value, validate=True)))
            except (RecordError, binascii.Error, ValueError):
                letters.append(_letter(record, record.value))
    return Sorted(tuple(rows), tuple(letters), len(records) - len(rows) - len(letters))


def _letter(record: KafkaRecord, value: str) -> DeadLetter:
    # Four characters of base64 are three bytes, and what stays in base64 needs no decision about its encoding.
    kept = value[: MAX_BODY_BYTES // 3 * 4]
    return DeadLetter(
        NOT_A_RESULT,
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        kept,
        "base64",
        len(value) * 3 // 4 - value[-2:].count("="),
    )
