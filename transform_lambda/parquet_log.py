"""Which files of ours a partition has: a small log beside them, for writers only. Pure.

Readers list the folder. A writer announces a file in the log before it writes it, and makes an announced file that is
not there impossible by an empty one in its place; so each writer knows every row that is there or may still come.
"""

import re
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

LOG_NAME = "_files.json"
"""Readers of Parquet folders skip names that begin with ``_``."""

_NAME = re.compile(r"results-[0-9]{6}-[0-9]{6}-[0-9]+-[0-9a-f]{32}\.parquet")


class LogError(RuntimeError):
    """A log that is damaged."""


class Merging(msgspec.Struct, frozen=True):
    """Files that are to become one; it is done as soon as that one is there."""

    into: str
    names: tuple[str, ...]


class Log(msgspec.Struct, frozen=True):
    """The files of ours in a partition, by name.

    ``prevented`` are those that are empty for good: one who announced such a file may still try to write it.
    """

    names: tuple[str, ...] = ()
    prevented: tuple[str, ...] = ()
    merging: Merging | None = None

    def without(self, names: Collection[str]) -> "Log":
        """Take names out of those that have rows."""
        return msgspec.structs.replace(self, names=tuple(name for name in self.names if name not in names))

    def preventing(self, names: Collection[str]) -> "Log":
        """Move names to those that have no rows."""
        return msgspec.structs.replace(self.without(names), prevented=(*self.prevented, *names))


@dataclass(frozen=True, slots=True)
class Span:
    """The times of a file's rows and their number, which its name tells.

    Parameters
    ----------
    first, last
        The first and the last start of its rows' periods, ``HHMMSS``.
    rows
        How many it has.
    """

    first: str
    last: str
    rows: int

    @classmethod
    def of(cls, first: datetime, last: datetime, rows: int) -> "Span":
        """Take the span of rows."""
        return cls(f"{first:%H%M%S}", f"{last:%H%M%S}", rows)

    @classmethod
    def of_name(cls, name: str) -> "Span":
        """Read the span of a file of ours from its name."""
        _, first, last, rows, _ = name.split("-")
        return cls(first, last, int(rows))

    def new_name(self) -> str:
        """Name a new file, as no other is named."""
        return f"results-{self.first}-{self.last}-{self.rows}-{uuid.uuid4().hex}.parquet"

    def overlaps(self, other: "Span") -> bool:
        """Say whether both may have the same row."""
        return self.first <= other.last and other.first <= self.last


def is_ours(name: str) -> bool:
    """Say whether a file is named as we name ours."""
    return _NAME.fullmatch(name) is not None


def encode_log(log: Log) -> bytes:
    """Write a log as JSON."""
    return msgspec.json.encode(log)


def decode_log(data: bytes) -> Log:
    """Read a log.

    Raises
    ------
    LogError
        If it is none, or names a file as we name none.
    """
    try:
        log = msgspec.json.decode(data, type=Log)
    except (msgspec.MsgspecError, UnicodeError) as error:
        msg = f"a damaged {LOG_NAME}: {error}"
        raise LogError(msg) from error
    merging = (log.merging.into, *log.merging.names) if log.merging else ()
    if not all(is_ours(name) for name in (*log.names, *log.prevented, *merging)):
        msg = f"a damaged {LOG_NAME}: it names a file that is not ours"
        raise LogError(msg)
    return log


def groups(names: tuple[str, ...], rows_per_file: int) -> Iterator[tuple[str, ...]]:
    """Choose which files to merge: neighbours in time, until they have the rows of a full file.

    Yields
    ------
    Two or more names.
    """
    group: list[str] = []
    for name in sorted(names):
        group.append(name)
        if sum(Span.of_name(other).rows for other in group) >= rows_per_file:
            if len(group) > 1:
                yield tuple(group)
            group = []
    if len(group) > 1:
        yield tuple(group)
