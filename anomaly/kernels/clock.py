"""When and how often a series is observed: its typical step, its place in the day and the week."""

from math import exp, floor
from typing import NamedTuple

import numpy as np

from anomaly.kernels.arithmetic import Record, clip, record
from anomaly.kernels.compile import component

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
SLOTS, NODES = 96, 168  # quarters of an hour of the day, hours of the week
TIME_LIMIT = 1e12  # seconds; beyond it (the year 33,000) a time is taken for nonsense, its row for missing
STEP_GAIN = 0.05  # the typical gap follows the gaps by 5 % a point
BREAK = 20.0  # a gap of 20 steps tears apart what must be contiguous: sums and runs
GROWN_LEAST, GROWN_MOST, GROWN_DAYS = 48.0, 300.0, 1.5  # points until a series counts as grown up
BAR_STEP_LEAST, BAR_STEP_MOST = 60.0, 900.0  # the only range of steps in which bars depend on the step

LATEST_TIME = 2.6e11  # seconds, the year 10,209; milliseconds taken for seconds lie beyond from March 1978 on
UNTIMED_STEP = 60.0  # seconds between the rows of a series without times
NEVER = -1e300

ADMITTED, NO_TIME, OUT_OF_ORDER, MIXED = range(4)  # what `clock_admit` says of a row

clock_record = record(
    ("first_time", "f8"),  # of the first row
    ("last_time", "f8"),  # of the last value
    ("last_row", "f8"),  # of the last row, whether it has a value or not; NEVER = none yet
    ("step", "f8"),  # typical seconds between values; 0 until there are two
    ("points", "i8"),  # values so far
    ("begun", "u1"),
    ("untimed", "u1"),  # rows come without times: one a minute, and no calendar
)
BOUNDS = (("points", 0, 2**53),)


class Place(NamedTuple):
    """Where in the day and in the week a time lies; the shares lie towards the next slot and node."""

    calendar: bool  # whether any of this means anything
    day: float  # days since 1970
    hour: int  # of the day
    slot: int  # quarter of an hour of the day
    next_slot: int
    slot_share: float
    node: int  # hour of the week
    next_node: int
    node_share: float


class Pace(NamedTuple):
    """What follows from the step, in seconds, of a series."""

    step: float
    per_day: float  # points a day
    grown: float  # points until the series counts as grown up
    bar_step: float  # the step that bars depend on


def clock_new(rec: Record) -> None:
    """Begin: no row yet."""
    rec["last_row"] = NEVER


@component
def clock_admit(rec: Record, time: float) -> int:
    """Checks a row's time (NaN: none) against those before it, and notes it; says whether it may be judged."""
    untimed = np.isnan(time)
    if rec.last_row > NEVER and (rec.untimed == 1) != untimed:
        return MIXED
    if untimed:
        rec.last_row = rec.last_row + UNTIMED_STEP if rec.last_row > NEVER else 0.0
    elif not abs(time) < LATEST_TIME:
        return NO_TIME
    elif time < rec.last_row:
        return OUT_OF_ORDER
    else:
        rec.last_row = time
    rec.untimed = untimed
    return ADMITTED


@component
def clock_place(rec: Record, time: float) -> Place:
    """Where in the day (24 hours, 96 slots) and in the week (168 full hours) a time lies."""
    day = floor(time / DAY)
    second = max(time - day * DAY, 0.0)
    if second >= DAY:  # a moment before midnight that rounding brings there
        day, second = day + 1, 0.0
    hour = min(int(second // HOUR), 23)
    position = second / DAY * SLOTS
    slot = min(int(position), SLOTS - 1)
    slot_share = position - slot
    node = int(day % 7) * 24 + hour
    return Place(
        rec.untimed == 0,
        day,
        hour,
        slot,
        (slot + 1) % SLOTS,
        slot_share,
        node,
        (node + 1) % NODES,
        (second - hour * HOUR) / HOUR,
    )


@component
def clock_pace(rec: Record) -> Pace:
    """What follows from the step: points a day, points until grown up, the step that bars depend on."""
    step = rec.step
    per_day = DAY / step if step > 0 else 1440.0
    grown = clip(GROWN_DAYS * per_day, GROWN_LEAST, GROWN_MOST)
    return Pace(step, per_day, grown, clip(step, BAR_STEP_LEAST, BAR_STEP_MOST))


@component
def clock_before(rec: Record, time: float) -> None:
    """A clock that is set back to before the first row makes the series as young as its first day."""
    if not rec.begun or time < rec.first_time:
        rec.begun = 1
        rec.first_time = time


@component
def clock_look(rec: Record, time: float) -> float:
    """Takes in the gap to the last value, in seconds, and returns it; one that is not positive says nothing."""
    gap = time - rec.last_time if rec.points > 0 else 0.0
    if gap > 0:
        if rec.step == 0:
            rec.step = gap
        elif gap != rec.step:
            rec.step *= exp(STEP_GAIN if gap > rec.step else -STEP_GAIN)
    rec.last_time = time
    return gap


@component
def clock_weeks(age: float) -> float:
    """Weeks in which rates were counted: at least those of two days, at most one (the rates fade in a week)."""
    return 1.0 - exp(-max(age, 2 * DAY) / WEEK)
