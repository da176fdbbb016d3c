"""CSV as it comes: lines to rows, in constant memory, each row with its own text."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from anomaly.cli.command_errors import InputError
from anomaly.cli.tables.lines import BOM, Lines
from anomaly.cli.tables.table import Row

DELIMITERS = "\t;,"


class CsvTable:
    """A CSV file, read row by row; never waits for a row while it holds one unread.

    Parameters
    ----------
    stream
        Where the bytes come from, unpacked. It must have `read1`, as files opened with "rb" do.
    packed
        The stream that is unpacked, if it was packed.

    Raises
    ------
    InputError
        When the stream is empty or holds something that is not CSV in UTF-8. `rows` raises it, too.
    """

    def __init__(self, stream: BinaryIO, packed: BinaryIO | None = None) -> None:
        self._stream = stream
        self._packed = packed
        self._lines = Lines(stream)
        opening = self._lines.first_two()
        if not opening:
            msg = "the input is empty; a CSV file with a row per observation was expected"
            raise InputError(msg)
        self._ending = "\r\n" if opening[0].endswith("\r\n") else "\n"
        self._delimiter = find_delimiter(opening)
        self._taken: list[str] = []
        # A strict reader tells of a quote that is never closed instead of swallowing the rest of the file.
        self._cells = csv.reader(self._take_lines(), delimiter=self._delimiter, skipinitialspace=True, strict=True)
        self._failure: InputError | None = None

    def rows(self, most: int) -> list[Row]:
        """Return the next rows: at most `most`, at least one, and no more than have already arrived; none at the end.

        Lines without any text are left out. A row that can't be read ends a batch; the next call raises its error.
        """
        if self._failure is not None:
            raise self._failure
        rows: list[Row] = []
        while len(rows) < most and (not rows or self._lines.ready()):
            try:
                row = self._next_row()
            except InputError as error:
                if not rows:
                    raise
                self._failure = error
                break
            if row is None:
                break
            rows.append(row)
        return rows

    def bytes_read(self) -> int:
        """Return how many bytes of the file its rows so far took; of a packed file, how many were read ahead, too.

        0 if the stream can't tell.
        """
        try:
            return self._packed.tell() if self._packed else self._stream.tell() - self._lines.unread()
        except OSError:  # a pipe
            return 0

    def opening(self, header: Row | None, names: Sequence[str]) -> str:
        """Return the header with names appended, if the file has one, behind the file's byte order mark, if any."""
        mark = BOM if self._lines.has_bom else ""
        return mark if header is None else mark + self.extended([header], [names])

    def extended(self, rows: Sequence[Row], appended: Sequence[Sequence[str]]) -> str:
        """Return rows as they stood in the file, each with its cells appended."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator="")
        for row, cells in zip(rows, appended, strict=True):
            body = row.text.removesuffix("\n").removesuffix("\r")
            text.write(body + self._delimiter)
            writer.writerow(cells)
            text.write(row.text[len(body) :] if row.text.endswith("\n") else self._ending)  # the last may be cut off
        return text.getvalue()

    def _next_row(self) -> Row | None:
        while True:
            self._taken.clear()
            first_line = self._lines.number + 1
            try:
                cells = next(self._cells, None)
            except csv.Error as error:
                msg = f"line {first_line}: {_explain(error)}"
                raise InputError(msg) from error
            if cells is None:
                return None
            if cells:
                return Row(first_line, "".join(self._taken), tuple(cells))

    def _take_lines(self) -> Iterator[str]:
        while (line := self._lines.next()) is not None:
            self._taken.append(line)
            yield line


def find_delimiter(lines: Sequence[str]) -> str:
    """Return what separates the cells: tab, semicolon or comma, judged by the first lines.

    The one that cuts all lines into the same number of cells, and into the most; where two do (`1;2,5`), the one that
    numbers do not contain.
    """

    def judge(delimiter: str) -> tuple[bool, int]:
        counts = [_count_cells(line, delimiter) for line in lines]
        return min(counts) == max(counts) > 1, counts[0]

    best = max(DELIMITERS, key=judge)
    return best if judge(best)[1] > 1 else ","


def _count_cells(line: str, delimiter: str) -> int:
    """Return how many cells a line has; 0 where its quotes do not fit the delimiter."""
    for strict in (True, False):
        try:
            return len(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=strict), []))
        except csv.Error as error:
            if "unexpected end of data" not in str(error):  # which a cell of several lines may well cause
                break
    return 0


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text or "field larger" in text:
        return "a quote opens here that is never closed (or closes after more than 131,072 characters)"
    if "new-line character" in text:
        return "a carriage return stands inside the line; lines must end in LF or CR LF"
    return f"a quoted cell is followed by something else than the delimiter ({text})"
