import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.clock import SimulatedClock, SystemClock
from harness.function import Function
from harness.invocation import FunctionError, FunctionThrottled, InProcessFunction, RequestTooLargeError
from harness.schedule import Schedule, ScheduleFaults
from harness.scheduler import Fired, Retries, Scheduler

Event = Any
NOON = datetime(2024, 8, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WITH_ATTEMPT = '{"time":"<aws.scheduler.scheduled-time>","attempt":<aws.scheduler.attempt-number>}'


class Scripted:
    """A function that fails as it is told, and remembers when it was invoked."""

    name = "scripted"

    def __init__(self, clock: SimulatedClock, *errors: Exception | None) -> None:
        self.clock, self.errors = clock, list(errors)
        self.seen: list[tuple[str, Any]] = []

    def invoke(self, event: Event) -> None:
        self.seen.append((f"{self.clock.now():%H:%M:%S}", event))
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error


def run(retries: Retries, minutes: int, *errors: Exception | None) -> tuple[Fired, Scripted, list[Any]]:
    clock, dead = SimulatedClock(NOON), list[Any]()
    function = Scripted(clock, *errors)
    scheduler = Scheduler(function, Schedule(input=WITH_ATTEMPT), None, retries, dead.append)
    return scheduler.run(NOON, NOON + minutes * MINUTE, clock), function, dead


def failure() -> FunctionError:
    return FunctionError("ValueError", "no")


def test_every_minute_of_a_range_is_fired_once_in_order() -> None:
    fired, function, dead = run(Retries(), 3)
    assert [event["time"] for _, event in function.seen] == [f"2024-08-29T12:0{n}:00Z" for n in range(3)]
    assert (fired, dead) == (Fired(invocations=3), [])


def test_lambda_s_queue_tries_twice_more_after_one_and_two_minutes_with_the_same_event() -> None:
    fired, function, dead = run(Retries(), 1, *[failure()] * 4)
    assert [time for time, _ in function.seen] == ["12:00:00", "12:01:00", "12:03:00"]
    event = {"time": "2024-08-29T12:00:00Z", "attempt": 1}
    assert [seen for _, seen in function.seen] == [event] * 3
    assert dead == [{"event": event, "error_type": "ValueError", "attempts": 3}]
    assert fired == Fired(invocations=3, failures=3, dead_letters=1)


def test_a_retry_runs_beside_the_next_minute() -> None:
    _, function, _ = run(Retries(), 2, failure())
    assert [time for time, _ in function.seen] == ["12:00:00", "12:01:00", "12:01:00"]
    assert sorted(event["time"][11:16] for _, event in function.seen) == ["12:00", "12:00", "12:01"]


def test_throttling_is_retried_until_the_event_is_too_old() -> None:
    fired, function, dead = run(Retries(maximum_event_age_seconds=60), 1, *[FunctionThrottled()] * 9)
    assert [time for time, _ in function.seen] == [
        "12:00:00",
        "12:00:01",
        "12:00:03",
        "12:00:07",
        "12:00:15",
        "12:00:31",
    ]
    assert (fired.throttled, fired.invocations, len(dead)) == (6, 0, 1)


def test_a_schedule_s_own_policy_counts_its_attempts_and_ends() -> None:
    _, function, dead = run(Retries.of_scheduler(maximum_attempts=2), 1, *[failure()] * 9)
    assert [event["attempt"] for _, event in function.seen] == [1, 2, 3]
    assert len(dead) == 1


def test_an_event_that_is_too_large_is_given_up_at_once() -> None:
    fired, _, dead = run(Retries(), 1, RequestTooLargeError())
    assert (fired, dead[0]["error_type"]) == (Fired(dead_letters=1), "RequestTooLarge")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"maximum_attempts": 186}, "maximum_attempts must be from 0 to 185, got 186"),
        ({"maximum_event_age_seconds": 59}, "maximum_event_age_seconds must be from 60 to 86400, got 59"),
    ],
)
def test_a_policy_out_of_range_is_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Retries(**settings)  # type: ignore[arg-type]


def test_overlapping_firings_really_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=20)  # breaks unless two are inside at once
    half = ScheduleFaults(seed=3, overlap=0.5)
    late = [t for t in Schedule().scheduled_times(NOON, NOON + 30 * MINUTE) if half.due(t, MINUTE) != (t,)]
    first = next(t for t in late if half.due(t + MINUTE, MINUTE) == (t + MINUTE,))
    seen = []

    def handler(event: Event, _context: object) -> None:
        seen.append(event["time"])
        together.wait()

    scheduler = Scheduler(InProcessFunction(handler), Schedule(), half)
    assert scheduler.run(first, first + 2 * MINUTE) == Fired(invocations=2)
    assert len(seen) == 2


def test_an_overlap_is_throttled_by_a_concurrency_of_one_and_comes_again(function: Callable[..., Function]) -> None:
    faults = ScheduleFaults(seed=3, overlap=0.5)
    keeping = function("misbehave", concurrency=1)
    scheduler = Scheduler(keeping, Schedule(input='"take a nap"'), faults)
    fired = scheduler.run(NOON, NOON + 20 * MINUTE)
    assert fired.throttled > 0
    assert (fired.invocations, fired.failures, fired.dead_letters) == (20, 0, 0)


def test_firing_once_uses_no_faults() -> None:
    seen = []
    function = InProcessFunction(lambda event, _context: seen.append(event["time"]))
    assert Scheduler(function, Schedule(), ScheduleFaults(miss=1)).fire(NOON) == Fired(invocations=1)
    assert seen == ["2024-08-29T12:00:00Z"]


def test_nothing_is_fired_after_a_stop_even_on_the_real_clock() -> None:
    calls: list[object] = []
    function = InProcessFunction(lambda event, _context: calls.append(event))
    far = datetime.now(UTC) + timedelta(days=1)
    stopped = Scheduler(function).run(far, far + 2 * MINUTE, SystemClock(), stop=lambda: True)
    assert (stopped, calls) == (Fired(), [])


def test_on_the_real_clock_times_that_are_over_fire_at_once() -> None:
    now = datetime.now(UTC)
    function = InProcessFunction(lambda _event, _context: None)
    assert Scheduler(function).run(now - 3 * MINUTE, now, SystemClock()) == Fired(invocations=3)
