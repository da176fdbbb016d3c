"""From evidence to alerts at the fixed bar: one habituation rule, one clock."""

from math import log2

from anomaly.kernels.arithmetic import Record, i8, record
from anomaly.kernels.clock import WEEK, Pace
from anomaly.kernels.compile import component

LEVELS, LEVELS_AN_OCTAVE = 32, 4  # strengths of episodes, from CANDIDATE on
CANDIDATE = 0.5  # evidence that counts
HALF_AS_STRONG = 4  # levels
FAST_SECONDS = 600.0  # apart, at least one point: fast evidence that is another episode
FAST_WEEKLY = 30.0  # no alert if more than 30 a week are at least half as strong
SLOW_POINTS = 60  # apart: slow evidence that is another episode
FOREST_POINTS, FOREST_BETTER = (
    50000.0,
    6.0,
)  # no alert of the forests if more than 6 in about 50,000 points were as strong
WORSE = 1.5  # within an episode only this much stronger is a new alert

habit_record = record(
    ("counts", "f4", LEVELS), ("last", "i8"), ("level", "i8")
)  # fading; last candidate, level of its episode
decision_record = record(
    ("fast", habit_record),  # residual, hour, rare; fades in a week
    ("forest", habit_record),  # fades in 50,000 points
    ("strength", "f8"),
    ("last", "i8"),  # of the last alert; last point that was strong enough for one
)
LONG_AGO = -(10**9)
BOUNDS = (("fast.level", 0, LEVELS - 1), ("forest.level", 0, LEVELS - 1))


def decision_new(rec: Record) -> None:
    """Begin: no alert yet."""
    rec["fast"]["last"] = rec["forest"]["last"] = rec["last"] = LONG_AGO


@component
def habit_learn(rec: Record, points: int, evidence: float, apart: float, fading: float, lower: int) -> float:
    """Counts an episode by its greatest strength.

    Returns how many were as strong, or by `lower` levels less, this one included.
    """
    for k in range(LEVELS):
        rec.counts[k] *= fading
    if not evidence >= CANDIDATE:
        return 0.0
    level = int(min(LEVELS - 1.0, LEVELS_AN_OCTAVE * log2(evidence / CANDIDATE)))
    if points - rec.last > apart:
        rec.counts[level] += 1
        rec.level = level
    elif level > rec.level:
        rec.counts[rec.level] = max(0.0, rec.counts[rec.level] - 1)
        rec.counts[level] += 1
        rec.level = level
    rec.last = points
    count = 0.0
    for k in range(max(0, level - lower), LEVELS):
        count += rec.counts[k]
    return count


@component
def decision_weekly(rec: Record, weeks: float) -> float:
    """Episodes of fast evidence a week."""
    count = 0.0
    for k in range(LEVELS):
        count += rec.fast.counts[k]
    return count / weeks


@component
def decision_look(
    rec: Record, pace: Pace, points: int, weeks: float, forest: float, fast: float, slow: float, rare: bool, known: bool
) -> float:
    """Strength of the alert of this point, 0 if none.

    Fast: residual, hour, rare.  Slow: sums, runs, absences.  One episode at a time: after an alert only a stronger one,
    until there has been nothing for as long as its kind lasts.
    """
    apart = max(1.0, FAST_SECONDS / pace.step) if pace.step > 0 else 10.0
    candidate = 0.0 if known else (max(fast, CANDIDATE) if rare else fast)
    as_fast = habit_learn(rec.fast, points, candidate, apart, 1 - min(1.0, pace.step / WEEK), i8(HALF_AS_STRONG))
    as_forest = habit_learn(rec.forest, points, forest, SLOW_POINTS * 1.0, 1 - 1 / FOREST_POINTS, i8(0))
    if known:
        return 0.0
    if fast < 1 or as_fast > FAST_WEEKLY * weeks:
        fast = 0.0
    if forest >= 1 and as_forest <= FOREST_BETTER:
        slow = max(slow, forest)
    if slow < 1:
        slow = 0.0
    alert, quiet = 0.0, points - rec.last
    if fast > 0 and (quiet > apart or fast >= WORSE * rec.strength):
        alert = fast
    if slow > 0 and (quiet > SLOW_POINTS or slow >= WORSE * rec.strength):
        alert = max(alert, slow)
    if alert > 0:
        rec.strength = alert
    if fast > 0 or slow > 0:
        rec.last = points
    return alert
