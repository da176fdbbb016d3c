"""Has anything like this been seen?  Random cut forests of the value, the mean of 32 and the shape of 32."""

from math import log2, sqrt
from typing import NamedTuple

import numpy as np

from anomaly.kernels.arithmetic import Array, Record, f4, record
from anomaly.kernels.compile import component
from anomaly.kernels.histogram import UNIT_LIMIT

# A sketch keeps fading weights of at most B values.  From it the score of a one-dimensional random cut forest of
# infinitely many trees follows in closed form: the expected depth at which random cuts part a value from the others.
WINDOW, LAGS = 32, 256  # points of a shape; it is compared with those that lie 32 to 256 points earlier
RING = LAGS + WINDOW  # back to the oldest point that a comparison needs
FAR = 3e38  # a squared distance larger than any
SKETCH_MEMORY = 4096.0  # points
VALUE_SKETCH, MEAN_SKETCH, SHAPE_SKETCH = 112, 96, 64  # values kept
FOREST_BAR, FOREST_SLOPE = 2.67, 0.34  # bar from five minutes on; higher below
FEW = 8  # fewer distinct values than this: a series of states, not of sizes
FEW_STEP = 1.5  # a step of 1.5 mean gaps is no news among states
SHAPE_LEAST, SHAPE_ORDINARY = 0.3, 0.5  # factor of a familiar shape, at most and at least

tally_record = record(("unit", "f8"), ("total", "f8"), ("count", "i8"))  # weight of the newest, of all, values kept


def sketch_of(size: int) -> np.dtype[np.void]:
    """Return the dtype of a sketch of at most `size` values."""
    return record(("tally", tally_record), ("values", "f4", size + 1), ("weights", "f4", size + 1))  # sorted; one spare


forests_record = record(
    ("value_sketch", sketch_of(VALUE_SKETCH)),
    ("mean_sketch", sketch_of(MEAN_SKETCH)),
    ("shape_sketch", sketch_of(SHAPE_SKETCH)),
    ("window_sum", "f8"),
    ("ring", "f4", RING),  # values, for shapes
)
BOUNDS = (
    ("value_sketch.tally.count", 0, VALUE_SKETCH),
    ("mean_sketch.tally.count", 0, MEAN_SKETCH),
    ("shape_sketch.tally.count", 0, SHAPE_SKETCH),
)


class Forests(NamedTuple):
    """What the forests say of the newest value."""

    value: float  # score of the value
    mean: float  # score of the mean of 32
    shape_factor: float  # how unusual the shape of the last 32 is
    share: float  # of this very value among all
    weight: float  # of all values, in points
    shape: float  # distance to the nearest shapes
    window_mean: float


def forests_new(rec: Record) -> None:
    """Begin: the newest weighs 1."""
    for name in ("value_sketch", "mean_sketch", "shape_sketch"):
        rec[name]["tally"]["unit"] = 1.0


