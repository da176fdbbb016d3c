"""Time, real or simulated."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

Stop = Callable[[], bool]
"""Says whether to stop."""

_PATIENCE_SECONDS = 0.2  # how soon a stop is noticed


def never() -> bool:
    """Return False: nothing stops."""
    return False


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def sleep(self, seconds: float, stop: Stop = never) -> None:
        """Return when so many seconds have passed, or soon after `stop` says so."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, stop: Stop = never) -> None:
        """Return when so many seconds have passed, or soon after `stop` says so."""
        end = time.monotonic() + seconds
        while not stop() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _PATIENCE_SECONDS))


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

    def sleep(self, seconds: float, stop: Stop = never) -> None:  # noqa: ARG002 - it takes no time
        """Advance by so many seconds."""
        self._now += timedelta(seconds=max(0.0, seconds))
