"""What an event may not teach: a clean memory while it lasts, and a budget of what is not learnt."""

from anomaly.kernels.arithmetic import Record, f8, record
from anomaly.kernels.clock import Pace
from anomaly.kernels.compile import component
from anomaly.kernels.forecaster import RECENT, memory_push, memory_record

FLAG, FLAG_AGAIN = (
    0.75,
    0.375,
)  # residual evidence that flags a point; after a flagged or alerted one half of it will do
HOLD_POINTS = 20  # the clean memory goes on for 20 points after the last flag
HOLD_SECONDS = 14400.0  # flagged for more than four hours is the new normal
BUDGET_SHARE = 0.003  # skipped time is paid back at .3 %: rare events are not learnt, frequent ones are

hold_record = record(
    ("clean", memory_record),  # the forecaster's memory as it would be without the event
    ("flagged_seconds", "f8"),
    ("skipped_seconds", "f8"),  # the budget in use
    ("points_left", "u1"),  # of the clean memory; 0 = no event
    ("suspicious", "u1"),  # the last point was flagged or alerted
    ("skipped", "u1"),  # the last point was not learnt
)
BOUNDS = (("clean.values_order", 0, RECENT - 1),)


@component
def hold_longest(pace: Pace) -> float:
    """Seconds after which what lasts is the new normal."""
    return max(HOLD_SECONDS, 2.5 * pace.step)


@component
def hold_look(rec: Record, pace: Pace, surprise: float, may_skip: bool) -> tuple[bool, bool]:
    """(flagged, skip): whether this point is part of an event, and whether it is kept out of what is learnt."""
    flagged = surprise >= FLAG or (rec.suspicious == 1 and surprise >= FLAG_AGAIN)
    skip = flagged and may_skip and rec.skipped_seconds < hold_longest(pace)
    if skip:
        rec.skipped_seconds += pace.step
    else:
        rec.skipped_seconds = max(0.0, rec.skipped_seconds - BUDGET_SHARE * pace.step)
    rec.skipped = skip
    return flagged, skip


@component
def hold_learn(
    rec: Record, recent: Record, pace: Pace, points: int, flagged: bool, value: float, expected: float
) -> bool:
    """Value number `points` goes into both memories, its expectation into the clean one if it is flagged.

    True if the event is over: no flag for 20 points, so that it may leave no trace.
    """
    if flagged:
        rec.flagged_seconds += pace.step
    elif rec.points_left == 0:
        rec.flagged_seconds = 0.0
    else:
        rec.flagged_seconds = max(0.0, rec.flagged_seconds - pace.step)
    longest = hold_longest(pace)
    if flagged and rec.flagged_seconds <= longest:
        if rec.points_left == 0:
            rec.clean = recent
        rec.points_left = HOLD_POINTS
    memory_push(recent, points, f8(value))
    if rec.points_left == 0:
        return False
    memory_push(rec.clean, points, expected if flagged else value)
    rec.points_left -= 1
    if rec.flagged_seconds > longest:  # the new normal
        rec.points_left = 0
        rec.flagged_seconds = 0.0
        return False
    return rec.points_left == 0
