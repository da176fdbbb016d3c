"""Twin of the clock: the calendar is datetime's."""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from anomaly.kernels.clock import ADMITTED, DAY, LATEST_TIME, MIXED, NO_TIME, OUT_OF_ORDER, WEEK

THURSDAY = 3  # 1 January 1970


class Moment(NamedTuple):
    day: int  # since 1970
    hour: int
    quarters: float  # of an hour, since midnight
    hours: float  # since Thursday midnight


def moment(seconds: float) -> Moment:
    date = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - all times are UTC
    since_midnight = (date - date.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    days_since_thursday = (date.weekday() - THURSDAY) % 7
    return Moment(
        date.toordinal() - datetime(1970, 1, 1).toordinal(),  # noqa: DTZ001
        date.hour,
        since_midnight / 900,
        days_since_thursday * 24 + since_midnight / 3600,
    )


def weeks(age: float) -> float:
    """Return what a count that fades in a week has seen after `age` seconds, at least two days of it."""
    return 1 - math.exp(-max(age, 2 * DAY) / WEEK)


class Clock:
    def __init__(self) -> None:
        self.rows: list[float] = []  # times of admitted rows
        self.untimed: bool | None = None
        self.value_times: list[float] = []
        self.step = 0.0

    def admit(self, time: float | None) -> int:
        if self.untimed not in (None, time is None):
            return MIXED
        if time is None:
            time = self.rows[-1] + 60 if self.rows else 0.0
        elif not math.isfinite(time) or abs(time) >= LATEST_TIME:
            return NO_TIME
        elif self.rows and time < self.rows[-1]:
            return OUT_OF_ORDER
        else:
            self.untimed = False
            self.rows.append(time)
            return ADMITTED
        self.untimed = True
        self.rows.append(time)
        return ADMITTED

    def first(self) -> float:
        """Return the earliest time so far: a clock that is set back makes the series young again."""
        return min(self.rows)

    def look(self, time: float) -> float:
        """Return the gap; the first one is the step, later ones draw it by 5 %."""
        gap = time - self.value_times[-1] if self.value_times else 0.0
        self.value_times.append(time)
        if gap > 0 and self.step == 0:
            self.step = gap
        elif gap > 0:
            self.step *= math.exp(0.05 * (math.copysign(1, gap - self.step) if gap != self.step else 0))
        return gap
