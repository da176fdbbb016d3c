"""When a schedule fires, and what goes wrong with it: pure.

A schedule fires at the multiples of its rate; what it sends is its input with the context attributes filled in
(EventBridge Scheduler User Guide, "Schedule types" and "Adding context attributes in EventBridge Scheduler"). A rate
schedule of AWS counts from its start date, which here is a whole multiple of the rate.

Scheduler delivers at least once, and Lambda's queue may deliver an event again, delete one that nobody could take, and
run the next before the last is done ("How Lambda handles errors and retries with asynchronous invocation").
`ScheduleFaults` does all this on purpose; how often AWS does, it does not say.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.ranges import check_ranges

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_INPUT = '{"time":"<aws.scheduler.scheduled-time>"}'


@dataclass(frozen=True, slots=True)
class Schedule:
    """What fires when.

    Raises
    ------
    ValueError
        The rate is below 1, or the input is not JSON once it is filled in.
    """

    rate_minutes: int = 1
    """Whole minutes between two firings, from 1."""
    input: str = _DEFAULT_INPUT
    """The event, as JSON text, in which `<aws.scheduler.scheduled-time>`, `<aws.scheduler.execution-id>`,
    `<aws.scheduler.attempt-number>` and `<aws.scheduler.schedule-arn>` are replaced."""
    arn: str = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/local"
    """The schedule's ARN."""

    def __post_init__(self) -> None:
        if self.rate_minutes < 1:
            msg = f"rate_minutes must be at least 1, got {self.rate_minutes!r}"
            raise ValueError(msg)
        try:
            self.event(_EPOCH, "0123456789abcdef", 1)
        except json.JSONDecodeError as error:
            msg = f"input must be JSON once its attributes are filled in, got {self.input!r}"
            raise ValueError(msg) from error

    @property
    def rate(self) -> timedelta:
        """The time between two firings."""
        return self.rate_minutes * _MINUTE

    def scheduled_times(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Name the times it fires at, from `start` on and before `end`; both aware."""
        time = _EPOCH - (_EPOCH - start) // self.rate * self.rate  # rounded up
        while time < end:
            yield time
            time += self.rate

    def event(self, scheduled_time: datetime, execution_id: str, attempt: int) -> Any:  # noqa: ANN401 - any JSON value
        """Fill in the input.

        Parameters
        ----------
        scheduled_time
            When it was to fire; whole seconds are kept.
        execution_id
            Sixteen hexadecimal digits.
        attempt
            From 1.
        """
        attributes = {
            "scheduled-time": f"{scheduled_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "execution-id": execution_id,
            "attempt-number": str(attempt),
            "schedule-arn": self.arn,
        }
        text = self.input
        for name, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return json.loads(text)


@dataclass(frozen=True, slots=True)
class ScheduleFaults:
    """How often a scheduled time goes wrong; each time's fate depends on the seed and the time alone.

    Raises
    ------
    ValueError
        A share is out of its range, or they exceed 1 together.
    """

    seed: int = 0
    """Chooses the times."""
    miss: float = 0.0
    """Share of the times that never fire, from 0 to 1."""
    double: float = 0.0
    """Share that fire twice, the second time a second later."""
    overlap: float = 0.0
    """Share that start late, at the same moment as the next time."""
    out_of_order: float = 0.0
    """Share that start late, after the next time."""

    def __post_init__(self) -> None:
        shares = {"miss": self.miss, "double": self.double, "overlap": self.overlap, "out_of_order": self.out_of_order}
        check_ranges(self, **dict.fromkeys(shares, (0, 1)))
        if sum(shares.values()) > 1:
            msg = f"the shares must not exceed 1 together, got {shares}"
            raise ValueError(msg)

    def due(self, time: datetime, rate: timedelta) -> tuple[datetime, ...]:
        """Say when a scheduled time really fires: never, once or twice."""
        lot = random.Random(f"{self.seed} {time.timestamp():.0f}").random()  # noqa: S311 - no secret
        for share, fate in (
            (self.miss, ()),
            (self.double, (time, time + timedelta(seconds=1))),
            (self.overlap, (time + rate,)),
            (self.out_of_order, (time + rate + timedelta(seconds=1),)),
        ):
            if lot < share:
                return fate
            lot -= share
        return (time,)


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """One event on its way to the function."""

    due: datetime
    """When the function is invoked. Firings due at the same moment run at the same time."""
    scheduled_time: datetime
    """When it was to be."""
    execution_id: str
    """Different for each event, the same for one event's attempts."""


def firings(schedule: Schedule, faults: ScheduleFaults, start: datetime, end: datetime) -> Iterator[Firing]:
    """Plan a range of time.

    Yields
    ------
    The firings of the times from `start` on and before `end`, in the order of `due`; some may be due after `end`.
    """
    held: list[Firing] = []
    for time in schedule.scheduled_times(start, end):
        for number, due in enumerate(faults.due(time, schedule.rate)):
            held.append(Firing(due, time, _execution_id(schedule.arn, time, number)))
        held.sort()
        # What a later time adds is never due before that time.
        while held and held[0].due < time + schedule.rate:
            yield held.pop(0)
    yield from held


def _execution_id(arn: str, time: datetime, number: int) -> str:
    return hashlib.sha256(f"{arn} {time.timestamp():.0f} {number}".encode()).hexdigest()[:16]
