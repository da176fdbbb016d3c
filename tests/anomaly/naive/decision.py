"""Twin of the decision: habituation by episodes and their strengths, one clock."""

import math

from anomaly.kernels.clock import WEEK, Pace


class Habit:
    """Episodes: each a level (4 an octave from .5) and a weight that fades."""

    def __init__(self) -> None:
        self.counts = [0.0] * 32
        self.last, self.level = -math.inf, 0

    def learn(self, points: int, evidence: float, apart: float, fading: float, lower: int) -> float:
        """Return how many episodes were as strong, or up to `lower` levels weaker, this one included."""
        self.counts = [fading * count for count in self.counts]
        if evidence < 0.5:
            return 0.0
        level = min(31, math.floor(4 * math.log2(evidence / 0.5)))
        begins = points - self.last > apart
        if not begins and level > self.level:  # the same episode, now stronger: move it
            self.counts[self.level] = max(0.0, self.counts[self.level] - 1)
        if begins or level > self.level:
            self.counts[level] += 1
            self.level = level
        self.last = points
        return sum(self.counts[max(0, level - lower) :])


class Decision:
    def __init__(self) -> None:
        self.fast, self.forest = Habit(), Habit()
        self.last_allowed, self.last_alert = -math.inf, 0.0

    def weekly(self, weeks: float) -> float:
        return sum(self.fast.counts) / weeks

    def look(
        self, pace: Pace, points: int, weeks: float, forest: float, fast: float, slow: float, *, rare: bool, known: bool
    ) -> float:
        ten_minutes = max(1, 600 / pace.step) if pace.step > 0 else 10
        candidate = max(fast, 0.5) if rare else fast
        fading = 1 - min(1, pace.step / WEEK)
        half_as_strong = self.fast.learn(points, 0.0 if known else candidate, ten_minutes, fading, 4)
        as_strong = self.forest.learn(points, forest, 60, 1 - 1 / 50000, 0)
        if known:
            return 0.0
        quick = [fast] if fast >= 1 and half_as_strong <= 30 * weeks else []
        lasting = [slow] if slow >= 1 else []
        lasting += [forest] if forest >= 1 and as_strong <= 6 else []
        quiet, worse = points - self.last_allowed, 1.5 * self.last_alert
        alerts = [e for e in quick if quiet > ten_minutes or e >= worse]
        alerts += [e for e in lasting if quiet > 60 or e >= worse]
        if quick or lasting:
            self.last_allowed = points
        self.last_alert = max(alerts, default=self.last_alert)
        return max(alerts, default=0.0)
