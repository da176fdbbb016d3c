"""Twin of the score: how rare this much evidence is in this very series, and the rank."""

import math

from naive.histogram import Histogram, bin_of


class Score:
    def __init__(self) -> None:
        self.evidence = Histogram()
        self.rank = 0.0

    def of(self, e: float) -> float:
        if e >= 1:
            return 100 * (1 - 0.3 ** ((e - 0.4) / 0.6))
        here, weights = bin_of(e), self.evidence.weights()
        if here == 0:
            return 0.0
        share = (sum(weights[here + 1 :]) + 0.5 * weights[here] + 1) / (sum(weights) + 1)
        return min(69.0, 20 * math.log10(1 / share))

    def learn(self, e: float) -> None:
        self.evidence.learn(e, 10000)

    def ranked(self, surprise: float, forest: float) -> float:
        self.rank += 0.3 * (surprise + forest - self.rank)
        return self.rank
