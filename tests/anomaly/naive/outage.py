"""Twin of the outage rule: nearly nothing, where something is usual at this hour."""

import math

from anomaly.kernels.clock import WEEK


class Outage:
    def __init__(self) -> None:
        self.rows: list[bool] = []  # was next to nothing there?
        self.episodes, self.last = 0.0, -math.inf

    def look(
        self, step: float, points: int, x: float, usual: float, deviation: float, origin: float, *, possible: bool
    ) -> float:
        self.episodes *= 1 - min(1, step / WEEK)
        nothing = x + origin <= 0.25 * (usual + origin) and usual - x > 3 * deviation
        self.rows.append(possible and nothing)
        if len(self.rows) < 3 or not all(self.rows[-3:]):
            return 0.0
        self.episodes += points - self.last > 60
        self.last = points
        return 1.2 if self.episodes <= 2 else 0.0
