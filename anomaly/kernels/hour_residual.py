"""A value against mean and deviation of its hour of the day, where that leaves independent, light-tailed noise."""

from math import log, sqrt

from anomaly.kernels.arithmetic import Record, clip, f4, i8, rate, record
from anomaly.kernels.clock import Pace, Place
from anomaly.kernels.compile import component
from anomaly.kernels.histogram import histogram_learn, histogram_new, histogram_record, top
from anomaly.kernels.sums import GROWTH

HOUR_MEMORY = 2000.0  # points of an hour's mean and variance, and of the whole
HOUR_SHRINK = 20.0  # points of the whole's variance mixed in
LEVEL_MEMORY = 300.0  # points in which the level is followed
HOUR_BAR, HOUR_ONE = 5.0, 0.7  # bar in deviations; a single point is held to 5 / .7
HOUR_CLIP = 6.0
TRUST_STEP = 5400.0  # seconds: rows must come about as often as the hours told apart
TRUST_COUNT, TRUST_CORRELATION = 200, 0.2  # trusted after 200 residuals with a lag-1 correlation under .2 ...
TRUST_TAIL_LEAST, TRUST_TAIL_MOST = 0.8, 1.35  # ... and a tail like the normal's: ln(q95 / q80) over NORMAL_TAIL
NORMAL_TAIL = log(1.96 / 1.2816)
WINDOWS = (1, 3, 6, 12)  # points summed

hour_residual_record = record(
    ("sizes", histogram_record),  # of single residuals, in deviations
    ("variance", "f8"),  # of all hours
    ("level", "f8"),  # running mean residual
    ("last_hour", "f8"),  # hours since 1970 of the last value: a change begins a visit
    ("product", "f8"),
    ("square", "f8"),  # running means of r(t) r(t-1) and r(t)^2
    ("previous", "f8"),  # r(t-1), clipped; 0 = none
    ("window_squares", "f8", len(WINDOWS)),  # running mean squares of the sums
    ("judged", "i8"),  # residuals so far
    ("learnt", "i8"),
    ("means", "f4", 24),
    ("variances", "f4", 24),
    ("last", "f4", 16),  # ring of clipped residuals
    ("counts", "u2", 24),  # values in an hour, at most HOUR_MEMORY
    ("visits", "u1", 24),  # of an hour, at most 3
)


def hour_residual_new(rec: Record) -> None:
    """Begin: sums have the squares of independent normal noise."""
    histogram_new(rec["sizes"])
    rec["window_squares"] = WINDOWS
    rec["last_hour"] = -1e15


@component
def hour_residual_learn(rec: Record, place: Place, points: int, value: float, deviation: float, skipped: bool) -> None:
    """Mean and variance of this hour and of all; `deviation` is the one in use, for clipping."""
    hour = place.hour
    count = i8(rec.counts[hour])
    this_hour = place.day * 24 + hour
    if this_hour != rec.last_hour:
        rec.visits[hour] = min(rec.visits[hour] + 1, 3)
        rec.last_hour = this_hour
    error = 0.0
    if count > 0:
        error = value - rec.means[hour]
    if count >= 5 and deviation > 0:
        error = clip(error, -3.0 * deviation, 3.0 * deviation)
    if count == 0:
        rec.means[hour] = value
    elif not skipped:
        weight = rate(count + 1, HOUR_MEMORY)
        rec.means[hour] += weight * error
        rec.variances[hour] += weight * (error * error - rec.variances[hour])
    rec.counts[hour] = min(count + 1, int(HOUR_MEMORY))
    if rec.visits[hour] >= 2 and not skipped:
        rec.variance += rate(points + 1, HOUR_MEMORY) * (error * error - rec.variance)


@component
def hour_residual_look(
    rec: Record, place: Place, pace: Pace, points: int, value: float, skipped: bool, silent: bool
) -> tuple[float, float]:
    """(evidence of the point, evidence of the sums), learning on the way; `skipped`: the last point was not learnt."""
    if not place.calendar:
        return 0.0, 0.0
    hour = place.hour
    count = i8(rec.counts[hour])
    deviation = sqrt(rec.variance)
    r = 0.0
    if count >= 2 and rec.visits[hour] >= 3:
        deviation = sqrt((f4(count) * rec.variances[hour] + HOUR_SHRINK * rec.variance) / (count + HOUR_SHRINK))
        if deviation > 0:
            r = clip((value - rec.means[hour]) / deviation, -20.0, 20.0)
    if r != 0:
        raw = r
        r = clip(raw - rec.level, -20.0, 20.0)
        if not skipped:
            rec.level += (raw - rec.level) / LEVEL_MEMORY
    hour_residual_learn(rec, place, points, value, deviation, skipped)

    rec.last[points % 16] = clip(r, -HOUR_CLIP, HOUR_CLIP)
    if r != 0:
        rec.judged += 1
    single = abs(r) / sqrt(rec.window_squares[0])
    largest, total, k = 0.0, 0.0, 0
    for w in range(len(WINDOWS)):
        while k < min(WINDOWS[w], points + 1):
            total += rec.last[(points - k) % 16]
            k += 1
        square = rec.window_squares[w]
        if w > 0:
            largest = max(largest, abs(total) / sqrt(square))
        if r != 0 and not skipped:
            rec.window_squares[w] += rate(rec.judged + 50, 3000.0) * (min(total * total, 9.0 * square) - square)

    one, many = 0.0, 0.0
    if r != 0 and not silent and rec.learnt >= TRUST_COUNT and pace.step < TRUST_STEP:
        correlation = rec.product / rec.square if rec.square > 0 else 1.0
        bins = rec.sizes.bins[0]
        tail = log(top(bins, 0.05 * rec.sizes.total) / top(bins, 0.2 * rec.sizes.total)) / NORMAL_TAIL
        if abs(correlation) < TRUST_CORRELATION and TRUST_TAIL_LEAST < tail < TRUST_TAIL_MOST:
            one, many = single * HOUR_ONE / HOUR_BAR, largest / HOUR_BAR
            if many > 1:
                many = many**GROWTH
    if r == 0 or skipped:
        rec.previous = 0.0
    else:
        clipped = clip(r, -2.5, 2.5)
        rec.learnt += 1
        weight = rate(rec.learnt, 5000.0)
        rec.product += weight * (clipped * rec.previous - rec.product)
        rec.square += weight * (clipped * clipped - rec.square)
        rec.previous = clipped
        histogram_learn(rec.sizes, i8(0), single, 4096.0)
    return one, many
