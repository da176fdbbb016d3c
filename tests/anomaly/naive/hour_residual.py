"""Twin of the hour-of-day residual: trusted only where it leaves independent, light-tailed noise."""

import math
from itertools import islice

from naive.clock import moment
from naive.forecaster import clipped, rate
from naive.histogram import Histogram


class Hour:
    def __init__(self) -> None:
        self.points = self.visits = 0
        self.mean = self.variance = 0.0


class HourResidual:
    def __init__(self) -> None:
        self.hours = [Hour() for _ in range(24)]
        self.variance = self.off = 0.0
        self.current: tuple[int, int] | None = None  # day and hour of the last value
        self.last: list[float] = []
        self.squares = {1: 1.0, 3: 3.0, 6: 6.0, 12: 12.0}
        self.judged = self.learnt = 0
        self.product = self.square = self.previous = 0.0
        self.sizes = Histogram()

    def look(
        self, time: float, step: float, points: int, x: float, *, skipped: bool, silent: bool
    ) -> tuple[float, float]:
        hour = self.hours[moment(time).hour]
        sd, r = math.sqrt(self.variance), 0.0
        if hour.points >= 2 and hour.visits >= 3:
            n = min(hour.points, 2000)
            sd = math.sqrt((n * hour.variance + 20 * self.variance) / (n + 20))
            r = clipped((x - hour.mean) / sd, 20) if sd > 0 else 0.0
        if r != 0:
            before, r = r, clipped(r - self.off, 20)
            self.off += 0 if skipped else (before - self.off) / 300
        self.learn(time, points, x, sd, skipped=skipped)
        self.last.append(clipped(r, 6))
        self.judged += r != 0
        z1 = abs(r) / math.sqrt(self.squares[1])
        zm = 0.0
        for length, square in self.squares.items():
            total = sum(islice(reversed(self.last), length))
            zm = max(zm, abs(total) / math.sqrt(square)) if length > 1 else zm
            if r != 0 and not skipped:
                self.squares[length] += rate(self.judged + 50, 3000) * (min(total**2, 9 * square) - square)
        e = (0.0, 0.0)
        if r != 0 and not silent and step < 5400 and self.is_trusted():
            e = 0.7 * z1 / 5, zm / 5 if zm <= 5 else (zm / 5) ** 0.3
        if r == 0 or skipped:
            self.previous = 0.0
            return e
        now = clipped(r, 2.5)
        self.learnt += 1
        self.product += rate(self.learnt, 5000) * (now * self.previous - self.product)
        self.square += rate(self.learnt, 5000) * (now**2 - self.square)
        self.previous = now
        self.sizes.learn(z1, 4096)
        return e

    def is_trusted(self) -> bool:
        if self.learnt < 200 or self.square <= 0 or abs(self.product / self.square) >= 0.2:
            return False
        total = self.sizes.total()
        tail = math.log(self.sizes.top(0.05 * total) / self.sizes.top(0.2 * total)) / math.log(1.96 / 1.2816)
        return 0.8 < tail < 1.35

    def learn(self, time: float, points: int, x: float, sd: float, *, skipped: bool) -> None:
        now = moment(time)
        hour = self.hours[now.hour]
        if self.current != (now.day, now.hour):
            hour.visits += 1
            self.current = now.day, now.hour
        error = x - hour.mean if hour.points > 0 else 0.0
        if hour.points >= 5 and sd > 0:
            error = clipped(error, 3 * sd)
        weight = rate(min(hour.points, 2000) + 1, 2000)
        if hour.points == 0:
            hour.mean = x
        elif not skipped:
            hour.mean += weight * error
            hour.variance += weight * (error**2 - hour.variance)
        hour.points += 1
        if hour.visits >= 2 and not skipped:
            self.variance += rate(points + 1, 2000) * (error**2 - self.variance)
