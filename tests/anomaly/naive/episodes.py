"""Twin of what people are told: threshold, stage, episodes, alerts, recoveries, kept as plain lists."""

import math
from typing import NamedTuple

DECAY = 1 / 2560


class Row(NamedTuple):
    """What the components found in a row; `points`: values so far, this one included."""

    time: float
    points: int
    value: float  # NaN where missing
    expected: float
    score: float
    evidence: float
    strength: float
    held: bool
    step: float
    side: int = 0  # where what was seen lies
    outside: bool = False  # of its band


class Told(NamedTuple):
    is_anomaly: bool = False
    alert: bool = False
    recovered: bool = False
    inference: bool = False
    direction: int = 0
    start: float | None = None


class Episodes:
    def __init__(self, threshold: float, strength: float, output_after: int) -> None:
        self.threshold, self.strength, self.output_after = threshold, strength, output_after
        self.over_at = self.active_at = -math.inf  # points
        self.start: float | None = None
        self.alerted = False
        self.spell: list[Row] = []  # rows over the bar, with no more than ten minutes between them
        self.missing = 0

    def tell(self, row: Row) -> Told:
        self.missing += math.isnan(row.value)
        if self.output_after == 0 and row.points > self.stage(row.step):
            self.output_after = self.stage(row.step)  # from now on, whatever the step
        if row.points <= (self.output_after or self.stage(row.step)):
            return Told()
        apart = max(1.0, 600 / row.step) if row.step > 0 else 10.0
        there = not math.isnan(row.value)
        over = there and row.score > self.threshold
        if over and self.start is None:
            self.start, self.alerted = row.time, False
        if row.evidence >= 1:
            gone = bool(self.spell) and row.points - self.spell[-1].points > apart
            self.spell = [row] if gone else [*self.spell, row]
        let = row.evidence >= 1 and any(earlier.strength >= 1 for earlier in self.spell)
        alert = over and (
            row.strength >= self.strength
            or (let and not self.alerted and row.evidence >= self.strength)
            or (self.threshold < 70 and row.evidence < 1 and row.points - self.over_at > apart)
        )
        self.alerted = self.alerted or alert
        self.over_at = row.points if over else self.over_at
        outside = self.start is not None and row.outside
        self.active_at = row.points if over or (there and (row.held or outside)) else self.active_at
        start, recovered = self.start, False
        if start is not None and there and row.points - self.active_at >= apart:
            recovered, self.start = self.alerted, None
        return Told(over, alert, recovered, True, row.side if row.score > 0 else 0, start)

    @staticmethod
    def stage(step: float) -> int:
        return int(min(max(86400 / step, 32), 300)) if step > 0 else 300


def confidence(points: int, missing: int, output_after: int) -> float:
    """Return 100 Q (e^(kn) - e^(k oa)) / (e^(kn) - 1), divided by e^(kn) so that nothing overflows."""
    if points <= output_after:
        return 0.0
    return (
        100
        * points
        / (points + missing)
        * (1 - math.exp(DECAY * (output_after - points)))
        / (1 - math.exp(-DECAY * points))
    )
