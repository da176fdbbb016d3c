"""Many small residuals of one sign."""

from math import sqrt

from anomaly.kernels.arithmetic import Record, clip, i8, rate, record
from anomaly.kernels.clock import WEEK, Pace
from anomaly.kernels.compile import component
from anomaly.kernels.histogram import FIRST_EDGE, histogram_learn, histogram_new, histogram_record, top
from anomaly.kernels.residual import residual_memory

SUM_SHORT, SUM_LONG = 6, 12  # points
SUM_CLIP = 2.2  # one residual counts at most 2.2 large ones
SUM_BAR, SUM_BAR_SPARSE = 2.7, 2.0  # bar in the sums that 2 % exceed
SUM_TAIL_NORMAL, SUM_TAIL_SLOPE = 1.7, 3.0  # heavy tails raise the bar
GROWTH = 0.3  # beyond the bar sums grow by themselves; that is no new alert
LOUD_A_WEEK, LOUD_APART = 3.0, 60  # sums may speak three times a week: where they speak often they are noise

sums_record = record(
    ("sizes", histogram_record),
    ("usual", "f8"),  # running mean of the clipped residuals
    ("short_square", "f8"),
    ("long_square", "f8"),  # running mean squares of both sums
    ("last", "f4", 16),  # ring of clipped residuals, in scales
    ("since_gap", "i8"),
    ("count", "i8"),
    ("loud", "f8"),  # episodes over the bar, fading over a week
    ("last_loud", "i8"),  # point of the last sum over the bar
)


def sums_new(rec: Record) -> None:
    """Begin: sums have the squares of independent normal noise."""
    histogram_new(rec["sizes"])
    rec["short_square"], rec["long_square"] = SUM_SHORT, SUM_LONG
    rec["last_loud"] = -(10**9)


@component
def square_learn(mean: float, square: float, count: int, is_sparse: bool) -> float:
    """Clipped, but not if sparse: a scale that shrank in quiet weeks would never come back."""
    return mean + rate(count + 50, 5000.0) * ((square if is_sparse else min(square, 9 * mean)) - mean)


@component
def sums_look(rec: Record, res: Record, pace: Pace, points: int, shown: float, skip: bool, is_sparse: bool) -> float:
    """Evidence of the sums of the last 6 and 12 residuals (`shown`: the newest, in scales)."""
    k = points % 16
    rec.last[k] = clip(shown, -SUM_CLIP * res.top_below, SUM_CLIP * res.top_above)
    rec.since_gap += 1
    if rec.since_gap < SUM_LONG:
        return 0.0
    rec.usual += rate(points, 5000.0) * (rec.last[k] - rec.usual)
    usual = 0.0 if is_sparse else rec.usual
    total = 0.0
    for k in range(SUM_SHORT):
        total += rec.last[(points - k) % 16] - usual
    size = abs(total) / sqrt(rec.short_square)
    if not skip:
        rec.short_square = square_learn(rec.short_square, total * total, rec.since_gap, is_sparse)
    for k in range(SUM_SHORT, SUM_LONG):
        total += rec.last[(points - k) % 16] - usual
    size = max(size, abs(total) / sqrt(rec.long_square))
    if not skip:
        rec.long_square = square_learn(rec.long_square, total * total, rec.since_gap, is_sparse)
    rec.count += 1
    evidence = 0.0
    events = rec.sizes.total - rec.sizes.bins[0, 0]
    if rec.count >= pace.grown and res.top_above > FIRST_EDGE and (not is_sparse or events >= 200 * rec.sizes.unit):
        bins = rec.sizes.bins[0]
        large = max(top(bins, min(0.02 * rec.sizes.total, 0.1 * events)), FIRST_EDGE)
        if is_sparse:
            evidence = size / (large * SUM_BAR_SPARSE)
        else:
            ordinary = max(top(bins, 0.2 * rec.sizes.total), FIRST_EDGE)
            large *= max(1.0, large / ordinary / SUM_TAIL_NORMAL) ** SUM_TAIL_SLOPE
            evidence = size / (large * SUM_BAR)
        rec.loud *= 1.0 - min(1.0, pace.step / WEEK)
        if evidence > 1:
            if points - rec.last_loud > LOUD_APART:
                rec.loud += 1.0
            rec.last_loud = points
            evidence = evidence**GROWTH if rec.loud <= LOUD_A_WEEK else 0.99
    if not skip:
        histogram_learn(rec.sizes, i8(0), size, residual_memory(pace.per_day))
    return evidence
