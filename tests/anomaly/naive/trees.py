"""A Random Cut Forest as one would draw it on paper: every tree built whole, every score computed from leaf to root.

The slow, obviously right twin of `anomaly.kernels.trees`. It shares the hash that
stands for randomness, nothing else.
"""

import math
from dataclasses import dataclass

import numpy as np

MASK = 2**64 - 1


def mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def hashed(key: int, number: int) -> int:
    return mix((key + (number + 1) * 0x9E3779B97F4A7C15) & MASK)


def uniform(bits: int) -> float:
    return ((bits >> 12) + 0.5) * 2.0**-52


def tree_key(seed: int, tree: int, purpose: int) -> int:
    return hashed(hashed(mix(seed), tree), purpose)


@dataclass
class Leaf:
    point: np.ndarray
    mass: int


@dataclass
class Branch:
    low: np.ndarray
    high: np.ndarray
    dimension: int
    cut: float
    left: "Branch | Leaf"
    right: "Branch | Leaf"


def sample(seed: int, tree: int, points: int, sample_size: int, window: int, decay: float) -> list[int]:
    """Return which points a tree holds: those whose key i + E/decay lies over the threshold, E exponential."""
    seen = min(points, window)
    mass = sum(math.exp(-decay * age) for age in range(seen))
    inclusion = sample_size / mass
    held = []
    for point in range(points - seen, points):
        u = uniform(hashed(tree_key(seed, tree, 0), point))
        if u < inclusion * math.exp(-decay * (points - 1 - point)):
            held.append(point)
    return held


def build(points: np.ndarray, key: int) -> Branch | Leaf:
    low, high = points.min(axis=0), points.max(axis=0)
    if (low == high).all():
        return Leaf(points[0], len(points))
    remaining = uniform(hashed(key, 0)) * sum(high - low)
    for dimension in np.flatnonzero(high > low):
        side = high[dimension] - low[dimension]
        if remaining < side:
            break
        remaining -= side
    cut = min(low[dimension] + remaining, np.nextafter(high[dimension], low[dimension]))
    left = points[:, dimension] <= cut
    return Branch(low, high, dimension, cut, build(points[left], hashed(key, 1)), build(points[~left], hashed(key, 2)))


def score(tree: Branch | Leaf, query: np.ndarray, tree_mass: int) -> float:
    """AWS's score of one tree, before it is normalised: from the leaf up, s <- P/(k + 1) + (1 - P)*s."""

    def at(node: Branch | Leaf, depth: int) -> float:
        if isinstance(node, Leaf):
            if (node.point == query).all():
                return (1 - node.mass / (2 * tree_mass)) / (depth + math.log2(1 + node.mass))
            return 1 / (depth + 1)
        below = at(node.left if query[node.dimension] <= node.cut else node.right, depth + 1)
        increase = sum(np.maximum(node.low - query, 0) + np.maximum(query - node.high, 0))
        separated = increase / (sum(node.high - node.low) + increase)
        return separated / (depth + 1) + (1 - separated) * below

    return at(tree, 0)


def forest_score(
    points: np.ndarray, query: np.ndarray, *, seed: int, trees: int, sample_size: int, window: int, decay: float
) -> float:
    """Return the mean normalised score of `query` after `points`, shape (n, dimensions), were learned in order."""
    scores = []
    for tree in range(trees):
        held = points[sample(seed, tree, len(points), sample_size, window, decay)]
        if len(held):
            root = build(held, tree_key(seed, tree, 1))
            scores.append(score(root, query, len(held)) * math.log2(1 + len(held)))
    return float(np.mean(scores)) if scores else 0.0
