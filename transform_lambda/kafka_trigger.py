"""The records of a Kafka trigger's event, sorted: rows of results, letters for the rest. Pure."""

from dataclasses import dataclass

from contracts.deadletters import DeadLetter, body_of
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
            letters.append(_letter(record, record.encoded))
        elif record.value:
            try:
                rows.append(row_of(record.value))
            except RecordError:
                letters.append(_letter(record, record.value))
    return Sorted(tuple(rows), tuple(letters), len(records) - len(rows) - len(letters))


def _letter(record: KafkaRecord, value: bytes | str) -> DeadLetter:
    place = record.topic, record.partition, record.offset, record.timestamp
    return DeadLetter(NOT_A_RESULT, *place, *body_of(value))
