"""Nearly nothing, where something is usual at this hour."""

from anomaly.kernels.arithmetic import Record, record
from anomaly.kernels.clock import WEEK, Pace
from anomaly.kernels.compile import component
from anomaly.kernels.sums import LOUD_APART

OUTAGE_LEFT = 0.25  # nearly nothing: at most a quarter of the ordinary course is left ...
OUTAGE_DEVIATIONS = 3.0  # ... and that is far for this series' deviations from its ordinary course
OUTAGE_ROWS = 3  # in a row
OUTAGES_A_WEEK = 2.0  # more often it is the series' way
OUTAGE_EVIDENCE = 1.2

outage_record = record(
    ("episodes", "f8"),  # fading over a week
    ("rows", "i8"),  # in a row
    ("last", "i8"),  # point of the last
)


def outage_new(rec: Record) -> None:
    """Begin: no outage yet."""
    rec["last"] = -(10**9)


@component
def outage_look(
    rec: Record, pace: Pace, points: int, value: float, profile: float, deviation: float, origin: float, possible: bool
) -> float:
    """Evidence that a series that is never below 0 has stopped, however wide its residuals are.

    `possible`: it has a profile, was never below 0, is neither sparse nor few-valued.  A bar wider than the way
    to 0 could never tell.
    """
    rec.episodes *= 1.0 - min(1.0, pace.step / WEEK)
    if not (
        possible
        and value + origin <= OUTAGE_LEFT * (profile + origin)
        and profile - value > OUTAGE_DEVIATIONS * deviation
    ):
        rec.rows = 0
        return 0.0
    rec.rows += 1
    if rec.rows < OUTAGE_ROWS:
        return 0.0
    if points - rec.last > LOUD_APART:
        rec.episodes += 1.0
    rec.last = points
    return OUTAGE_EVIDENCE if rec.episodes <= OUTAGES_A_WEEK else 0.0
