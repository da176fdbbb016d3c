"""The time that a run may use, measured on a clock that never jumps."""

import time
from dataclasses import dataclass

_RESERVE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock, in seconds."""

    at: float

    @classmethod
    def before(cls, remaining_ms: int) -> "Deadline":
        """Leave a reserve of 3 s, or a quarter of a shorter time, for closing down and answering.

        Parameters
        ----------
        remaining_ms
            What the Lambda service says is left.
        """
        remaining = remaining_ms / 1000
        return cls(time.monotonic() + remaining - min(_RESERVE_SECONDS, remaining / 4))

    def at_most(self, seconds: float) -> "Deadline":
        """Give a deadline that is no later than so many seconds from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    def remaining(self) -> float:
        """Tell the seconds left; negative when it has passed."""
        return self.at - time.monotonic()

    def remaining_ms(self) -> int:
        """Tell the milliseconds left, at least 1: most servers and clients take 0 for no limit."""
        return max(1, int(self.remaining() * 1000))
