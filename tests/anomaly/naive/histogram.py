"""Twin of the fading histogram: every size that ever came, with the weight that is left of it."""

import math
from bisect import bisect_right

from anomaly.kernels.histogram import BINS, BINS_AN_OCTAVE, FIRST_EDGE

EDGES = [FIRST_EDGE * 2 ** (k / BINS_AN_OCTAVE) for k in range(BINS)]  # bin k lies between edges k - 1 and k


def bin_of(size: float) -> int:
    return min(bisect_right(EDGES, size), BINS - 1)


class Histogram:
    def __init__(self) -> None:
        self.sizes: list[tuple[int, int, float]] = []  # side, bin, how old the histogram was
        self.age = 0.0  # in memories: a weight is exp(-age)

    def learn(self, size: float, memory: float, side: int = 0) -> tuple[int, int, float]:
        """Return what was kept of it."""
        self.age += math.log1p(1 / memory)
        self.sizes.append((side, bin_of(size), self.age))
        return self.sizes[-1]

    def weights(self, *sides: int) -> list[float]:
        """Weight of each bin on these sides (none given: on all); the newest weighs 1."""
        found = [0.0] * BINS
        for side, k, then in self.sizes:
            if not sides or side in sides:
                found[k] += math.exp(then - self.age)
        return found

    def total(self) -> float:
        return sum(self.weights())

    def events(self, *sides: int) -> float:
        """Weight above bin 0."""
        return sum(self.weights(*sides)[1:])

    def top(self, weight: float, *sides: int) -> float:
        """Return the size over which `weight` lies, sizes in a bin being spread evenly on the logarithmic scale."""
        weights = self.weights(*sides)
        for k in range(BINS - 1, 0, -1):
            more = sum(weights[k + 1 :])
            if weights[k] > 0 and more + weights[k] >= weight:
                return EDGES[k] * (EDGES[k - 1] / EDGES[k]) ** ((weight - more) / weights[k])
        return FIRST_EDGE
