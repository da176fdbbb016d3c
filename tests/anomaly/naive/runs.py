"""Twin of the runs: the same value again and again."""

import math

from naive.forecaster import rate


class Runs:
    def __init__(self) -> None:
        self.values: list[float] = []  # since the last gap
        self.last: float | None = None
        self.earlier = 0.0  # longest run before this one, fading
        self.repeats = 0.0

    def gap(self) -> None:
        self.values = []

    def look(self, points: int, value: float, share: float, weight: float, *, lowest: bool) -> float:
        """Return e_run; `share`: of this value among `weight` points before it."""
        same, self.last = value == self.last, value
        if points == 0:
            return 0.0
        if not same:
            self.earlier = max(self.earlier, len(self.values))
            self.values = []
        self.values.append(value)
        self.earlier *= 1 - 1 / 20000
        run, e = len(self.values), 0.0
        if run >= 3 and points >= 300:
            without = max(0.0, (share * weight - run) / max(weight - run, 1))
            p = max(without, self.repeats, 0.05)
            e = min(1.2, -run * math.log(p) / (30 if lowest else 80))
            e = min(e, run / (2.5 * self.earlier)) if self.earlier > 0 else e
        if e < 1:
            self.repeats += rate(points + 1, 5000) * (same - self.repeats)
        return e
