"""The newest value against what was expected: scales, sided histograms, walls, band, and the evidence of one point."""

from typing import NamedTuple

from anomaly.kernels.arithmetic import Record, clip, f4, i8, rate, record
from anomaly.kernels.clock import Pace, Place
from anomaly.kernels.compile import component
from anomaly.kernels.forecaster import usual_most
from anomaly.kernels.histogram import (
    ABOVE,
    BELOW,
    BINS,
    bin_of,
    histogram_learn,
    histogram_new,
    sided_histogram_record,
    top,
    top_of_both,
)
from anomaly.kernels.start import START
from anomaly.kernels.wild import wild_excess, wild_learn, wild_record

SCALE_DAYS = 7.0  # scales look back a week
HISTOGRAM_DAYS, HISTOGRAM_LEAST, HISTOGRAM_MOST = 30.0, 500.0, 10000.0  # memory of the histograms, in points
HOUR_PRIOR = 3.0  # an hour's scale is believed like three days of the whole
TOP_SHARE = 0.03  # the size that 3 % of the residuals exceed ...
TOP_OF_EVENTS = 0.1  # ... or a tenth of those that are any, if that is less
SIDE_LEAST = 0.01  # a quiet side is measured at 1 % of both sides at least
BAND_SHARE = 0.01  # the band leaves out 1 % a side
DUST = 1e-3  # of the newest weight
EARLY_BAND = 4.0  # scales; while no size is counted
BAR, BAR_SLOPE = 4.6, 0.21  # bar in top sizes at a minute; it falls with the step
EARLY_POINTS = 20  # judged from 20 points on
TAIL_NORMAL, TAIL_MOST = 2.2, 20.0  # top over 80th size of a normal series; heavy tails raise the bar
NOISE_SHARE, NOISE_SLOPE, NOISE_MOST = 0.38, 4.0, 100.0  # a series that is mostly noise lives with large residuals
HOUR_SHARE = 0.75  # a value that lies nearer to the profile than 3/4 of its residual counts less
SIZE_MOST = 1e15  # scales; so that no size is infinite
FLAGGED_SHARE = 0.5  # a flagged residual is learnt as half the bar at most
WALL_SHARE, WALL_HITS = 0.01, 5  # an extreme hit by 1 % of the points is a wall

residual_record = record(
    ("sizes", sided_histogram_record),  # of residuals, in scales
    ("bands", sided_histogram_record),  # of distances from the expectation shown, in scales
    ("wild", wild_record),
    ("scale", "f8"),  # running mean size of residuals
    ("centre", "f8"),  # running mean of the values
    ("spread", "f8"),  # running mean distance from it
    ("top_above", "f8"),
    ("top_below", "f8"),
    ("top_both", "f8"),
    ("size_80", "f8"),  # read from `sizes` now and then
    ("lowest", "f8"),
    ("highest", "f8"),
    ("lowest_hits", "i4"),
    ("highest_hits", "i4"),
    ("hour_scales", "f4", 24),
    ("hour_counts", "u2", 24),
)


class Walls(NamedTuple):
    """What is never passed, less the origin."""

    low: float
    high: float


class Sizes(NamedTuple):
    """The size of a residual, in scales, and what follows from it."""

    shown: float  # against the expectation shown, signed
    agreed: float  # that both memories grant
    bar: float  # in scales
    surprise: float  # size shown over the bar
    noise: float  # 1 for a predictable series, more for noise
    evidence: float


def residual_new(rec: Record) -> None:
    """Begin: no extremes yet."""
    histogram_new(rec["sizes"])
    histogram_new(rec["bands"])
    rec["lowest"], rec["highest"] = 1e300, -1e300


@component
def residual_walls(rec: Record, points: int, origin: float) -> Walls:
    """What is never passed: 0 by values that never did, and an extreme that is hit again and again."""
    low, high = -1e300, 1e300
    if points > 0:
        if rec.lowest + origin >= 0:
            low = -origin
        if rec.highest + origin <= 0:
            high = -origin
        if rec.lowest_hits >= WALL_SHARE * points and rec.lowest_hits >= WALL_HITS:
            low = max(low, rec.lowest)
        if rec.highest_hits >= WALL_SHARE * points and rec.highest_hits >= WALL_HITS:
            high = min(high, rec.highest)
    return Walls(low, high)


@component
def residual_hour(rec: Record, place: Place, pace: Pace, sparse: bool) -> float:
    """The scale of this hour of the day over that of all hours."""
    count = f4(rec.hour_counts[place.hour])
    if count == 0 or rec.scale <= 0 or sparse or not place.calendar:
        return 1.0
    prior = HOUR_PRIOR * pace.per_day / 24.0
    return max(((count * rec.hour_scales[place.hour] + prior * rec.scale) / (count + prior)) / rec.scale, 0.1)


@component
def residual_band(rec: Record, hour_scale: float) -> tuple[float, float]:
    """How far below and above the expectation the band reaches, in units of the value."""
    if rec.scale <= 0:
        return 0.0, 0.0
    if rec.bands.total <= 0:
        return EARLY_BAND * rec.scale, EARLY_BAND * rec.scale
    weight = BAND_SHARE * rec.bands.total
    return (
        top(rec.bands.bins[BELOW], weight) * rec.scale * hour_scale,
        top(rec.bands.bins[ABOVE], weight) * rec.scale * hour_scale,
    )


@component
def residual_extremes(rec: Record, value: float) -> bool:
    """Takes the value into the extremes; true if it is a new one."""
    new = value < rec.lowest or value > rec.highest
    if value < rec.lowest:
        rec.lowest, rec.lowest_hits = value, 0
    if value > rec.highest:
        rec.highest, rec.highest_hits = value, 0
    if value == rec.lowest:
        rec.lowest_hits += 1
    if value == rec.highest:
        rec.highest_hits += 1
    return new


