"""Series whose values rarely leave their median: there each event is news."""

from anomaly.kernels.arithmetic import Record, rate, record
from anomaly.kernels.compile import component

SPARSE_SHARE, RARE_SHARE = 0.15, 0.02  # of points off the median: the last value says nothing; each event is news
RARE_WEEKLY, RARE_EVIDENCE = 3.0, 1.2  # ... while there are fewer than three a week

sparse_record = record(("off_median", "f8"))  # running share of points that differ from the median of the last 20


@component
def sparse_before(rec: Record, points: int) -> bool:
    """Decided before looking: in a sparse series the ordinary value is the median, and residuals are events."""
    return points > 50 and rec.off_median < SPARSE_SHARE


@component
def sparse_learn(rec: Record, points: int, off: bool) -> None:
    """Follows the share of points off the median."""
    rec.off_median += ((1.0 if off else 0.0) - rec.off_median) * rate(points, 5000.0)


@component
def sparse_look(rec: Record, points: int, off: bool, weekly_rate: float) -> tuple[bool, float]:
    """(rare, evidence): an event of a series that hardly has any, and the first few of them a week are evidence."""
    rare = rec.off_median < RARE_SHARE and points >= 100 and off
    return rare, RARE_EVIDENCE if rare and weekly_rate < RARE_WEEKLY else 0.0
