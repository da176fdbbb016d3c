"""Which rows a run reads: half-open windows of time, oldest first, and where to cut them into transactions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

FIRST_WINDOW = timedelta(minutes=1)
"""How much the very first run reads, when there is no marker yet."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of `start` <= time < `end`; `caught_up` when nothing settled lies beyond it."""

    start: datetime
    end: datetime
    caught_up: bool


def next_window(
    position: datetime | None, scheduled: datetime, now: datetime, settle: timedelta, max_catch_up: timedelta
) -> Window | None:
    """Decide what a run reads.

    Parameters
    ----------
    position
        Where the last committed transaction ended; None before the first one.
    scheduled
        The time for which the run was scheduled.
    now
        The clock; a schedule of the future reads only to here, so that one wrong event cannot push the marker past
        rows that do not exist yet.
    settle
        How long rows may take from their timestamp to their commit.
    max_catch_up
        The longest window.

    Returns
    -------
    The window, or None if all rows before the scheduled time were published already.
    """
    goal = min(scheduled, now) - settle
    start = goal - FIRST_WINDOW if position is None else position
    if start >= goal:
        return None
    end = min(goal, start + max_catch_up)
    return Window(start, end, caught_up=end == goal)


class Timed(Protocol):
    """Something with a time that can be compared for equality, and a size in bytes."""

    @property
    def time(self) -> str:
        """The time, as written by the database."""

    @property
    def size(self) -> int:
        """The size in bytes."""


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """What one transaction publishes; `next_time` is the time of the first row after it, None at the window's end."""

    rows: Sequence[T]
    next_time: str | None


def cut(rows: Iterable[T], max_rows: int, max_bytes: int) -> Iterator[Batch[T]]:
    """Cut rows in order of time into batches, only ever between rows of different times.

    A marker between two rows must be a time that tells them apart, so rows of one time stay together, however many.

    Parameters
    ----------
    rows
        In order of time.
    max_rows, max_bytes
        A batch that has reached either ends at the next change of time.

    Yields
    ------
    At least one batch; only the last has no `next_time`, and only it may be empty.
    """
    batch: list[T] = []
    size = 0
    for row in rows:
        if batch and (len(batch) >= max_rows or size >= max_bytes) and row.time != batch[-1].time:
            yield Batch(batch, row.time)
            batch, size = [], 0
        batch.append(row)
        size += row.size
    yield Batch(batch, None)
