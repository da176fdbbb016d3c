"""Lines of a text file as they come, decoded, in constant memory."""

import gzip
import io
import zlib
from collections import deque
from typing import BinaryIO, cast

from anomaly.cli.command_errors import InputError

CHUNK = 65_536
LONGEST_LINE = 1_048_576
BOM = "\ufeff"


class Lines:
    """Lines with their endings; knows whether one is at hand without waiting."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = cast("io.BufferedReader", stream)
        self._whole: deque[bytes] = deque()
        self._rest = b""
        self._ended = False
        self.number = 0
        self.has_bom = False

    def ready(self) -> bool:
        """Return whether a line is at hand."""
        return bool(self._whole)

    def unread(self) -> int:
        """Return how many bytes were read ahead."""
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
        """Take the next line; None at the end."""
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
