"""A few lines that stay at the bottom of a terminal and change, below lines that scroll by.

Where the output is no terminal, the scrolling lines are all there is, and now and then a line that sums up.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from typing import TextIO

_REFRESH = 0.2  # seconds between two changes of the lines at the bottom
_SUMMARY = 10.0  # seconds between two summaries where there is no terminal


class Screen:
    """Where the demo prints.

    Parameters
    ----------
    stream
        The output.
    clock
        Seconds that never go back.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._shown: list[str] = []
        self._changed = float("-inf") if self._terminal else clock()

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._erase()
        print(line, file=self._stream, flush=True)

    def refresh(self, lines: Callable[[], Sequence[str]], summary: Callable[[], str]) -> None:
        """Show changing lines, or without a terminal their summary; not more often than people can read."""
        due = self._clock() >= self._changed + (_REFRESH if self._terminal else _SUMMARY)
        if self._terminal and (due or not self._shown):
            width = shutil.get_terminal_size().columns - 1  # a line that wraps would be two lines to erase
            current = [line[:width] for line in lines()]
            if current != self._shown:
                self._erase()
                self._stream.write("".join(f"{line}\n" for line in current))
                self._shown = current
        elif due:
            print(summary(), file=self._stream)
        if due:
            self._changed = self._clock()
        self._stream.flush()

    def keep(self, lines: Sequence[str]) -> None:
        """Replace the changing lines by ones that stay."""
        self._erase()
        print("\n".join(lines), file=self._stream, flush=True)

    def _erase(self) -> None:
        if self._shown:
            self._stream.write(f"\x1b[{len(self._shown)}F\x1b[J")
            self._shown = []
