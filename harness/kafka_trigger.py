"""Lambda's event source mapping for Kafka: reads topics, invokes a function batch by batch, retries, gives up.

Cited from the AWS Lambda Developer Guide, "Configuring Amazon MSK event sources for Lambda" and "Batching behavior": a
batch goes when it has `batch_size` records, when `window_seconds` are over since its first, or when its event would
exceed 6 MB; it may hold records of several partitions, each in its order; offsets are committed after the batch. So a
trigger that is killed sends the batch again. Throttling is no failure: the batch waits. What follows a failure is in
`harness.kafka_retries`. How long AWS waits before a retry is not stated; here 1 s, doubled up to 1 min.

One trigger is one of AWS' pollers, and invokes the function for one batch at a time.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any, Literal

from harness.clock import Clock, Stop, SystemClock, never
from harness.consumer import Progress, Reader, open_reader
from harness.counts import Counts
from harness.failure_destinations import Failure, FailureDestination, KafkaTopic
from harness.invocation import PAYLOAD_LIMIT, FunctionError, FunctionThrottled, Invocable, RequestTooLargeError, arn_of
from harness.kafka_events import KafkaRecord, KafkaSource, kafka_event, split_by_payload
from harness.kafka_retries import Batch, Decision, Discarded, RetryRules, after_failure, after_reply, too_old
from harness.ranges import check_ranges

_logger = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 60.0
_POSITIONS = ("TRIM_HORIZON", "LATEST")


@dataclass(frozen=True, slots=True)
class Triggered(Counts):
    """What happened."""

    records: int = 0
    """Records that were read and are dealt with."""
    invocations: int = 0
    """Invocations, retries included."""
    failures: int = 0
    """Those that failed, wholly or in part."""
    discarded: int = 0
    """Records that were given up."""


@dataclass(frozen=True, slots=True)
class BatchRun:
    """How batches are dealt with."""

    rules: RetryRules
    """What follows a failure."""
    invoke: Callable[[Sequence[KafkaRecord]], Any]
    """Invokes the function with records; what it returns is the reply."""
    discard: Callable[[Discarded, str | None], None]
    """Takes what is given up, and the last error's type if there was an error."""
    clock: Clock
    """For the waits and the records' age."""
    stop: Stop = never
    """Asked before each retry; once true, the rest of the batch is left."""
    first_wait_seconds: float = 1.0
    """Before the first retry; each further one waits twice as long, up to a minute, until something succeeds."""

    def run(self, records: tuple[KafkaRecord, ...]) -> Triggered | None:
        """Deal with a batch to its end: until each record is done or discarded.

        Returns
        -------
        Counts, or None when it was stopped before the end.
        """
        work, waits, total = [Batch(records)], 0, Triggered(records=len(records))
        while work:
            now_ms = int(self.clock.now().timestamp() * 1000)
            batch, old = too_old(self.rules, work.pop(0), now_ms)
            if old:
                self.discard(old, None)
                total += Triggered(discarded=len(old.batch.records))
            if not batch.records:
                continue
            decision, happened = self._invoke(batch)
            total += happened
            work[:0] = decision.retries
            if decision.retries:
                if self.stop():
                    return None
                wait = self.first_wait_seconds * 2.0 ** min(waits, 30)
                self.clock.sleep(min(wait, _LONGEST_WAIT_SECONDS), self.stop)
            waits = waits + 1 if decision.retries else 0
        return total

    def _invoke(self, batch: Batch) -> tuple[Decision, Triggered]:
        error_type = None
        try:
            decision = after_reply(self.rules, batch, self.invoke(batch.records))
        except FunctionThrottled:
            return Decision((batch,)), Triggered()
        except RequestTooLargeError:
            decision, invocations = Decision(discarded=Discarded(batch, "RecordTooLarge")), 0
        except FunctionError as error:
            error_type = error.error_type
            decision, invocations = after_failure(self.rules, batch), 1
        else:
            invocations = 1
        discarded = 0
        if decision.discarded:
            self.discard(decision.discarded, error_type)
            discarded = len(decision.discarded.batch.records)
        failed = decision != Decision()
        return decision, Triggered(invocations=invocations, failures=int(failed), discarded=discarded)


