"""Reading CSV as it comes: bytes to lines to rows, in constant memory, each row with its own text."""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from anomaly.cli.columns import find_delimiter
from anomaly.cli.command_errors import InputError

CHUNK = 65_536
LONGEST_LINE = 1_048_576
BOM = "\ufeff"

_NOT_CSV = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save it as CSV first",
    b"PAR1": "a Parquet file; this version reads CSV only",
    b"\xff\xfe": "text in UTF-16 (Excel's 'Unicode text'); save it as 'CSV UTF-8' first",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8 first",
    b'{"': "JSON; this version reads CSV only",
    b"BZh": "a bzip2 file; of the packed files only gzip is read",
    b"\xfd7zXZ": "an xz file; of the packed files only gzip is read",
    b"(\xb5/\xfd": "a zstd file; of the packed files only gzip is read",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line, its text as it stood in the file, its line's ending, and its cells."""

    line: int
    text: str
    ending: str
    cells: tuple[str, ...]


class CsvReader:
    """Reads rows from a binary stream, plain or gzip, and never waits for a row while it holds one unread.

    Parameters
    ----------
    stream
        Where the bytes come from. It must have `peek` and `read1`, as files opened with "rb" do.

    Raises
    ------
    InputError
        When the stream is empty or holds something that is not CSV in UTF-8. `rows` raises it, too.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        unpacked = _unpacked(stream)
        self._packed = unpacked is not stream
        self._lines = _Lines(unpacked)
        opening = self._lines.first_two()
        if not opening:
            msg = "the input is empty; a CSV file with a row per observation was expected"
            raise InputError(msg)
        self.has_bom = self._lines.has_bom
        """Whether the file starts with a byte order mark. It belongs to no cell."""
        self.ending = "\r\n" if opening[0].endswith("\r\n") else "\n"
        """How the first line ends."""
        self.delimiter = find_delimiter(opening)
        """What separates cells."""
        self._taken: list[str] = []
        # A strict reader tells of a quote that is never closed instead of swallowing the rest of the file.
        self._cells = csv.reader(self._take_lines(), delimiter=self.delimiter, skipinitialspace=True, strict=True)
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
            position = self._stream.tell()
        except OSError:  # a pipe
            return 0
        return position if self._packed else position - self._lines.unread()

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
                raw = "".join(self._taken)
                text = raw.removesuffix("\n").removesuffix("\r")
                return Row(first_line, text, raw[len(text) :], tuple(cells))

    def _take_lines(self) -> Iterator[str]:
        while (line := self._lines.next()) is not None:
            self._taken.append(line)
            yield line


class _Lines:
    """Decoded lines with their endings; knows whether one is at hand without waiting."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = cast("io.BufferedReader", stream)
        self._whole: deque[bytes] = deque()
        self._rest = b""
        self._ended = False
        self.number = 0
        self.has_bom = False

    def ready(self) -> bool:
        return bool(self._whole)

    def unread(self) -> int:
        return sum(map(len, self._whole)) + len(self._rest)

    def first_two(self) -> list[str]:
        """Return the first two lines that hold text, without taking them."""
        found: list[str] = []
        seen = 0
        while len(found) < 2:
            while len(self._whole) <= seen and not self._ended:
                self._fill()
            if len(self._whole) <= seen:
                break
            if seen == 0 and self._whole[0].startswith(BOM.encode()):
                self._whole[0] = self._whole[0][len(BOM.encode()) :]
                self.has_bom = True
            line = _decoded(self._whole[seen], seen + 1)
            seen += 1
            if line.strip("\r\n"):
                found.append(line)
        return found

    def next(self) -> str | None:
        while not self._whole and not self._ended:
            self._fill()
        if not self._whole:
            return None
        self.number += 1
        return _decoded(self._whole.popleft(), self.number)

    def _fill(self) -> None:
        try:
            chunk = self._stream.read1(CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            msg = f"the gzip file is damaged or cut off: {error}"
            raise InputError(msg) from error
        except OSError as error:
            msg = f"reading failed: {error.strerror or error}"
            raise InputError(msg) from error
        if chunk:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            self._whole.extend(line + b"\n" for line in lines)
            if len(self._rest) > LONGEST_LINE:
                msg = f"a line is longer than {LONGEST_LINE:,} bytes; is this a CSV file?"
                raise InputError(msg)
        else:
            self._ended = True
            if self._rest:
                self._whole.append(self._rest)
                self._rest = b""


def _unpacked(stream: io.BufferedReader) -> BinaryIO:
    try:
        opening = stream.peek(8)
    except OSError as error:
        msg = f"reading failed: {error.strerror or error}"
        raise InputError(msg) from error
    if opening.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    for magic, what in _NOT_CSV.items():
        if opening.startswith(magic):
            msg = f"this is {what}"
            raise InputError(msg)
    return stream


def _decoded(line: bytes, number: int) -> str:
    if b"\0" in line:
        msg = f"line {number} holds a NUL byte; a CSV file in UTF-8 was expected, is this UTF-16 or no text?"
        raise InputError(msg)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = (
            f"line {number} is not UTF-8 (byte 0x{line[error.start]:02X} at position {error.start + 1}), probably "
            "Windows-1252; convert it with `iconv -f WINDOWS-1252 -t UTF-8`, or save it as 'CSV UTF-8'"
        )
        raise InputError(msg) from error


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text or "field larger" in text:
        return "a quote opens here that is never closed (or closes after more than 131,072 characters)"
    if "new-line character" in text:
        return "a carriage return stands inside the line; lines must end in LF or CR LF"
    return f"a quoted cell is followed by something else than the delimiter ({text})"
