"""Twin of the sums: many small residuals of one sign."""

import math
from itertools import islice

from anomaly.kernels.clock import WEEK, Pace
from anomaly.kernels.histogram import FIRST_EDGE
from naive.forecaster import rate
from naive.histogram import Histogram


class Sums:
    def __init__(self) -> None:
        self.sizes = Histogram()
        self.last: list[float] = []  # clipped residuals since the last gap
        self.usual = 0.0
        self.squares = {6: 6.0, 12: 12.0}
        self.count = 0  # sums so far
        self.loud, self.last_loud = 0.0, -math.inf

    def gap(self) -> None:
        self.last = []

    def look(self, q: tuple[float, float], pace: Pace, points: int, u: float, *, skip: bool, sparse: bool) -> float:
        """Return e_10; `q`: what is large below and above."""
        self.last.append(min(max(u, -2.2 * q[0]), 2.2 * q[1]))
        if len(self.last) < 12:
            return 0.0
        self.usual += rate(points, 5000) * (self.last[-1] - self.usual)
        usual = 0.0 if sparse else self.usual
        a = 0.0
        for length, square in self.squares.items():
            total = sum(islice(reversed(self.last), length)) - length * usual
            a = max(a, abs(total) / math.sqrt(square))
            if not skip:
                new = total**2 if sparse else min(total**2, 9 * square)
                self.squares[length] += rate(len(self.last) + 50, 5000) * (new - square)
        self.count += 1
        e = self.evidence(a, q[1], pace, points, sparse=sparse)
        if not skip:
            self.sizes.learn(a, min(max(30 * pace.per_day, 500), 10000))
        return e

    def evidence(self, a: float, q: float, pace: Pace, points: int, *, sparse: bool) -> float:
        total, events = self.sizes.total(), self.sizes.events()
        if self.count < pace.grown or q <= FIRST_EDGE or (sparse and events < 200):
            return 0.0
        q10 = max(self.sizes.top(min(0.02 * total, 0.1 * events)), FIRST_EDGE)
        if sparse:
            e = a / (2 * q10)
        else:
            q80 = max(self.sizes.top(0.2 * total), FIRST_EDGE)
            e = a / (2.7 * q10 * max(1, q10 / q80 / 1.7) ** 3)
        self.loud *= 1 - min(1, pace.step / WEEK)
        if e <= 1:
            return e
        self.loud += points - self.last_loud > 60
        self.last_loud = points
        return e**0.3 if self.loud <= 3 else 0.99
