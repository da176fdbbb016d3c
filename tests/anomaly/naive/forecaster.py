"""Twin of the forecaster: profile of day and week, memory of the last values, eight predictors and their mixture."""

import math
from collections import deque
from statistics import median

import numpy as np

from anomaly.kernels.clock import DAY, Pace
from naive.clock import moment

SLOTS, NODES = 96, 168


def hats(position: float, count: int) -> dict[int, float]:
    """Return the two nodes of a circle that a position lies between, each with its weight, 1 - distance."""
    before = int(position)
    return {before: 1 - (position - before), (before + 1) % count: position - before}


def clipped(x: float, most: float) -> float:
    return min(max(x, -most), most)


def usual_most(mean: float, spread: float) -> float:
    """Return eight means; if the middle half of the last values spreads over more than fifty, what it spreads over."""
    return spread if spread > 50 * mean else 8 * mean


def rate(count: float, longest: float) -> float:
    return max(1 / count, 1 / longest)


class Memory:
    """The last 20 values and what the profile missed lately."""

    def __init__(self) -> None:
        self.values: deque[np.float32] = deque(maxlen=20)
        self.deviations: deque[np.float32] = deque([np.float32(0)] * 3, maxlen=3)
        self.hour = self.six_hours = 0.0  # exponential means

    def push(self, value: float) -> None:
        self.values.append(np.float32(value))

    def median(self) -> float:
        return float(median(map(float, self.values)))

    def spread(self) -> float:
        ranked = sorted(map(float, self.values))
        return ranked[3 * len(ranked) // 4] - ranked[len(ranked) // 4] if ranked else 0.0

    def deviate(self, step: float, count: int, deviation: float) -> None:
        self.deviations.append(np.float32(deviation))
        self.hour += min(0.5, step / 3600) * (deviation - self.hour)
        self.six_hours += max(min(0.5, step / 21600), 1 / count) * (deviation - self.six_hours)

    def predictions(self, profile: "Profile", expected: float) -> list[float | None]:
        last = [float(value) for value in self.values]
        found: list[float | None] = [
            last[-1],
            median(last[-3:]) if len(last) >= 3 else None,
            self.median() if len(last) >= 5 else None,
        ]
        if not profile.ready or profile.points < 3:
            return [*found, None, None, None, None, None]
        offs = float(self.deviations[-1]), median(map(float, self.deviations)), self.hour, self.six_hours, 0.0
        return found + [expected + off for off in offs]


class Profile:
    """P = level + shape of the day + correction of the week."""

    def __init__(self) -> None:
        self.level = self.deviation = 0.0
        self.points = 0
        self.ready = False
        self.slots: dict[int, float] = {}
        self.nodes = [0.0] * NODES
        self.visits = np.zeros(NODES, np.float32)  # float32 as there: their floor decides at whole numbers

    def first_day(self, time: float, value: float, per_day: float) -> None:
        for slot, weight in hats(moment(time).quarters, SLOTS).items():
            if weight > 0.05:
                gain = min(1.0, weight**2 * (0.75 * 96 / per_day if per_day > 96 else 0.5))
                self.slots[slot] = self.slots[slot] + gain * (value - self.slots[slot]) if slot in self.slots else value

    def begin(self) -> None:
        self.ready = True
        self.level = sum(self.slots.values()) / len(self.slots)
        full = {}
        for k in range(SLOTS):
            before = next(j % SLOTS for j in range(k, k - SLOTS, -1) if j % SLOTS in self.slots)
            full[k] = self.slots[before] - self.level
        self.slots = full

    def at(self, time: float) -> float:
        if not self.ready:
            return 0.0
        now = moment(time)
        day = sum(weight * self.slots[k] for k, weight in hats(now.quarters, SLOTS).items())
        week = 0.0
        for k, weight in hats(now.hours, NODES).items():
            n = float(self.visits[k])
            week += weight * self.nodes[k] * n / (n + 1) if n >= 0.9 else 0.0
        return self.level + day + week

    def learn(self, time: float, pace: Pace, age: float, dev: float, spread: float, *, flagged: bool) -> None:
        self.points += 1
        settled = self.points > 50 and self.deviation > 0
        size = min(abs(dev), usual_most(self.deviation, spread)) if settled else abs(dev)
        self.deviation += rate(self.points, max(7 * pace.per_day, 500)) * (size - self.deviation)
        if self.points > 50 and self.deviation > 0:
            dev = clipped(dev, 4 * self.deviation)
        if flagged:
            dev = clipped(dev, 2 * self.deviation)
        self.level += dev / pace.per_day if pace.per_day > 1 else 0.3 * dev
        now = moment(time)
        for k, weight in hats(now.quarters, SLOTS).items():
            self.slots[k] += max(DAY / (age + DAY), 1 / 7) / max(1, 2 * pace.per_day / 288) * weight * dev
        per_hour = max(1.0, pace.per_day / 24)
        for k, weight in hats(now.hours, NODES).items():
            gain = max(1 / (math.floor(self.visits[k]) + 1), 1 / 4) / per_hour * (1.5 if per_hour > 1.5 else 1)
            self.nodes[k] += gain * weight * dev
            self.visits[k] = min(self.visits[k] + weight / per_hour, 20)


class Mixture:
    """How far off each predictor was, and the mean of what they say now."""

    def __init__(self) -> None:
        self.errors, self.tried = [0.0] * 8, [0] * 8
        self.error = 0.0

    def of(self, predictions: list[float | None]) -> float:
        speak = [k for k in range(8) if predictions[k] is not None and self.tried[k] >= 10]
        if not speak:
            return predictions[0]
        errors = [self.errors[k] + 1e-30 for k in speak]  # so that two perfect ones weigh the same
        weights = [(min(errors) / error) ** 8 for error in errors]
        return sum(w * predictions[k] for w, k in zip(weights, speak, strict=True)) / sum(weights)

    def learn(
        self,
        predictions: list[float | None],
        value: float,
        residual: float,
        spread: float,
        points: int,
        per_day: float,
    ) -> None:
        most = usual_most(self.error, spread) if points >= 12 and self.error > 0 else math.inf
        for k, prediction in enumerate(predictions):
            if prediction is not None:
                self.tried[k] += 1
                off = min(abs(value - prediction), most)
                self.errors[k] += rate(self.tried[k], max(3 * per_day, 200)) * (off - self.errors[k])
        self.error += rate(points, max(7 * per_day, 500)) * (min(abs(residual), most) - self.error)

    def tame(self, memory: Memory, profile_points: int, points: int, value: float) -> float:
        """Return the value, at most 100 errors from the median while the profile is young."""
        if profile_points > 50 or points < 12 or self.error <= 0:
            return value
        return memory.median() + clipped(value - memory.median(), 100 * self.error)
