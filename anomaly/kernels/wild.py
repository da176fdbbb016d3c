"""One wild value of a sparse series, found out by the events after it.

In a sparse series residuals are events and no clip tells a wild one: a scale that was clipped would shrink in quiet
weeks and never come back. But once other events have come, one that is far larger than all of them was wild, and what
it added to the scale is taken back.
"""

from anomaly.kernels.arithmetic import Record, record
from anomaly.kernels.compile import component

WILD = 10.0  # times the second largest event

wild_record = record(
    ("largest", "f8"),  # residual so far, in units of the value
    ("second", "f8"),  # and the next
    ("part", "f8"),  # what the largest makes up of the scale by now
    ("counted", "f8"),  # the largest in scales, as it went into the histogram; 0 = it did not
    ("unit", "f8"),  # the weight that it was counted with
    ("side", "u1"),
)
BOUNDS = (("side", 0, 1),)


@component
def wild_learn(rec: Record, size: float, weight: float, counted: float, unit: float, side: int) -> None:
    """Follows the two largest: this residual has this weight in the scale, and was counted as `counted` scales."""
    rec.part *= 1.0 - weight
    if size > rec.largest:
        rec.second, rec.largest = rec.largest, size
        rec.part, rec.counted, rec.unit, rec.side = weight * size, counted, unit, side
    elif size > rec.second:
        rec.second = size


@component
def wild_excess(rec: Record) -> float:
    """What to take back from the scale; the largest then counts as ten times the second."""
    if rec.second <= 0 or rec.largest <= WILD * rec.second:
        return 0.0
    excess = rec.part * (1.0 - WILD * rec.second / rec.largest)
    rec.part -= excess
    rec.largest = WILD * rec.second
    return excess
