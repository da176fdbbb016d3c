"""Twin of the recurrence: what came back at its hour is known, and is missed when it stays away."""

import math
from dataclasses import dataclass

HOUR, DAY, WEEK = 3600, 86400, 604800


@dataclass
class Event:
    onset: int  # whole seconds
    size: float  # signed
    length: int = 1


def same_sign(a: float, b: float) -> bool:
    return a > 0 < b or a < 0 > b


class Recurrence:
    def __init__(self) -> None:
        self.events: list[Event | None] = [None] * 32
        self.current: Event | None = None
        self.begun_at = 0  # point
        self.last = -math.inf
        self.known = False
        self.known_length = 0
        self.next: float | None = None

    def like(self, time: float, size: float, tolerance: float) -> Event | None:
        for event in self.events:
            if (
                event
                and abs(time - event.onset) <= tolerance
                and same_sign(event.size, size)
                and abs(size) <= 1.5 * abs(event.size)
            ):
                return event
        return None

    def period(self, time: float, size: float, tolerance: float, times: int) -> tuple[float, int]:
        """Return the smallest period at which this came `times` before (two weeks suffice), and its longest length."""
        same = [time - event.onset for event in self.events if event and same_sign(event.size, size)]
        suggested = [period for period in same if period <= 130000]
        found = []
        for period in [HOUR, DAY, WEEK, *suggested]:
            if period < 8 * tolerance:
                continue
            need = 2 if period is WEEK else times
            before = [self.like(time - k * period, size, tolerance) for k in range(1, need + 1)]
            if all(before):
                found.append((period, max(event.length for event in before)))
        return min(found, key=lambda pair: pair[0], default=(0, 0))

    def begin(self, time: float, points: int, size: float, tolerance: float) -> None:
        period, self.known_length = self.period(time, size, tolerance, 3)
        self.known = period > 0
        self.begun_at = points
        if self.next is not None and abs(time - self.next) <= tolerance:
            self.next = None
        if self.known and (period < DAY / 2 or self.period(time, size, tolerance, 7)[0] == period):
            self.next = time + period
        worth = [abs(e.size) * math.exp(-max(time - e.onset, 0) / 500000) if e else 0.0 for e in self.events]
        self.current = Event(int(min(time, 2e9)), size)
        self.events[worth.index(min(worth))] = self.current

    def look(self, time: float, gap: float, step: float, points: int, shown: float | None) -> tuple[bool, float]:
        """`shown`: the residual of a point that is part of an event."""
        if step == 0:
            return False, 0.0
        tolerance = max(132, 1.1 * step)
        over = points - self.last > 10
        if shown is not None:
            if over:
                self.begin(time, points, shown, tolerance)
            elif abs(shown) > abs(self.current.size):
                self.current.size = shown
                self.known = self.known and self.period(self.current.onset, shown, tolerance, 3)[0] > 0
            self.last = points
            length = points - self.begun_at + 1
            self.current.length = min(length, 65535)
            self.known = self.known and length <= 1.5 * self.known_length + 10
        elif over:
            self.known = False
        if self.next is not None and time > self.next + 1.5 * tolerance:
            self.next = None
            return self.known, 1.2 if gap <= 2 * step else 0.0
        return self.known, 0.0
