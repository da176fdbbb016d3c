"""Twin of the forests: fading sketches, the score from explicit distances, the nearest shapes by brute force."""

import itertools
import math

import numpy as np

MEMORY = 4096


class Sketch:
    """Values with weights that fade; one new point weighs 1."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.weights: dict[np.float32, float] = {}

    def learn(self, value: np.float32) -> None:
        kept = {v: w / (1 + 1 / MEMORY) for v, w in self.weights.items()}
        kept[value] = kept.get(value, 0.0) + 1
        self.weights = {v: kept[v] for v in sorted(kept) if kept[v] >= 0.36788}  # 1/e
        if len(self.weights) > self.limit:
            self.merge()

    def merge(self) -> None:
        """Join the neighbours that lose least, gap times the lighter weight, at the heavier one; extremes stay."""
        values = list(self.weights)
        inner = itertools.pairwise(values[1:-1])
        low, high = min(inner, key=lambda pair: (pair[1] - pair[0]) * min(map(self.weights.get, pair)))
        both = self.weights[low] + self.weights[high]
        gone = low if self.weights[high] > self.weights[low] else high
        self.weights[low if gone is high else high] = both
        del self.weights[gone]

    def total(self) -> float:
        return sum(self.weights.values())

    def score(self, value: np.float32) -> float:
        """Return the score at the mean depth of a random cut tree over these values."""
        n, own = self.total(), self.weights.get(value, 0.0)
        if not self.weights or (own and len(self.weights) == 1):
            return 0.0
        depth = 0.0
        for side in (1, -1):
            distances = sorted(side * (float(v) - float(value)) for v in self.weights if side * (v - value) > 0)
            depth += sum((d - nearer) / d for nearer, d in zip([0, *distances], distances, strict=False))
        if own:
            return math.log2(1 + n) * (1 - 0.5 * own / n) / (depth + math.log2(1 + own))
        return math.log2(1 + n) / max(depth, 1)

    def median(self) -> float:
        below = 0.0
        for value, weight in self.weights.items():
            below += weight
            if below >= 0.5 * self.total():
                return value
        return 0.0


def shape_distance(values: list[float], width: int = 32, lags: int = 256) -> float:
    """Return the root mean square distance of the last `width` values to the three nearest earlier windows, their mean.

    Earlier: by 32 to 256 points; from the 65th point on.
    """
    if len(values) <= 2 * width:
        return 0.0
    newest = values[-width:]
    found = []
    for lag in range(width, min(lags, len(values) - width) + 1):
        earlier = values[: len(values) - lag][-width:]
        squares = [(a - b) ** 2 for a, b in zip(newest, earlier, strict=True)]
        found.append(math.sqrt(sum(squares) / width))
    nearest = sorted(found)[:3]
    return sum(nearest) / len(nearest)


class Forests:
    def __init__(self) -> None:
        self.values: list[np.float32] = []
        self.of_values, self.of_means, self.of_shapes = Sketch(112), Sketch(96), Sketch(64)

    def few(self) -> bool:
        return len(self.of_values.weights) < 8

    def mean(self, value: np.float32) -> float:
        last = [float(x) for x in [*self.values, value][-32:]]
        return sum(last) / len(last)

    def value_score(self, value: np.float32, *, extreme: bool, sparse: bool) -> float:
        seen = sorted(self.of_values.weights)
        if self.few():
            if value in seen:
                return 0.0
            mean_gap = (float(seen[-1]) - float(seen[0])) / (len(seen) - 1) if len(seen) >= 2 else -1.0
            if any(abs(float(value) - float(v)) <= 1.5 * mean_gap for v in seen):
                return 0.0
        elif sparse and not extreme:
            return 0.0
        return self.of_values.score(value)

    def look(
        self, value: np.float32, mean: np.float32, shape: np.float32, *, extreme: bool, sparse: bool
    ) -> tuple[float, float, float, float, float]:
        """Return F_v, F_m, f, the share of this value and the weight of all."""
        points = len(self.values)
        f_v = self.value_score(value, extreme=extreme, sparse=sparse) if points > 10 else 0.0
        f_m = self.of_means.score(mean) if points > 10 and not self.few() and not sparse else 0.0
        f = 0.3
        if points > 20:
            f = max(0.3, self.of_shapes.score(shape))
            f = min(0.5, f) if shape <= self.of_shapes.median() else f
        weight = self.of_values.total()
        return f_v, f_m, f, self.of_values.weights.get(value, 0.0) / weight if weight else 0.0, weight

    def learn(self, value: np.float32, mean: np.float32, shape: np.float32, *, few: bool) -> None:
        self.values.append(value)
        self.of_values.learn(value)
        if not few:
            self.of_means.learn(mean)
        self.of_shapes.learn(shape)


def bar(step: float) -> float:
    return 2.67 * max(300 / step, 1) ** 0.34
