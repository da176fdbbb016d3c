"""How the files of a day are named, and which of them belong together. Pure.

A writing makes a file `results-HH-N.parquet` for each hour of its rows, a compaction `results-HH-HH-N.parquet` for
the hours from one to the other. A writing takes the N after the greatest among the files that may hold its hour. A file
is only ever created, so of two writers that looked at the same files the second finds N taken, and looks again.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

_NAME = re.compile(r"results-([0-9]{2})(?:-([0-9]{2}))?-([0-9]{6})\.parquet")


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A file's name."""

    first: int
    last: int
    """The hours in which the periods of its rows start."""
    number: int
    """See the module."""
    merged: bool = False
    """Whether a compaction made it."""

    @classmethod
    def parse(cls, text: str) -> "Name | None":
        """Read a name; None if it is not one of ours."""
        if match := _NAME.fullmatch(text):
            return cls(int(match[1]), int(match[2] or match[1]), int(match[3]), merged=match[2] is not None)
        return None

    @classmethod
    def after(cls, others: Iterable["Name"], hour: int) -> "Name":
        """Name the file that a writing adds to those that may hold the same hour."""
        return cls(hour, hour, max((other.number for other in others), default=-1) + 1)

    @classmethod
    def instead_of(cls, others: Collection["Name"]) -> "Name":
        """Name the file that a compaction puts in the place of others."""
        first, last = min(other.first for other in others), max(other.last for other in others)
        # No greater number than theirs, so that a writer that looked before finds the one taken that it will choose.
        name = cls(first, last, max(other.number for other in others), merged=True)
        return dataclasses.replace(name, number=name.number + 1) if name in others else name

    def __str__(self) -> str:
        last = f"-{self.last:02d}" if self.merged else ""
        return f"results-{self.first:02d}{last}-{self.number:06d}.parquet"

    def covers(self, hour: int) -> bool:
        """Say whether it may hold rows of an hour."""
        return self.first <= hour <= self.last

    def supersedes(self, other: "Name") -> bool:
        """Say whether a compaction took that number away, so that a writer who took it again has looked before."""
        return self.merged and self.first <= other.first <= other.last <= self.last and other.number <= self.number


def clusters(names: Iterable[Name]) -> Iterator[tuple[Name, ...]]:
    """Put names together that share an hour, in the order of their hours."""
    cluster: list[Name] = []
    for name in sorted(names):
        if cluster and name.first > max(other.last for other in cluster):
            yield tuple(cluster)
            cluster = []
        cluster.append(name)
    if cluster:
        yield tuple(cluster)


def is_finished(cluster: tuple[Name, ...]) -> bool:
    """Say whether a compaction has nothing to do there."""
    return len(cluster) == 1 and cluster[0].merged
