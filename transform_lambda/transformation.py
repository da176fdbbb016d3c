"""What becomes of one record's value: a flat row, nothing, or a failure. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.flat_results import Row, encode_row, flatten, partition_of
from contracts.results import RecordError, decode


class Verdict(StrEnum):
    """What Data Firehose is told of a record."""

    OK = "Ok"
    DROPPED = "Dropped"
    FAILED = "ProcessingFailed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record."""

    verdict: Verdict
    """`Verdict.DROPPED` for a value without bytes (a Kafka tombstone), `Verdict.FAILED` for one that is no result."""
    line: bytes = b""
    """The row as one line of JSON; only with `Verdict.OK`."""
    partition: str = ""
    """Its partition, `YYYY-MM-DD`; only with `Verdict.OK`."""


def row_of(value: bytes) -> Row:
    """Make the value of a record on the result topic a row.

    Raises
    ------
    RecordError
        If it is not a result.
    """
    return flatten(decode(value))


def transform(value: bytes) -> Outcome:
    """Make a record's value a line of JSON, or say why there is none.

    Parameters
    ----------
    value
        Any bytes.
    """
    if not value:
        return Outcome(Verdict.DROPPED)
    try:
        row = row_of(value)
    except RecordError:
        return Outcome(Verdict.FAILED)
    return Outcome(Verdict.OK, encode_row(row), partition_of(row))
