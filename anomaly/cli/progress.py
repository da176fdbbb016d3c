"""Telling people at a terminal how far a long run is."""

import time
from typing import TextIO

SECONDS_BETWEEN = 0.25


def progress_line(rows: int, seconds: float, share: float | None) -> str:
    """Return the line: rows so far, rows per second, and the share of the input that is read, 0 to 1, if known."""
    if rows == 0:
        return "starting (the very first run compiles for half a minute)"
    speed = f"{rows / seconds:,.0f} rows/s" if seconds > 0 else ""
    percent = "" if share is None else f"{100 * min(1.0, share):.0f} %"
    return "  ".join(part for part in (f"{rows:,} rows", speed, percent) if part)


class Progress:
    """One line on a terminal, written over itself; silent where there is no terminal.

    Parameters
    ----------
    stream
        Where people look; None if there is nothing.
    size
        Bytes of the input; None where that is unknown.
    """

    def __init__(self, stream: TextIO | None, size: int | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._size = size
        self._start = time.monotonic()
        self._shown = -SECONDS_BETWEEN

    def show(self, rows: int, bytes_read: int) -> None:
        """Show the state, unless that was done a moment ago."""
        seconds = time.monotonic() - self._start
        if self._stream is None or seconds - self._shown < SECONDS_BETWEEN:
            return
        self._shown = seconds
        share = bytes_read / self._size if self._size else None
        self._stream.write(f"\r\x1b[K{progress_line(rows, seconds, share)}")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
