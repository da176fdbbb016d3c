"""Twin of the residual: scales, histograms of either side, walls, band, evidence."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from anomaly.kernels.clock import Pace
from naive.forecaster import clipped, rate, usual_most
from naive.histogram import Histogram

BELOW, ABOVE = 0, 1


class Sizes(NamedTuple):
    shown: float
    agreed: float
    bar: float
    surprise: float
    noise: float
    evidence: float


@dataclass
class Event:
    """A residual as the scale knows it."""

    size: float
    part: float  # of the scale
    kept: tuple[int, int, float] | None  # in the histogram


class Residual:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sizes, self.bands = Histogram(), Histogram()
        self.scale = self.centre = self.spread = 0.0
        self.values: list[float] = []
        self.hours = dict.fromkeys(range(24), (0, 0.0))  # points, mean size
        self.q2 = self.q80 = 0.0
        self.q = {BELOW: 0.0, ABOVE: 0.0}

    def walls(self, origin: float) -> tuple[float, float]:
        low, high = -math.inf, math.inf
        lowest, highest = min(self.values), max(self.values)
        n = len(self.values)
        low = -origin if lowest + origin >= 0 else low
        high = -origin if highest + origin <= 0 else high
        if self.values.count(lowest) >= max(5, 0.01 * n):
            low = max(low, lowest)
        if self.values.count(highest) >= max(5, 0.01 * n):
            high = min(high, highest)
        return low, high

    def extremes(self, value: float) -> bool:
        new = not self.values or not min(self.values) <= value <= max(self.values)
        self.values.append(value)
        return new

    def hour_scale(self, hour: int, pace: Pace, *, sparse: bool) -> float:
        points, mean = self.hours[hour]
        if points == 0 or self.scale <= 0 or sparse:
            return 1.0
        prior = 3 * pace.per_day / 24  # points of three days
        return max((points * mean + prior * self.scale) / (points + prior) / self.scale, 0.1)

    def band(self, sh: float) -> tuple[float, float]:
        if not self.bands.sizes:
            return (4 * self.scale,) * 2
        weight = 0.01 * self.bands.total()
        return tuple(self.scale * sh * self.bands.top(weight, side) for side in (BELOW, ABOVE))

    def read(self) -> None:
        total, events = self.sizes.total(), self.sizes.events()
        if events <= 0:
            return
        self.q2 = self.sizes.top(min(0.03 * total, 0.1 * events))
        self.q80 = self.sizes.top(0.2 * total)
        for side in (BELOW, ABOVE):
            own = self.sizes.events(side)
            q = self.sizes.top(min(0.015 * total, 0.1 * own), side) if own > 0 else self.q2
            self.q[side] = max(min(self.q2, q), 0.01 * self.q2)

    def look(self, pace: Pace, points: int, sh: float, shown: float, agreed: float, *, sparse: bool) -> Sizes:
        if self.scale <= 0:
            return Sizes(0, 0, 0, 0, 1, 0)
        if points % 8 == 0 or self.q2 == 0:
            self.read()
        size, z = clipped(shown / (self.scale * sh), 1e15), min(abs(agreed) / (self.scale * sh), 1e15)
        if points < 20 or self.q2 == 0:
            return Sizes(size, z, 0, 0, 1, 0)
        q = max(self.q[ABOVE if shown > 0 else BELOW], 0.2 * min(1, self.q2))
        base = 4.6 * (pace.bar_step / 60) ** -0.21 * q
        hv = 1.0 if sparse else min(max(1, self.q2 / max(self.q80, 0.01) / 2.2), 20)
        rho = 1.0
        if not sparse and points >= pace.grown:
            rho = max(1, self.scale / (0.38 * max(self.spread, 1e-30)))
        return Sizes(size, z, base, abs(size) / base, rho, z / (base * min(hv * rho**4, 100)))

    def learn(
        self,
        hour: int,
        pace: Pace,
        points: int,
        sizes: Sizes,
        agreed: float,
        spread: float,
        *,
        flagged: bool,
        sparse: bool,
    ) -> None:
        side = ABOVE if sizes.shown > 0 else BELOW
        memory = min(max(30 * pace.per_day, 500), 10000)
        kept = None
        if self.scale > 0 and points > 5:
            z = min(sizes.agreed, 0.5 * sizes.bar) if flagged and not sparse else sizes.agreed
            kept = self.sizes.learn(z, memory, side)
        if self.scale > 0 and points > 20:
            self.bands.learn(abs(sizes.shown), memory, side)
        size = abs(agreed)
        if points >= 12 and self.scale > 0 and not sparse:
            size = min(size, usual_most(self.scale, spread))
        weight = rate(points, max(7 * pace.per_day, 500))
        self.scale += weight * (size - self.scale)
        self.events = [Event(e.size, e.part * (1 - weight), e.kept) for e in self.events]
        self.events.append(Event(size, weight * size, kept))
        if sparse:
            self.forget_wild()
        if points > 20:
            n, mean = self.hours[hour]
            self.hours[hour] = n + 1, mean + rate(n + 1, max(300, 14 * pace.per_day / 24)) * (size - mean)

    def forget_wild(self) -> None:
        """Let the largest count as ten times the second in the scale, and not in the histogram, if it is more."""
        second, wild = [Event(0, 0, None), *sorted(self.events, key=lambda event: event.size)][-2:]
        if 0 < 10 * second.size < wild.size:
            back = wild.part * (1 - 10 * second.size / wild.size)
            self.scale -= back
            wild.part -= back
            wild.size = 10 * second.size
            if wild.kept:
                self.sizes.sizes.remove(wild.kept)
                wild.kept = None

    def learn_spread(self, pace: Pace, points: int, x: float) -> None:
        if points == 0:
            self.centre = x
            return
        off = x - self.centre
        if points > 50 and self.spread > 0:
            off = clipped(off, 4 * self.spread)
        weight = rate(points, max(7 * pace.per_day, 500))
        self.centre += weight * off
        self.spread += weight * (abs(off) - self.spread)
