"""What comes back at its hour is known, and is missed when it does not come."""

from math import exp

from anomaly.kernels.arithmetic import Record, f4, f8, i8, record
from anomaly.kernels.clock import DAY, HOUR, WEEK, Pace
from anomaly.kernels.compile import component

EVENTS = 32  # remembered
EVENT_EVIDENCE = 0.8  # evidence that makes an event
EVENT_APART = 10  # points without evidence end an episode
EVENT_GROWN = 60  # points before events are kept
EVENT_FADES = 500000.0  # seconds: the smallest, oldest event is replaced
SIZE_FACTOR = 1.5  # a known event is at most 1.5 times as large ...
LENGTH_FACTOR, LENGTH_MORE = 1.5, 10.0  # ... and lasts at most 1.5 times as long and ten points
TOLERANCE, TOLERANCE_STEPS = 132.0, 1.1  # seconds (at least), steps
PERIODS = (HOUR, DAY, WEEK)  # tried besides those that the remembered events suggest,
PERIOD_MOST = 130000.0  # which are at most a day and a half
LONG_PERIOD = 43200.0  # from half a day on only the seventh in a row makes one expect the next
ABSENT_EVIDENCE = 1.2
AGE_MOST = 2e9  # seconds, 63 years

recurrence_record = record(
    ("next_time", "f8"),  # when a known event is due; like all times here an age, seconds since the first row
    ("onsets", "i4", EVENTS),
    ("sizes", "f4", EVENTS),  # largest residual, signed; 0 = no event
    ("lengths", "u2", EVENTS),  # points
    ("known_length", "i4"),  # points that the matched events lasted
    ("onset_point", "i4"),
    ("last_point", "i4"),  # of the current episode
    ("current", "i4"),  # its place; -1 = none yet
    ("due", "u1"),  # is one due?
    ("known", "u1"),  # the current episode recurs
)
BOUNDS = (("current", -1, EVENTS - 1),)


def recurrence_new(rec: Record) -> None:
    """Begin: no episode yet."""
    rec["current"], rec["last_point"] = -1, -(10**9)


@component
def is_same_sign(a: float, b: float) -> bool:
    """Whether both are above, or both below zero."""
    return (a > 0 and b > 0) or (a < 0 and b < 0)


@component
def remembered(rec: Record, time: float, size: float, tolerance: float) -> int:
    """Length of an event like this one at that time, 0 if there was none."""
    for i in range(EVENTS):
        one = rec.sizes[i]
        if abs(time - rec.onsets[i]) <= tolerance and is_same_sign(one, size) and abs(size) <= SIZE_FACTOR * abs(one):
            return i8(rec.lengths[i])
    return 0


@component
def recurrence_period(rec: Record, time: float, size: float, tolerance: float, times: float) -> tuple[float, int]:
    """(shortest period at which `times` events like this one came before, longest of them); 0 if none.

    Two weeks suffice.
    """
    shortest, longest = 0.0, 0
    for q in range(len(PERIODS) + EVENTS):
        if q < len(PERIODS):
            period = PERIODS[q]
        else:
            period = time - rec.onsets[q - len(PERIODS)]
            if not is_same_sign(rec.sizes[q - len(PERIODS)], size) or period > PERIOD_MOST:
                continue
        if period < 8 * tolerance:
            continue
        need = 2.0 if q == 2 else times
        found, length = 0, 0
        while found < need:
            one = remembered(rec, time - (found + 1) * period, size, tolerance)
            if one == 0:
                break
            length = max(length, one)
            found += 1
        if found >= need and (shortest == 0 or period < shortest):
            shortest, longest = period, length
    return shortest, longest


@component
def recurrence_begin(rec: Record, time: float, points: int, size: float, tolerance: float) -> None:
    """A new episode: is it one that was due?  It takes the place of the smallest, oldest event."""
    period, length = recurrence_period(rec, time, size, tolerance, 3.0)
    rec.known = period > 0
    rec.known_length = length
    rec.onset_point = points
    if abs(time - rec.next_time) <= tolerance:
        rec.due = 0
    if rec.known and (period < LONG_PERIOD or recurrence_period(rec, time, size, tolerance, 7.0)[0] == period):
        rec.next_time = time + period
        rec.due = 1
    place, least = 0, 1e300
    for i in range(EVENTS):
        weight = abs(rec.sizes[i]) * exp(-max(time - rec.onsets[i], 0.0) / EVENT_FADES)
        if weight < least:
            place, least = i, weight
    rec.current = place
    rec.onsets[place] = min(time, AGE_MOST)
    rec.sizes[place] = size


@component
def recurrence_look(
    rec: Record, time: float, gap: float, pace: Pace, points: int, is_event: bool, shown: float
) -> tuple[bool, float]:
    """(known, evidence that a known event is absent); `gap`: seconds since the last value."""
    if pace.step == 0:
        return False, 0.0
    tolerance = max(TOLERANCE, TOLERANCE_STEPS * pace.step)
    if is_event:
        size = f4(shown)
        if points - rec.last_point > EVENT_APART:
            recurrence_begin(rec, time, points, size, tolerance)
        elif abs(size) > abs(rec.sizes[rec.current]):
            rec.sizes[rec.current] = size
            if rec.known and recurrence_period(rec, f8(rec.onsets[rec.current]), size, tolerance, 3.0)[0] == 0:
                rec.known = 0
        rec.last_point = points
        length = points - rec.onset_point + 1
        rec.lengths[rec.current] = min(length, 65535)
        if rec.known and length > LENGTH_FACTOR * rec.known_length + LENGTH_MORE:
            rec.known = 0
    elif points - rec.last_point > EVENT_APART:
        rec.known = 0
    evidence = 0.0
    if rec.due and time > rec.next_time + 1.5 * tolerance:
        rec.due = 0
        if gap <= 2 * pace.step:  # rows came
            evidence = ABSENT_EVIDENCE
    return rec.known == 1, evidence
