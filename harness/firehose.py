"""Data Firehose with a Kafka topic as its source and a transform function.

Cited from the Amazon Data Firehose Developer Guide:

- "Transform source data in Amazon Data Firehose": records are buffered for the function by 0.2 to 3 MB or up to 900 s,
  by default 1 MB and 60 s; the function is invoked synchronously with at most 6 MB each way.
- "Handle failure in data transformation": an invocation that fails is retried three times, then its records count as
  failed; failed records go to `processing-failed` under the error prefix. AWS names time-outs and throttling as what it
  retries; here any failed invocation is.
- "Understand data delivery in Amazon Data Firehose": what was transformed is buffered by 1 to 128 MB or up to 900 s, by
  default 5 MB and 300 s, and delivered.

Offsets are committed after delivery. Rows whose delivery was not committed are delivered again: at least once, as AWS.
A delivery that fails is repeated until `delivery_retry_seconds` are over, then the stream stops with everything that is
not delivered still on the topic. (AWS tries S3 for 24 hours, then drops.)
"""

import json
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from harness.clock import Clock, Stop, SystemClock, never
from harness.consumer import Progress, Reader, open_reader
from harness.counts import Counts
from harness.errors import HarnessError
from harness.firehose_records import (
    Incoming,
    Outcome,
    StreamIdentity,
    all_failed,
    error_document,
    incoming_from_kafka,
    msk_event,
    outcomes,
)
from harness.invocation import PAYLOAD_LIMIT, FunctionError, FunctionThrottled, Invocable, RequestTooLargeError, arn_of
from harness.object_storage import Destination, ObjectStore, object_key
from harness.ranges import check_ranges

_logger = logging.getLogger(__name__)

