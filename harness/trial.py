"""A handler under a trigger's or a stream's rules, without a broker and without waiting: for tests of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.clock import SimulatedClock
from harness.firehose import transform
from harness.firehose_records import Outcome, StreamIdentity, incoming_from_kafka, msk_event
from harness.invocation import Invocable
from harness.kafka_events import KafkaRecord, KafkaSource, kafka_event
from harness.kafka_retries import Discarded, RetryRules
from harness.kafka_trigger import BatchRun, Triggered


@dataclass(frozen=True, slots=True)
class KafkaTrial:
    """How a batch went."""

    counts: Triggered
    """What happened."""
    given_up: tuple[KafkaRecord, ...]
    """The records that were discarded, in that order."""


def try_kafka_handler(
    function: Invocable, records: Sequence[KafkaRecord], rules: RetryRules, now: datetime | None = None
) -> KafkaTrial:
    """Send one batch to its end.

    Parameters
    ----------
    function
        What to invoke.
    records
        The batch.
    rules
        The trigger's rules. With retries without end, and no age, a record that always fails never ends.
    now
        The simulated time at the start, for the records' age; without it the clock's.
    """
    source = KafkaSource("127.0.0.1:9092")
    given_up: list[KafkaRecord] = []

    def discard(discarded: Discarded, _error_type: str | None) -> None:
        given_up.extend(discarded.batch.records)

    batches = BatchRun(
        rules,
        lambda sent: function.invoke(kafka_event(source, sent)),
        discard,
        SimulatedClock(now or datetime.now(UTC)),
    )
    counts = batches.run(tuple(records))
    return KafkaTrial(counts or Triggered(), tuple(given_up))


def try_firehose_handler(function: Invocable, values: Sequence[bytes]) -> tuple[Outcome, ...]:
    """Send one batch of Kafka values to a transform function, with its retries.

    Parameters
    ----------
    function
        What to invoke.
    values
        The records' values.

    Returns
    -------
    One outcome for each value, in order.
    """
    now = datetime.now(UTC)
    stamp = int(now.timestamp() * 1000)
    records = [incoming_from_kafka(KafkaRecord("topic", 0, n, stamp, value=value)) for n, value in enumerate(values)]
    event = msk_event(StreamIdentity(), "00000000-0000-0000-0000-000000000000", records)
    return transform(function, event, records, SimulatedClock(now)).outcomes