@component
def place_in(values: Array, count: int, value: float) -> int:
    """Index of the first value that is not less."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@component
def forest_score(values: Array, weights: Array, tally: Record, value: float) -> float:
    """How easily random cuts part the value from what the sketch holds: 0 for the familiar, about log2(points) at most.

    Its expected depth is the sum over its neighbours, on either side, of gap over distance.
    """
    count = tally.count
    points = tally.total / tally.unit
    if count < 2:
        return log2(1.0 + points) if count == 1 and values[0] != value else 0.0
    low = place_in(values, count, value)
    high, own = low, 0.0
    if high < count and values[high] == value:
        own = weights[high] / tally.unit
        high += 1
    depth = 1.0 if high < count else 0.0  # on either side, the nearest: gap = distance
    for k in range(high + 1, count):
        depth += (values[k] - values[k - 1]) / (values[k] - value)
    depth += 1.0 if low > 0 else 0.0
    for k in range(low - 2, -1, -1):
        depth += (values[k + 1] - values[k]) / (value - values[k])
    if own > 0:
        depth += log2(1.0 + own)
        score = 1.0 / depth * (1.0 - 0.5 * min(own / points, 1.0)) if depth > 0 else 0.5
    else:
        score = 1.0 / max(depth, 1.0)
    return score * log2(1.0 + points)


@component
def sketch_learn(values: Array, weights: Array, tally: Record, value: float) -> None:
    """Adds the value, drops what has faded, and if the sketch is full merges the two neighbours that lose least."""
    size, count = values.size - 1, tally.count
    tally.unit *= 1.0 + 1.0 / SKETCH_MEMORY
    i = place_in(values, count, value)
    if i < count and values[i] == value:
        weights[i] += tally.unit
    else:
        for k in range(count, i, -1):
            values[k] = values[k - 1]
            weights[k] = weights[k - 1]
        values[i] = value
        weights[i] = tally.unit
        count += 1
    faded = tally.unit * 0.36788  # a value lighter than 1/e of the newest
    kept, total = 0, 0.0
    for k in range(count):
        if weights[k] >= faded:
            if kept != k:
                values[kept] = values[k]
                weights[kept] = weights[k]
            total += weights[kept]
            kept += 1
    count = kept
    if count > size:
        merged, least = 1, 1e300
        for k in range(2, count - 1):  # the extremes stay
            loss = (values[k] - values[k - 1]) * min(weights[k], weights[k - 1])
            if loss < least:
                merged, least = k, loss
        both = weights[merged] + weights[merged - 1]
        if weights[merged] > weights[merged - 1]:  # the heavier one's value stays exact
            values[merged - 1] = values[merged]
        weights[merged - 1] = both
        for k in range(merged, count - 1):
            values[k] = values[k + 1]
            weights[k] = weights[k + 1]
        count -= 1
    if tally.unit > UNIT_LIMIT:
        for k in range(count):
            weights[k] /= tally.unit
        total /= tally.unit
        tally.unit = 1.0
    tally.total = total
    tally.count = count


@component
def sketch_median(values: Array, weights: Array, tally: Record) -> float:
    """The value at which half of the weight is reached; 0 if there is none."""
    weight = 0.0
    for k in range(tally.count):
        weight += weights[k]
        if weight >= 0.5 * tally.total:
            return values[k]
    return f4(0.0)


@component
def unroll(ring: Array, points: int, value: float, past: Array) -> None:
    """The ring in order of time, oldest first, and the newest value last."""
    head = points % RING
    for k in range(RING - head):
        past[k] = ring[head + k]
    for k in range(head):
        past[RING - head + k] = ring[k]
    past[RING] = value


@component
def distance_to_nearest(past: Array, width: int, last_lag: int, distances: Array) -> float:
    """Mean distance, a point, of the last `width` (even) values to the three nearest earlier ones; 0 if there are none.

    Earlier: by at least `width` points and at most `last_lag`.
    """
    count = last_lag - width + 1
    if count <= 0:
        return 0.0
    for m in range(count):
        distances[m] = 0
    for k in range(0, width, 2):
        one, two = past[RING - k], past[RING - k - 1]
        earlier = past[RING - k - 1 - last_lag :]
        for m in range(count):
            a, b = one - earlier[m + 1], two - earlier[m]
            distances[m] += a * a + b * b
    first, second, third = FAR, FAR, FAR
    for m in range(count):
        d = distances[m]
        if d < third:
            third = max(second, d)
            second = min(second, max(first, d))
            first = min(first, d)
    total = sqrt(first)
    if count > 1:
        total += sqrt(second)
    if count > 2:
        total += sqrt(third)
    return total / min(count, 3) / sqrt(width)


@component
def window_mean(rec: Record, points: int, value: float) -> float:
    """Mean of the last 32 values; its sum is made anew now and then."""
    rec.window_sum += value
    if points >= WINDOW:
        rec.window_sum -= rec.ring[(points - WINDOW) % RING]
        if points % 512 == 0:
            rec.window_sum = value
            for k in range(1, WINDOW):
                rec.window_sum += rec.ring[(points - k) % RING]
    return f4(rec.window_sum / min(points + 1, WINDOW))


@component
def is_few(rec: Record) -> bool:
    """Whether the series takes so few values that they are states, not sizes."""
    return rec.value_sketch.tally.count < FEW


@component
def forest_of_values(rec: Record, value: float, new_extreme: bool, is_sparse: bool) -> tuple[float, float]:
    """(score, share of this very value); silent where a value is no news."""
    values, weights, sketch = rec.value_sketch.values[:], rec.value_sketch.weights[:], rec.value_sketch.tally
    score = forest_score(values, weights, sketch, value)
    count = sketch.count
    i = place_in(values, count, value)
    share = weights[i] / sketch.total if i < count and values[i] == value else 0.0
    if is_few(rec):
        gap = 1e300
        if i < count:
            gap = values[i] - value
        if i > 0:
            gap = min(gap, value - values[i - 1])
        if share > 0 or (count >= 2 and gap <= FEW_STEP * (values[count - 1] - values[0]) / (count - 1)):
            score = 0.0
    elif is_sparse and not new_extreme:
        score = 0.0
    return score, share


@component
def forests_look(
    rec: Record, points: int, value: float, new_extreme: bool, is_sparse: bool, scratch: Record
) -> Forests:
    """Scores of the value, of the mean and of the shape, from what was learnt before."""
    score, share = forest_of_values(rec, value, new_extreme, is_sparse)
    mean = window_mean(rec, points, value)
    mean_score = 0.0
    if points > 10 and not is_few(rec) and not is_sparse:
        mean_score = forest_score(rec.mean_sketch.values[:], rec.mean_sketch.weights[:], rec.mean_sketch.tally, mean)
    unroll(rec.ring, points, value, scratch.past)
    last_lag = min(LAGS, points - WINDOW + 1) if points >= 2 * WINDOW else 0
    shape = f4(distance_to_nearest(scratch.past[:], WINDOW, last_lag, scratch.distances[:]))
    factor = SHAPE_LEAST
    if points > 20:
        values, weights = rec.shape_sketch.values[:], rec.shape_sketch.weights[:]
        factor = max(SHAPE_LEAST, forest_score(values, weights, rec.shape_sketch.tally, shape))
        if shape <= sketch_median(values, weights, rec.shape_sketch.tally):
            factor = min(SHAPE_ORDINARY, factor)
    weight = rec.value_sketch.tally.total / rec.value_sketch.tally.unit  # of all values, in points
    return Forests(score if points > 10 else 0.0, mean_score, factor, share, weight, shape, mean)


@component
def forests_bar(bar_step: float) -> float:
    """The shorter the step, the more rows a week, the more chances of a false alert, the higher the bar."""
    return FOREST_BAR * max(300.0 / bar_step, 1.0) ** FOREST_SLOPE


@component
def forests_learn(rec: Record, points: int, value: float, seen: Forests, few: bool) -> None:
    """Takes value, mean and shape into the sketches."""
    rec.ring[points % RING] = value
    sketch_learn(rec.value_sketch.values[:], rec.value_sketch.weights[:], rec.value_sketch.tally, value)
    if not few:
        sketch_learn(rec.mean_sketch.values[:], rec.mean_sketch.weights[:], rec.mean_sketch.tally, seen.window_mean)
    sketch_learn(rec.shape_sketch.values[:], rec.shape_sketch.weights[:], rec.shape_sketch.tally, seen.shape)
