"""Kernels of the Random Cut Forest: which points a tree holds, and how a tree, drawn along one path, sees a point.

Nothing of a tree is stored. A tree is a pure function of the seed, its number and the points it holds, and which points
it holds is a pure function of the seed, its number and how many points were seen. So a query draws only the cuts on its
own way from the root to its leaf: at every node, the box of the points that are left, one random cut of it, and the
points on the query's side of the cut.

Sampling. AWS's sampler (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006, in log space with
time decay) gives point i the key i + E/decay with E exponential, and keeps the `sample_size` largest keys. Here a
tree keeps every key above a threshold that makes the expected number of points `sample_size`: the same law of
inclusion by age, exp(-decay * age), without a heap, and without state, because E is a hash of (seed, tree, i).

Scores. AWS's formula (`CommonUtils` and `anomalydetection/` in random-cut-forest-by-aws), read from the root down.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.kernels.compile import component, entry

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class ForestShape(NamedTuple):
    """What a forest is, fixed for its life. `window` is the age, in points, at which a point is forgotten."""

    features: int
    shingle_size: int
    trees: int
    sample_size: int
    window: int
    time_decay: float
    seed: np.uint64


class ForestArrays(NamedTuple):
    """What a forest remembers (`history`, `clock`), and what follows from it and is kept only for speed.

    `history`       (rows * features,) the latest observations, oldest first.
    `clock`         (2,) observations seen; number of the observation at `history[0]`.
    `members`       (trees, capacity) numbers of the points each tree holds, ascending.
    `keys`          (trees, capacity) their sampling keys.
    `sizes`         (trees,) how many points each tree holds.
    `smallest_keys` (trees,) the smallest key of each tree: no member leaves before the threshold reaches it.
    """

    history: FloatArray
    clock: IntArray
    members: npt.NDArray[np.int32]
    keys: FloatArray
    sizes: IntArray
    smallest_keys: FloatArray


@component
def mix(value: np.uint64) -> np.uint64:
    """Scramble 64 bits (the finaliser of SplitMix64; Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@component
def hashed(key: np.uint64, number: int) -> np.uint64:
    """Return the `number`-th value of the random sequence that `key` stands for."""
    return mix(key + (np.uint64(number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


@component
def uniform(bits: np.uint64) -> float:
    """Turn 64 random bits into a number in (0, 1), never 0 and never 1."""
    return float((np.float64(bits >> np.uint64(12)) + 0.5) * 2.0**-52)


@component
def tree_key(shape: ForestShape, tree: int, purpose: int) -> np.uint64:
    """Return the key of a tree's random numbers: purpose 0 samples points, purpose 1 draws cuts."""
    return hashed(hashed(mix(shape.seed), tree), purpose)


@component
def points_seen(shape: ForestShape, arrays: ForestArrays) -> int:
    """Return how many whole points (shingles) have been learned."""
    return int(max(0, arrays.clock[0] - shape.shingle_size + 1))


@component
def sampling_threshold(shape: ForestShape, points: int) -> float:
    """Return the key above which a point is sampled, when `points` have been seen.

    A point of age a is held with probability min(1, p * exp(-decay * a)); p makes these sum to `sample_size` over
    the window (over all points, while fewer were seen).
    """
    seen = min(points, shape.window)
    mass = (1.0 - np.exp(-shape.time_decay * seen)) / (1.0 - np.exp(-shape.time_decay))
    return float((points - 1) - np.log(shape.sample_size / mass) / shape.time_decay)


@component
def sample_point(shape: ForestShape, arrays: ForestArrays, point: int, threshold: float) -> None:
    """Offer a point to the sampler of every tree."""
    # Comparing u with its bound first spares the logarithm for the nine points in ten that are not sampled.
    bound = np.exp(shape.time_decay * (point - threshold)) * (1.0 + 1e-9)
    for tree in range(shape.trees):
        u = uniform(hashed(tree_key(shape, tree, 0), point))
        if u >= bound:
            continue
        key = point - np.log(u) / shape.time_decay
        if key <= threshold:
            continue
        size = arrays.sizes[tree]
        if size == arrays.members.shape[1]:  # never seen: the capacity is eight standard deviations above the mean
            continue
        arrays.members[tree, size] = point
        arrays.keys[tree, size] = key
        arrays.sizes[tree] = size + 1
        arrays.smallest_keys[tree] = min(arrays.smallest_keys[tree], key)


@component
def forget_points(shape: ForestShape, arrays: ForestArrays, points: int, threshold: float) -> None:
    """Drop the points whose key the threshold has reached or whose age has reached the window."""
    oldest = points - shape.window
    for tree in range(shape.trees):
        size = arrays.sizes[tree]
        if size == 0 or (arrays.smallest_keys[tree] > threshold and arrays.members[tree, 0] >= oldest):
            continue
        kept = 0
        smallest = np.inf
        for j in range(size):
            if arrays.keys[tree, j] > threshold and arrays.members[tree, j] >= oldest:
                arrays.members[tree, kept] = arrays.members[tree, j]
                arrays.keys[tree, kept] = arrays.keys[tree, j]
                smallest = min(smallest, arrays.keys[tree, j])
                kept += 1
        arrays.sizes[tree] = kept
        arrays.smallest_keys[tree] = smallest


@entry
def append_observation(shape: ForestShape, arrays: ForestArrays, values: FloatArray) -> None:
    """Write an observation behind the history, making room by dropping what no point can need any more."""
    features = shape.features
    rows = arrays.history.size // features
    held = arrays.clock[0] - arrays.clock[1]
    if held == rows:
        keep = shape.window + shape.shingle_size - 1
        for j in range(keep * features):
            arrays.history[j] = arrays.history[(held - keep) * features + j]
        arrays.clock[1] += held - keep
        held = keep
    for f in range(features):
        arrays.history[held * features + f] = values[f]


@entry
def learn(shape: ForestShape, arrays: ForestArrays) -> None:
    """Take the observation that `append_observation` wrote into the forest."""
    arrays.clock[0] += 1
    points = points_seen(shape, arrays)
    if points == 0:
        return
    threshold = sampling_threshold(shape, points)
    forget_points(shape, arrays, points, threshold)
    sample_point(shape, arrays, points - 1, threshold)


@entry
def rebuild_samples(shape: ForestShape, arrays: ForestArrays) -> None:
    """Find again, from the number of points seen alone, which points each tree holds."""
    arrays.sizes[:] = 0
    arrays.smallest_keys[:] = np.inf
    points = points_seen(shape, arrays)
    if points == 0:
        return
    threshold = sampling_threshold(shape, points)
    for point in range(max(0, points - shape.window), points):
        sample_point(shape, arrays, point, threshold)


@component
def gather(shape: ForestShape, arrays: ForestArrays, tree: int, starts: IntArray) -> int:
    """Write where in the history each point of a tree starts; return their number."""
    size = arrays.sizes[tree]
    base = arrays.clock[1]
    for j in range(size):
        starts[j] = (arrays.members[tree, j] - base) * shape.features
    return int(size)


@component
def measure_box(history: FloatArray, starts: IntArray, size: int, known: IntArray, box: FloatArray) -> float:
    """Write the bounding box of the points at `starts` over the `known` dimensions; return the sum of its sides."""
    total = 0.0
    for k in range(known.size):
        d = known[k]
        low = history[starts[0] + d]
        high = low
        for j in range(1, size):
            value = history[starts[j] + d]
            low = min(low, value)
            high = max(high, value)
        box[0, d] = low
        box[1, d] = high
        total += high - low
    return total


@component
def draw_cut(bits: np.uint64, known: IntArray, box: FloatArray, total: float) -> tuple[int, float]:
    """Draw a random cut of a box: a dimension with probability its side over `total`, and a place on that side.

    Returns the dimension and the cut, low <= cut < high; points with coordinate <= cut are left of it.
    """
    remaining = uniform(bits) * total
    chosen = -1
    for k in range(known.size):
        d = known[k]
        side = box[1, d] - box[0, d]
        if side > 0.0:
            chosen = d  # stays the last side with a length, should rounding leave `remaining` beyond every side
            if remaining < side:
                break
            remaining -= side
    cut = box[0, chosen] + remaining
    if not cut < box[1, chosen]:
        cut = np.nextafter(box[1, chosen], box[0, chosen])
    return chosen, cut


@component
def keep_side(history: FloatArray, starts: IntArray, size: int, dimension: int, cut: float, left: bool) -> int:
    """Keep the points on one side of a cut, in their order; return their number."""
    kept = 0
    for j in range(size):
        start = starts[j]
        starts[kept] = start
        if (history[start + dimension] <= cut) == left:
            kept += 1
    return kept


@component
def score_in_tree(
    key: np.uint64,
    history: FloatArray,
    starts: IntArray,
    size: int,
    query: FloatArray,
    known: IntArray,
    box: FloatArray,
) -> float:
    """Return AWS's score of `query` in one tree over the points at `starts`, in (0, log2(1 + size)].

    From the leaf to the root AWS computes s <- P/(k + 1) + (1 - P)*s at each ancestor of depth k, with P the
    probability that a cut of (box and query) separates the query. Unrolled from the root, with `reach` the product
    of (1 - P) so far: s = sum of reach * P/(k + 1), plus reach * (score at the leaf).
    """
    tree_mass = size
    score = 0.0
    reach = 1.0
    depth = 0
    while True:
        total = measure_box(history, starts, size, known, box)
        outside = 0.0
        for k in range(known.size):
            d = known[k]
            outside += max(0.0, box[0, d] - query[d]) + max(0.0, query[d] - box[1, d])
        if total == 0.0:  # a leaf: one point, or several equal ones
            if outside > 0.0:
                seen = 1.0 / (depth + 1.0)
            else:
                seen = (1.0 - size / (2.0 * tree_mass)) / (depth + np.log2(1.0 + size))
            return float((score + reach * seen) * np.log2(1.0 + tree_mass))
        if outside > 0.0:
            separated = outside / (total + outside)
            score += reach * separated / (depth + 1.0)
            reach *= 1.0 - separated
        dimension, cut = draw_cut(hashed(key, 0), known, box, total)
        left = query[dimension] <= cut
        size = keep_side(history, starts, size, dimension, cut, left)
        key = hashed(key, 1 if left else 2)
        depth += 1


@entry
def score_query(shape: ForestShape, arrays: ForestArrays, query: FloatArray, known: IntArray) -> float:
    """Return the mean score of `query` on its `known` dimensions over the trees; 0.0 while the forest is empty."""
    starts = np.empty(arrays.members.shape[1], np.int64)
    box = np.empty((2, shape.features * shape.shingle_size))
    total = 0.0
    trees = 0
    for tree in range(shape.trees):
        size = gather(shape, arrays, tree, starts)
        if size > 0:
            total += score_in_tree(tree_key(shape, tree, 1), arrays.history, starts, size, query, known, box)
            trees += 1
    return total / trees if trees > 0 else 0.0
