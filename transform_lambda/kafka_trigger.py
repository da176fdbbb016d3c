"""The records of a Kafka trigger's event, sorted: rows of results, letters for the rest. Pure."""

import base64
from dataclasses import dataclass
from typing import Literal

from contracts.deadletters import MAX_BODY_BYTES, DeadLetter
from contracts.flat_results import Row
from contracts.results import RecordError
from readers.kafka_event import KafkaRecord, parse_event
from transform_lambda.transformation import row_of

NOT_A_RESULT = "not_a_result"
"""The reason of a record that is not a result."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records, by what they are."""

    rows: tuple[Row, ...]
    """Of the results, in the order of the records."""
    letters: tuple[DeadLetter, ...]
    """For those that are no results."""
    empty: int
    """How many have no value."""


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
    rows: list[Row] = []
    letters: list[DeadLetter] = []
    records = parse_event(event)
    for record in records:
        if record.encoded is not None:
            # What JSON can hold and UTF-8 cannot, half a character, would make a letter that nobody can write.
            came = record.encoded.encode("utf-8", "replace")
            letters.append(_letter(record, came[:MAX_BODY_BYTES].decode("utf-8", "ignore"), "utf-8", len(came)))
        elif record.value:
            try:
                rows.append(row_of(record.value))
            except RecordError:
                kept = base64.b64encode(record.value[:MAX_BODY_BYTES]).decode("ascii")
                letters.append(_letter(record, kept, "base64", len(record.value)))
    return Sorted(tuple(rows), tuple(letters), len(records) - len(rows) - len(letters))


def _letter(record: KafkaRecord, body: str, encoding: Literal["utf-8", "base64"], size: int) -> DeadLetter:
    return DeadLetter(
        NOT_A_RESULT, record.topic, record.partition, record.offset, record.timestamp, body, encoding, size
    )