_MEGABYTE = 1 << 20
_ATTEMPTS = 4  # the first and three retries
_POLL_RECORDS = 2_000
_RECORD_OVERHEAD = 300  # bytes of an event's record beside its data: names, ids, times
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Buffering:
    """How much is collected before it goes on, whichever limit is reached first.

    Raises
    ------
    ValueError
        A limit is out of its range.
    """

    function_bytes: int = _MEGABYTE
    function_seconds: float = 60.0
    """Before the function: 0.2 to 3 MB, 0 to 900 s."""
    delivery_bytes: int = 5 * _MEGABYTE
    delivery_seconds: float = 300.0
    """Before the destination: 1 to 128 MB, 0 to 900 s."""

    def __post_init__(self) -> None:
        check_ranges(self, function_bytes=(_MEGABYTE // 5, 3 * _MEGABYTE), delivery_bytes=(_MEGABYTE, 128 * _MEGABYTE))
        check_ranges(self, function_seconds=(0, 900), delivery_seconds=(0, 900))


@dataclass(frozen=True, slots=True)
class Streamed(Counts):
    """What happened."""

    received: int = 0
    """Records that were read."""
    delivered: int = 0
    dropped: int = 0
    failed: int = 0
    """What became of them."""
    invocations: int = 0
    """Of the function, retries included."""


@dataclass(frozen=True, slots=True)
class Transformed:
    """What a batch became."""

    outcomes: tuple[Outcome, ...]
    """One for each record, in order."""
    attempts: int
    """How often the function was invoked."""


def transform(
    function: Invocable, event: dict[str, Any], records: Sequence[Incoming], clock: Clock, wait_seconds: float = 1.0
) -> Transformed:
    """Send a batch to the function, up to four times.

    Parameters
    ----------
    function
        What to invoke.
    event
        The batch's event.
    records
        The batch.
    clock
        For the waits between attempts.
    wait_seconds
        Before the first retry; doubled for each further one. AWS does not state it.
    """
    invocations = 0
    for attempt in range(1, _ATTEMPTS + 1):
        if attempt > 1:
            clock.sleep(wait_seconds * 2.0 ** (attempt - 2))
        try:
            invocations += 1
            return Transformed(outcomes(records, function.invoke(event)), invocations)
        except FunctionThrottled:
            error_type = "Lambda.Throttled"
        except RequestTooLargeError:
            error_type = "Lambda.RequestTooLarge"
            break  # it would be too large again
        except FunctionError as error:
            error_type = f"Lambda.FunctionError {error.error_type}"
        _logger.info(
            "firehose.invocation_failed function=%s attempt=%d error_type=%s", function.name, attempt, error_type
        )
    message = "The function could not be invoked, or failed each time."
    return Transformed(all_failed(records, error_type, message), invocations)


@dataclass(frozen=True, slots=True)
class DeliveryStream:
    """A stream: from which topic, through which function, to where."""

    bootstrap_servers: str
    """`host:port` of a broker."""
    topic: str
    """An existing topic."""
    group: str
    """The consumer group that keeps the offsets; one running stream each."""
    function: Invocable
    """The transform function."""
    destination: Destination
    """Takes what it returns."""
    errors: ObjectStore
    """Takes an object for each batch with failed records."""
    error_prefix: str = ""
    """Begins the keys of these objects; see `harness.object_storage`."""
    buffering: Buffering = field(default_factory=Buffering)
    """How much is collected."""
    identity: StreamIdentity = field(default_factory=StreamIdentity)
    """What the events tell of the stream."""
    starting_position: str | datetime = "TRIM_HORIZON"
    """Where the group begins: `TRIM_HORIZON` or a time (`ReadFromTimestamp`)."""
    delivery_retry_seconds: float = 60.0
    """How long a failing delivery is repeated."""
    clock: Clock = field(default_factory=SystemClock)
    """For waits and dates."""
    wait_seconds: float = 1.0
    """Before the first retry of an invocation or a delivery."""

    def run(self, until: Stop = never, *, drain: bool = False, progress: Progress[Streamed] | None = None) -> Streamed:
        """Read, transform and deliver until it is told to stop; what was read by then is delivered first.

        Parameters
        ----------
        until
            Says when to stop; asked a few times a second.
        drain
            Stop at the end of the topic, too.
        progress
            Told the counts so far and the lag (see `Reader.lag`) a few times a second.

        Returns
        -------
        Counts.

        Raises
        ------
        HarnessError
            No broker answers, the topic does not exist, or the destination takes nothing. What is not committed is
            read again.
        """
        with open_reader(self.bootstrap_servers, [self.topic], self.group, self.starting_position) as reader:
            running = _Run(self, reader)
            reader.follow(running.take, until, drain=drain, progress=progress)
            running.finish()
            if progress:
                progress(running.total, reader.lag())
            return running.total


class _Run:
    """One run's buffers."""

    def __init__(self, stream: DeliveryStream, reader: Reader) -> None:
        self._stream, self._reader = stream, reader
        self.total = Streamed()
        self._waiting: list[Incoming] = []
        self._waiting_bytes = 0
        self._waiting_since = self._rows_since = monotonic()
        self._rows: list[bytes] = []
        self._row_bytes = 0
        self._undelivered = False

    def take(self) -> Streamed:
        """Read and buffer records; transform and deliver what is due; return the counts so far."""
        limits = self._stream.buffering
        records = [incoming_from_kafka(record) for record in self._reader.poll(_POLL_RECORDS)]
        for record in records:
            if not self._waiting:
                self._waiting_since = monotonic()
            if self._waiting and self._waiting_bytes + len(record.data) > limits.function_bytes:
                self._transform()
            self._waiting.append(record)
            self._waiting_bytes += len(record.data)
        self.total += Streamed(received=len(records))
        if self._waiting and monotonic() - self._waiting_since >= limits.function_seconds:
            self._transform()
        # A commit says "everything before is delivered": only true when no record waits for the function.
        due = self._row_bytes >= limits.delivery_bytes or monotonic() - self._rows_since >= limits.delivery_seconds
        if self._undelivered and due:
            self._transform()
            self._deliver()
        return self.total

    def finish(self) -> None:
        """Transform and deliver all."""
        self._transform()
        if self._undelivered:
            self._deliver()

    def _transform(self) -> None:
        records, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if records and not self._undelivered:
            self._undelivered, self._rows_since = True, monotonic()
        for part in _by_payload(records):
            stream = self._stream
            event = msk_event(stream.identity, str(uuid.uuid4()), part)
            done = transform(stream.function, event, part, stream.clock, stream.wait_seconds)
            failed = [outcome for outcome in done.outcomes if outcome.kind == "ProcessingFailed"]
            if failed:
                self._put_errors(failed, done.attempts)
            rows = [outcome.data for outcome in done.outcomes if outcome.kind == "Ok"]
            self._rows += rows
            self._row_bytes += sum(map(len, rows))
            dropped = len(part) - len(rows) - len(failed)
            self.total += Streamed(0, 0, dropped, len(failed), done.attempts)

    def _put_errors(self, failed: Sequence[Outcome], attempts: int) -> None:
        stream, now = self._stream, self._stream.clock.now()
        arn = arn_of(stream.function.name)
        lines = [json.dumps(error_document(outcome, attempts, now, arn)) + "\n" for outcome in failed]
        key = object_key(stream.error_prefix, stream.identity.name, now, "processing-failed")
        self._insist(lambda: stream.errors.put(key, "".join(lines).encode("utf-8")))

    def _deliver(self) -> None:
        rows, self._rows, self._row_bytes = self._rows, [], 0
        if rows:
            self._insist(lambda: self._stream.destination.deliver(rows))
        self._reader.commit(self._reader.positions())
        self._undelivered = False
        self.total += Streamed(delivered=len(rows))
        _logger.info(
            "firehose.delivery stream=%s rows=%d received=%d dropped=%d failed=%d",
            *(self._stream.identity.name, len(rows), self.total.received, self.total.dropped, self.total.failed),
        )

    def _insist(self, deliver: Callable[[], None]) -> None:
        """Repeat until it succeeds or the time is over."""
        clock, wait = self._stream.clock, self._stream.wait_seconds
        began = clock.now()
        while True:
            try:
                deliver()
            except Exception as error:
                spent = (clock.now() - began).total_seconds()
                _logger.warning("firehose.delivery_failed error_type=%s after_seconds=%d", type(error).__name__, spent)
                if spent + wait > self._stream.delivery_retry_seconds:
                    msg = f"The destination took nothing for {spent:.0f} s, at last: {type(error).__name__}."
                    raise HarnessError(msg) from error
            else:
                return
            clock.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)


def _by_payload(records: Sequence[Incoming]) -> list[list[Incoming]]:
    """Cut a batch into parts whose events cannot exceed the payload's limit."""
    parts: list[list[Incoming]] = []
    size = PAYLOAD_LIMIT
    for record in records:
        own = len(record.data) * 4 // 3 + _RECORD_OVERHEAD
        if size + own > PAYLOAD_LIMIT:
            parts.append([])
            size = _RECORD_OVERHEAD * 2
        parts[-1].append(record)
        size += own
    return parts
