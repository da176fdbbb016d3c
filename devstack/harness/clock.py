"""Time, real or simulated."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "SimulatedClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        time.sleep(max(0.0, seconds))


class SimulatedClock:
    """A clock that passes only while somebody sleeps, which takes no time.

    Parameters
    ----------
    start
        Its first time; aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance by so many seconds."""
        self._now += timedelta(seconds=max(0.0, seconds))