@component
def residual_read(rec: Record) -> None:
    """Reads from the histogram which size is large on each side, on both, and which is ordinary."""
    sizes = rec.sizes
    bins, total = sizes.bins, sizes.total
    below, above = 0.0, 0.0
    for k in range(1, BINS):
        below += bins[BELOW, k]
        above += bins[ABOVE, k]
    if below + above <= 0:
        return
    both = top_of_both(bins, min(TOP_SHARE * total, TOP_OF_EVENTS * (below + above)))
    rec.size_80 = top_of_both(bins, 0.2 * total)
    rec.top_both, rec.top_below, rec.top_above = both, both, both
    if below > 0:
        rec.top_below = min(both, top(bins[BELOW], min(0.5 * TOP_SHARE * total, TOP_OF_EVENTS * below)))
    if above > 0:
        rec.top_above = min(both, top(bins[ABOVE], min(0.5 * TOP_SHARE * total, TOP_OF_EVENTS * above)))
    rec.top_below = max(rec.top_below, SIDE_LEAST * both)
    rec.top_above = max(rec.top_above, SIDE_LEAST * both)


@component
def residual_look(
    rec: Record, pace: Pace, points: int, hour_scale: float, shown: float, agreed: float, sparse: bool
) -> Sizes:
    """`shown` is the residual against the expectation shown, `agreed` the one that both memories grant.

    Surprise compares the first with this series' large residuals, evidence the second, more strictly.
    """
    shown_size, size, bar, surprise, noise, evidence = 0.0, 0.0, 0.0, 0.0, 1.0, 0.0
    if rec.scale > 0:
        if points % 8 == 0 or rec.top_both == 0:
            residual_read(rec)
        shown_size = clip(shown / rec.scale / hour_scale, -SIZE_MOST, SIZE_MOST)
        size = min(abs(agreed) / rec.scale / hour_scale, SIZE_MOST)
        if points >= EARLY_POINTS and rec.top_both > 0:
            large = max(rec.top_above if shown > 0 else rec.top_below, 0.2 * min(1.0, rec.top_both))
            bar = BAR * (pace.bar_step / 60.0) ** -BAR_SLOPE * large
            surprise = abs(shown_size) / bar
            tails = 1.0
            if not sparse:
                tails = clip(rec.top_both / max(rec.size_80, 0.01) / TAIL_NORMAL, 1.0, TAIL_MOST)
                if points >= pace.grown:
                    noise = max(1.0, rec.scale / max(rec.spread, 1e-30) / NOISE_SHARE)
            evidence = size / (bar * min(tails * noise**NOISE_SLOPE, NOISE_MOST))
    return Sizes(shown_size, size, bar, surprise, noise, evidence)


@component
def residual_memory(per_day: float) -> float:
    """Points that the histograms look back over."""
    return clip(HISTOGRAM_DAYS * per_day, HISTOGRAM_LEAST, HISTOGRAM_MOST)


@component
def residual_forget(rec: Record) -> None:
    """Takes back what a wild value did to the scale and to the counts."""
    excess = wild_excess(rec.wild)
    if excess > 0:
        rec.scale -= excess
        if rec.wild.counted > 0:
            bins, k = rec.sizes.bins, bin_of(rec.wild.counted)
            weight = min(rec.wild.unit, bins[rec.wild.side, k])
            bins[rec.wild.side, k] -= weight
            rec.sizes.total -= weight
            if bins[rec.wild.side, k] < DUST * rec.sizes.unit:  # what rounding leaves would be read as an event
                bins[rec.wild.side, k] = 0.0
            rec.wild.counted = 0.0


@component
def residual_learn(
    rec: Record,
    place: Place,
    pace: Pace,
    points: int,
    sizes: Sizes,
    agreed: float,
    spread: float,
    flagged: bool,
    sparse: bool,
) -> None:
    """Histograms, scale and scale of the hour; `spread`: that of the last 20 values."""
    side = ABOVE if sizes.shown > 0 else BELOW
    memory_points = residual_memory(pace.per_day)
    counted = 0.0
    if rec.scale > 0 and points > 5:
        limited = flagged and not sparse
        counted = min(sizes.agreed, FLAGGED_SHARE * sizes.bar) if limited else sizes.agreed
        histogram_learn(rec.sizes, side, counted, memory_points)
    if rec.scale > 0 and points > 20:
        histogram_learn(rec.bands, side, abs(sizes.shown), memory_points)
    size = abs(agreed)
    if points >= START and rec.scale > 0 and not sparse:
        size = min(size, usual_most(rec.scale, spread))
    weight = rate(points, max(SCALE_DAYS * pace.per_day, 500.0))
    rec.scale += weight * (size - rec.scale)
    wild_learn(rec.wild, size, weight, counted, rec.sizes.unit, side)
    if sparse:
        residual_forget(rec)
    if points > 20:
        hour = place.hour
        count = min(i8(rec.hour_counts[hour]) + 1, 65535)
        rec.hour_counts[hour] = count
        rec.hour_scales[hour] += rate(count, max(300.0, pace.per_day / 24 * 14)) * (size - rec.hour_scales[hour])


@component
def residual_spread(rec: Record, pace: Pace, points: int, value: float) -> None:
    """Running mean and mean distance of the values themselves; the first value is the first mean."""
    if points == 0:
        rec.centre = value
        return
    weight = rate(points, max(SCALE_DAYS * pace.per_day, 500.0))
    distance = value - rec.centre
    if points > 50 and rec.spread > 0:
        distance = clip(distance, -4 * rec.spread, 4 * rec.spread)
    rec.centre += weight * distance
    rec.spread += weight * (abs(distance) - rec.spread)
