"""EventBridge Scheduler: fires a schedule at a function, on a simulated clock or the real one.

Scheduler invokes a function asynchronously (AWS Lambda Developer Guide, "Invoke a Lambda function on a schedule"): what
it hands over is in Lambda's queue, and it is Lambda that tries again. After a function error (a time-out and a crash
are such) twice more, one minute and then two minutes later; after throttling for up to six hours, from one second later
to five minutes ("How Lambda handles errors and retries with asynchronous invocation"). These are `Retries()`. The event
stays the same on each attempt: `<aws.scheduler.attempt-number>` counts Scheduler's own deliveries.

`Retries.of_scheduler` is the schedule's own policy, 185 retries within 24 hours by default ("AWS::Scheduler::Schedule
RetryPolicy"), for the case that Scheduler waits for the answer. It backs off exponentially; AWS states neither base nor
limit, here they are 1 s and 5 min.
"""

import heapq
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from harness.clock import Clock, SimulatedClock, Stop, never
from harness.counts import Counts
from harness.invocation import FunctionError, FunctionThrottled, Invocable, RequestTooLargeError
from harness.ranges import check_ranges
from harness.schedule import Firing, Schedule, ScheduleFaults, firings

_logger = logging.getLogger(__name__)

_MAX_BACKOFF_SECONDS = 300.0
_CONCURRENT = 10  # more at the same moment wait for one another


@dataclass(frozen=True, slots=True)
class Retries:
    """What follows a failed attempt.

    Raises
    ------
    ValueError
        A number is out of its range.
    """

    maximum_attempts: int = 2
    """Retries after function errors, from 0 to 185; Lambda's own queue knows 0 to 2."""
    maximum_event_age_seconds: int = 21_600
    """No attempt is made later than this after the event's first; from 60 to 86,400, Lambda's queue: to 21,600."""
    waits_seconds: tuple[float, ...] = (60.0, 120.0)
    """Before each retry; empty for an exponential backoff."""
    counts_attempts: bool = False
    """Whether the event's attempt number grows."""

    def __post_init__(self) -> None:
        check_ranges(self, maximum_attempts=(0, 185), maximum_event_age_seconds=(60, 86_400))

    @classmethod
    def of_scheduler(cls, maximum_attempts: int = 185, maximum_event_age_seconds: int = 86_400) -> Self:
        """Make a schedule's own retry policy."""
        return cls(maximum_attempts, maximum_event_age_seconds, (), True)

    def wait(self, failures: int, *, throttled: bool) -> float:
        """Say how many seconds pass after so many failures."""
        if throttled or not self.waits_seconds:
            return min(2.0 ** min(failures - 1, 30), _MAX_BACKOFF_SECONDS)
        return self.waits_seconds[min(failures, len(self.waits_seconds)) - 1]


@dataclass(frozen=True, slots=True)
class Fired(Counts):
    """What happened."""

    invocations: int = 0
    """Attempts that reached the function."""
    failures: int = 0
    """Those that failed."""
    throttled: int = 0
    """Attempts that did not reach the function."""
    dead_letters: int = 0
    """Events that were given up."""


@dataclass(order=True, slots=True)
class _Pending:
    due: datetime
    firing: Firing
    errors: int = 0
    throttles: int = 0


class Scheduler:
    """Fires a schedule at a function.

    Parameters
    ----------
    function
        What to invoke.
    schedule
        When, and with what.
    faults
        What goes wrong on the way.
    retries
        What follows a failure.
    dead_letter
        Told of each event that is given up: the event with `error_type` and `attempts`. Scheduler and Lambda send it to
        an SQS queue.
    """

    def __init__(
        self,
        function: Invocable,
        schedule: Schedule | None = None,
        faults: ScheduleFaults | None = None,
        retries: Retries | None = None,
        dead_letter: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._function = function
        self._schedule = schedule or Schedule()
        self._faults = faults or ScheduleFaults()
        self._retries = retries or Retries()
        self._dead_letter = dead_letter
        self._lock = threading.Lock()

    def fire(self, scheduled_time: datetime) -> Fired:
        """Fire once, without faults; retries take no time."""
        quiet = Scheduler(self._function, self._schedule, None, self._retries, self._dead_letter)
        return quiet.run(scheduled_time, scheduled_time + timedelta(microseconds=1))

    def run(
        self,
        start: datetime,
        end: datetime,
        clock: Clock | None = None,
        stop: Stop = never,
    ) -> Fired:
        """Fire at the scheduled times of a range, and retry until nothing is left to retry.

        Parameters
        ----------
        start, end
            The range, `end` not included; aware.
        clock
            The clock to go by; without it a simulated one, which runs as fast as the function answers.
        stop
            Asked between invocations; once true, nothing more is fired or retried.

        Returns
        -------
        Counts.
        """
        clock = clock or SimulatedClock(start)
        planned = firings(self._schedule, self._faults, start, end)
        upcoming = next(planned, None)
        pending: list[_Pending] = []
        total = Fired()
        with ThreadPoolExecutor(_CONCURRENT) as pool:
            while not stop() and (pending or upcoming):
                if upcoming and not (pending and pending[0].due < upcoming.due):
                    heapq.heappush(pending, _Pending(upcoming.due, upcoming))
                    upcoming = next(planned, None)
                    continue
                clock.sleep((pending[0].due - clock.now()).total_seconds(), stop)
                if stop():
                    break
                together = [heapq.heappop(pending)]
                while pending and pending[0].due == together[0].due:
                    together.append(heapq.heappop(pending))
                for counts, retry in _run_together(pool, self._attempt, together):
                    total += counts
                    if retry:
                        heapq.heappush(pending, retry)
        return total

    def _attempt(self, pending: _Pending) -> tuple[Fired, _Pending | None]:
        """Invoke once; say what is to be tried again."""
        firing = pending.firing
        attempts = pending.errors + pending.throttles + 1
        number = attempts if self._retries.counts_attempts else 1
        event = self._schedule.event(firing.scheduled_time, firing.execution_id, number)
        try:
            self._function.invoke(event)
        except FunctionThrottled:
            pending.throttles += 1
            counts, error_type, retry = Fired(throttled=1), "Throttled", True
        except FunctionError as error:
            pending.errors += 1
            counts, error_type = Fired(invocations=1, failures=1), error.error_type
            retry = pending.errors <= self._retries.maximum_attempts
        except RequestTooLargeError:
            counts, error_type, retry = Fired(), "RequestTooLarge", False
        else:
            return Fired(invocations=1), None
        throttled = error_type == "Throttled"
        wait = self._retries.wait(pending.throttles if throttled else pending.errors, throttled=throttled)
        due = pending.due + timedelta(seconds=wait)
        age = (due - firing.due).total_seconds()
        _logger.info(
            "schedule.failed function=%s scheduled_time=%s attempt=%d error_type=%s",
            self._function.name,
            firing.scheduled_time.isoformat(),
            attempts,
            error_type,
        )
        if retry and age <= self._retries.maximum_event_age_seconds:
            return counts, replace(pending, due=due)
        if self._dead_letter:
            with self._lock:
                self._dead_letter({"event": event, "error_type": error_type, "attempts": attempts})
        return counts + Fired(dead_letters=1), None


def _run_together(
    pool: ThreadPoolExecutor,
    attempt: Callable[[_Pending], tuple[Fired, _Pending | None]],
    together: list[_Pending],
) -> list[tuple[Fired, _Pending | None]]:
    if len(together) == 1:  # the usual case needs no thread
        return [attempt(together[0])]
    return list(pool.map(attempt, together))
