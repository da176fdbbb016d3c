"""What every format gives: rows in one form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    line: int
    """The number of its first line."""
    text: str
    """What stood in the file, the line's ending included."""
    cells: tuple[str, ...]
    """One for each column."""


class Table(Protocol):
    """An opened file of rows."""

    def rows(self, most: int) -> list[Row]:
        """Return the next rows: at most `most`, at least one, and no more than have already arrived; none at the end.

        A row that can't be read ends a batch; the next call raises its error.

        Raises
        ------
        InputError
            When the next row can't be read.
        """

    def bytes_read(self) -> int:
        """Return how many bytes of the file its rows so far took, at least about; 0 if that can't be told."""

    def opening(self, header: Row | None, names: Sequence[str]) -> str:
        """Return what the output begins with.

        Parameters
        ----------
        header
            The row of names, if the file has one.
        names
            Of the columns that are appended.
        """

    def extended(self, rows: Sequence[Row], appended: Sequence[Sequence[str]]) -> str:
        """Return rows as they stood in the file, each with its cells appended."""
