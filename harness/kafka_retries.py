"""What a Kafka trigger does with the records of a batch after each invocation: pure.

Cited from the AWS Lambda Developer Guide:

- "Configuring error handling controls for Kafka event sources": the number of retries does not count the first
  attempt, -1 is without end; records may be given up by age; a failed batch may be split in two, each half retried
  separately; a function may report which records failed.
- "Using a Kafka topic as an on-failure destination": with retries without end and a destination, 10 retries.
- For streams, which have the same controls ("How Lambda processes records from stream and queue-based event sources"):
  splitting counts as no retry; an empty or missing list of failures is success; a list that names something else
  than the batch's records makes the whole batch fail. AWS does not say whether Kafka differs.

What AWS does not say is which records come again after a partial failure. Both models are here, and a handler should
stand both: `only_failed`, the reported ones alone, and `rewind_to_lowest`, of each partition everything from the lowest
reported offset on, as streams have it. Under `only_failed` a retried record comes after later ones of its partition.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.kafka_events import KafkaRecord
from harness.ranges import check_ranges

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded", "RecordTooLarge"]

_RETRIES_WITH_DESTINATION = 10


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How a trigger treats failures.

    Raises
    ------
    ValueError
        A number is out of its range.
    """

    report_batch_item_failures: bool = False
    """Whether the function's reply is read; else whatever it returns is success."""
    retry_model: Literal["only_failed", "rewind_to_lowest"] = "only_failed"
    """`only_failed` or `rewind_to_lowest`."""
    bisect: bool = False
    """Whether a batch that fails as a whole is split in two."""
    maximum_retry_attempts: int = -1
    """-1 for retries without end, or 0 to 10,000."""
    maximum_record_age_seconds: int = -1
    """-1 for any age, or 60 to 604,800."""
    has_destination: bool = False
    """Whether records that are given up go somewhere."""

    def __post_init__(self) -> None:
        if self.retry_model not in ("only_failed", "rewind_to_lowest"):
            msg = f"retry_model must be only_failed or rewind_to_lowest, got {self.retry_model!r}"
            raise ValueError(msg)
        check_ranges(self, maximum_retry_attempts=(-1, 10_000))
        age = self.maximum_record_age_seconds
        if age != -1 and not 60 <= age <= 604_800:
            msg = f"maximum_record_age_seconds must be -1 or from 60 to 604800, got {age!r}"
            raise ValueError(msg)

    @property
    def retries(self) -> int | None:
        """How many retries there are really; None for no end."""
        if self.maximum_retry_attempts == -1:
            return _RETRIES_WITH_DESTINATION if self.has_destination else None
        return self.maximum_retry_attempts


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are sent together."""

    records: tuple[KafkaRecord, ...]
    """The records; each partition's in order."""
    failures: int = 0
    """How many invocations with them have failed and counted."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """Records that are given up."""

    batch: Batch
    """The records."""
    condition: Condition
    """Why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens after an invocation: every record of the batch is done, in one retry, or discarded."""

    retries: tuple[Batch, ...] = ()
    """Batches to send next, the first to its end before the second."""
    discarded: Discarded | None = None
    """What is given up, if anything."""


def after_reply(rules: RetryRules, batch: Batch, reply: Any) -> Decision:  # noqa: ANN401 - whatever was returned
    """Decide after an invocation that returned.

    Parameters
    ----------
    rules
        The trigger's rules.
    batch
        What was sent.
    reply
        What the handler returned.
    """
    if not rules.report_batch_item_failures:
        return Decision()
    reported = _reported(batch.records, reply)
    if reported is None:
        return after_failure(rules, batch)
    rest = _come_again(rules, batch.records, reported)
    if not rest:
        return Decision()
    again = Batch(rest, batch.failures)
    if rules.retry_model == "rewind_to_lowest" and len(rest) == len(batch.records):
        return after_failure(rules, again)  # nothing was gained
    return _count_and_retry(rules, again)


def after_failure(rules: RetryRules, batch: Batch) -> Decision:
    """Decide after an invocation that failed as a whole."""
    if rules.bisect and len(batch.records) > 1:
        middle = len(batch.records) // 2
        return Decision((Batch(batch.records[:middle], batch.failures), Batch(batch.records[middle:], batch.failures)))
    return _count_and_retry(rules, batch)


def too_old(rules: RetryRules, batch: Batch, now_ms: int) -> tuple[Batch, Discarded | None]:
    """Part the records that are too old to be sent from the others.

    Parameters
    ----------
    rules
        The trigger's rules.
    batch
        What is to be sent.
    now_ms
        The time, in milliseconds since 1970.
    """
    if rules.maximum_record_age_seconds == -1:
        return batch, None
    oldest_ms = now_ms - rules.maximum_record_age_seconds * 1000
    old = tuple(record for record in batch.records if record.timestamp_ms < oldest_ms)
    if not old:
        return batch, None
    young = tuple(record for record in batch.records if record.timestamp_ms >= oldest_ms)
    return Batch(young, batch.failures), Discarded(Batch(old, batch.failures), "RecordAgeExceeded")


def _count_and_retry(rules: RetryRules, batch: Batch) -> Decision:
    counted = Batch(batch.records, batch.failures + 1)
    if rules.retries is not None and counted.failures > rules.retries:
        return Decision(discarded=Discarded(counted, "RetryAttemptsExhausted"))
    return Decision((counted,))


def _reported(records: Sequence[KafkaRecord], reply: Any) -> set[tuple[str, int]] | None:  # noqa: ANN401
    """Read which records failed; None when the reply is not one that a trigger understands."""
    if reply is None or reply == {}:
        return set()
    if not isinstance(reply, Mapping):
        return None
    failures = reply.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return None
    known = {(record.topic_partition, record.offset) for record in records}
    reported = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
        if not isinstance(identifier, Mapping):
            return None
        partition, offset = identifier.get("partition"), identifier.get("offset")
        if not isinstance(partition, str) or type(offset) is not int or (partition, offset) not in known:
            return None
        reported.add((partition, offset))
    return reported


def _come_again(
    rules: RetryRules, records: Iterable[KafkaRecord], reported: set[tuple[str, int]]
) -> tuple[KafkaRecord, ...]:
    if rules.retry_model == "only_failed":
        return tuple(record for record in records if (record.topic_partition, record.offset) in reported)
    lowest: dict[str, int] = {}
    for partition, offset in reported:
        lowest[partition] = min(offset, lowest.get(partition, offset))
    return tuple(
        record
        for record in records
        if record.topic_partition in lowest and record.offset >= lowest[record.topic_partition]
    )
