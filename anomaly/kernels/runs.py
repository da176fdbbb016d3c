"""The same value again and again: silence, or a stuck sensor."""

from math import log

from anomaly.kernels.arithmetic import Record, rate, record
from anomaly.kernels.compile import component

RUN_LEAST = 3  # points
RUN_GROWN = 300  # points before runs are judged
RUN_BAR_LOWEST, RUN_BAR = 30.0, 80.0  # bar in -ln(chance): of silence (the lowest value ever), of any other value
RUN_LONGER = 2.5  # and 2.5 times the longest run so far
RUN_SHARE_LEAST = 0.05  # no value is taken for rarer than one point in 20
RUN_MOST = 1.2  # a run is no stronger than just over the bar

runs_record = record(
    ("longest", "f8"),  # earlier run, in points, fading
    ("repeats", "f8"),  # running share of points that repeat the last
    ("length", "i4"),
    ("last", "f4"),
)


@component
def runs_look(rec: Record, points: int, value: float, at_lowest: bool, share: float, weight: float) -> float:
    """Evidence of a run, from the share of its value in the value sketch and the sketch's weight in points."""
    evidence = 0.0
    if points > 0:
        same = value == rec.last
        if same:
            rec.length += 1
        else:
            rec.longest = max(rec.longest, rec.length)
            rec.length = 1
        rec.longest *= 1 - 1 / 20000.0
        if rec.length >= RUN_LEAST and points >= RUN_GROWN:
            length = rec.length
            others = max(0.0, (share * weight - length) / max(weight - length, 1.0))
            chance = max(max(others, rec.repeats), RUN_SHARE_LEAST)
            longer = length / (RUN_LONGER * rec.longest) if rec.longest > 0 else 10.0
            bar = RUN_BAR_LOWEST if at_lowest else RUN_BAR
            evidence = min(RUN_MOST, min(-length * log(chance) / bar, longer))
        if evidence < 1:
            rec.repeats += ((1.0 if same else 0.0) - rec.repeats) * rate(points + 1, 5000.0)
    rec.last = value
    return evidence