@dataclass(frozen=True, slots=True)
class KafkaTrigger:
    """A trigger: which records go to which function, and how.

    Raises
    ------
    ValueError
        A setting is out of its range, or `on_failure` is one of the topics.
    """

    bootstrap_servers: str
    """`host:port` of a broker."""
    topics: Sequence[str]
    """Existing topics."""
    group: str
    """The consumer group that keeps the offsets; one running trigger each."""
    function: Invocable
    """What to invoke."""
    batch_size: int = 100
    """The most records of a batch, from 1 to 10,000."""
    window_seconds: float = 0.5
    """How long a batch waits for more records, from 0 to 300."""
    payload_limit_bytes: int = PAYLOAD_LIMIT
    """The largest event."""
    rules: RetryRules = field(default_factory=RetryRules)
    """What follows a failure."""
    on_failure: FailureDestination | None = None
    """Takes what is given up; without it such records are dropped, with a line in the log."""
    starting_position: str | datetime = "TRIM_HORIZON"
    """Where the group begins: `TRIM_HORIZON`, `LATEST` or a time (`AT_TIMESTAMP`)."""
    flavour: Literal["msk", "self-managed"] = "msk"
    """`msk` or `self-managed`: the shape of the event."""
    clock: Clock = field(default_factory=SystemClock)
    """For the waits and the records' age."""
    first_wait_seconds: float = 1.0
    """Before a batch's first retry."""

    def __post_init__(self) -> None:
        check_ranges(self, batch_size=(1, 10_000), window_seconds=(0, 300))
        if not isinstance(self.starting_position, datetime) and self.starting_position not in _POSITIONS:
            msg = f"starting_position must be {' or '.join(_POSITIONS)} or a time, got {self.starting_position!r}"
            raise ValueError(msg)
        if isinstance(self.on_failure, KafkaTopic) and self.on_failure.topic in self.topics:
            msg = f"on_failure must not be one of the trigger's own topics, got {self.on_failure.topic!r}"
            raise ValueError(msg)

    def run(
        self, until: Stop = never, *, drain: bool = False, progress: Progress[Triggered] | None = None
    ) -> Triggered:
        """Read and invoke until it is told to stop; a batch that succeeds is finished and committed first.

        Parameters
        ----------
        until
            Says when to stop; asked between batches, between retries and a few times a second.
        drain
            Stop at the end of the topics, too.
        progress
            Told the counts so far and the lag (see `Reader.lag`) after each batch, and when nothing came.

        Returns
        -------
        Counts.

        Raises
        ------
        HarnessError
            No broker answers, a topic does not exist, or a destination fails. What is not committed is read again.
        """
        source = KafkaSource(self.bootstrap_servers, self.flavour)
        rules = replace(self.rules, has_destination=self.on_failure is not None)

        def invoke(records: Sequence[KafkaRecord]) -> Any:  # noqa: ANN401 - any JSON value
            return self.function.invoke(kafka_event(source, records))

        def discard(discarded: Discarded, error_type: str | None) -> None:
            self._discard(Failure(discarded, source, arn_of(self.function.name), error_type, self.clock.now()))

        batches = BatchRun(rules, invoke, discard, self.clock, until, self.first_wait_seconds)
        total = Triggered()

        def take() -> Triggered | None:
            nonlocal total
            records = self._gather(reader, until)
            positions = reader.positions()
            for part in split_by_payload(source, records, self.payload_limit_bytes):
                done = batches.run(part)
                if done is None:
                    return None
                total += done
            if records:
                reader.commit(positions)
                _logger.info(
                    "trigger.batch function=%s records=%d invocations=%d failures=%d discarded=%d",
                    self.function.name,
                    *(total.records, total.invocations, total.failures, total.discarded),
                )
            return total

        with open_reader(self.bootstrap_servers, self.topics, self.group, self.starting_position) as reader:
            reader.follow(take, until, drain=drain, progress=progress)
        return total

    def _gather(self, reader: Reader, until: Stop) -> list[KafkaRecord]:
        """Collect a batch; nothing when nothing came or it was stopped, in which case nothing is committed."""
        records: list[KafkaRecord] = []
        began = monotonic()
        while len(records) < self.batch_size and not until():
            more = reader.poll(self.batch_size - len(records))
            if more and not records:
                began = monotonic()
            records += more
            if not records or monotonic() - began >= self.window_seconds:
                break
        return [] if until() else records

    def _discard(self, failure: Failure) -> None:
        _logger.warning(
            "trigger.discarded function=%s records=%d condition=%s error_type=%s",
            failure.function_arn,
            len(failure.discarded.batch.records),
            failure.discarded.condition,
            failure.error_type,
        )
        if self.on_failure:
            self.on_failure.send(failure)
