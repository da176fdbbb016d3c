"""Twin of the share of points off the median, and of what it decides."""

from naive.forecaster import rate


class Sparse:
    def __init__(self) -> None:
        self.share = 0.0

    def is_sparse(self, points: int) -> bool:
        return points > 50 and self.share < 0.15

    def learn(self, points: int, *, off: bool) -> None:
        self.share += rate(points, 5000) * (off - self.share)

    def rare(self, points: int, a_week: float, *, off: bool) -> tuple[bool, float]:
        rare = off and points >= 100 and self.share < 0.02
        return rare, 1.2 if rare and a_week < 3 else 0.0
