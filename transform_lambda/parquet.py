"""Results as Parquet, partitioned by the date of their period, in a folder or an S3 bucket.

    store = ParquetStore("s3://bucket/results")
    store.write(map(flatten, results))
    store.compact(date(2024, 8, 30))

A writing adds files with those rows that no other file has, and changes none: a plain read of all files gives each row
once, at any time, whoever else writes or was killed while writing. A compaction puts one file in the place of several;
while the new one is there and the old ones are not all gone, a plain read finds rows twice, but never too few.
"""

import contextlib
import itertools
import logging
import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import msgspec
import pyarrow as pa

from contracts.deadletters import DeadLetter
from contracts.flat_results import PARTITION_COLUMN, Row
from readers.storage import ConflictError, File, open_storage
from transform_lambda.parquet_names import Name, clusters, is_finished
from transform_lambda.parquet_rows import (
    ForeignTableError,
    by_hour,
    conform,
    decode_file,
    encode_file,
    identities,
    merge,
    span,
    table_of,
    without,
)

ROWS_PER_FILE = 500_000

_WRITTEN_AT_ONCE = 250_000
_ATTEMPTS = 10
_T = TypeVar("_T")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What a writing did."""

    rows: int = 0
    """That came."""
    added: int = 0
    """That were not there yet."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did."""

    files: int
    """That were merged and are gone."""
    left: tuple[str, ...] = ()
    """Paths of files that hold no such rows, and stay."""


class ParquetStore:
    """Rows in Parquet files, each row once.

    Parameters
    ----------
    destination
        A folder, made at the first writing, or `s3://bucket/prefix`.
    rows_per_file
        How many rows a compaction gives a file, at least and where there are so many. It holds them and those of one
        hour in memory, with some 1 kB a row.

    Raises
    ------
    StorageError
        If the destination is neither.
    """

    def __init__(self, destination: str, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._storage = open_storage(destination, os.environ)
        self._rows_per_file = rows_per_file
        # Of files that were read: a writer of the newest rows need not read the older files of their hour again.
        self._spans: dict[File, tuple[datetime, datetime]] = {}

    def write(self, rows: Iterable[Row]) -> Written:
        """Write rows, but for those whose series, period and detector are there already.

        Parameters
        ----------
        rows
            From `contracts.flat_results.flatten`, any number, in any order; each batch makes a file for each hour.

        Returns
        -------
        When they are on the disk or in the bucket.

        Raises
        ------
        ConflictError
            If other writers were faster ten times in a row. Writing again is safe, as after any error.
        """
        remaining = iter(rows)
        total = added = 0
        while chunk := list(itertools.islice(remaining, _WRITTEN_AT_ONCE)):
            added += self._write_table(table_of(chunk))
            total += len(chunk)
        return Written(total, added)

    def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Keep records that are no results, each as `_rejected/TOPIC-PARTITION-OFFSET.json`."""
        for letter in letters:
            # The same record again is the same file.
            with contextlib.suppress(ConflictError):
                self._storage.create(
                    f"_rejected/{letter.topic}-{letter.partition}-{letter.offset}.json", msgspec.json.encode(letter)
                )

    def compact(self, until: date) -> Compacted:
        """Merge small files into large ones, those of other writers (Data Firehose) included.

        Killed at any moment, it leaves every row there, some perhaps twice; the next one removes the second ones.

        Parameters
        ----------
        until
            The first partition to leave alone, because others still write or read there.
        """
        folders: dict[str, None] = {}
        adopted = 0
        left: list[str] = []
        for file in self._storage.files():
            folder, _, name = file.path.rpartition("/")
            if not name.endswith(".parquet") or not _is_before(folder, until):
                continue
            folders[folder] = None
            if Name.parse(name) is None:
                try:
                    adopted += self._adopt(file.path)
                except ForeignTableError as error:
                    _logger.warning("left %s: %s", file.path, error)
                    left.append(file.path)
        # Adopted rows may belong to any date, and only now all of them are there.
        return Compacted(adopted + sum(_again(self._merge_day, folder) for folder in folders), tuple(left))

    def _write_table(self, table: pa.Table) -> int:
        return sum(_again(self._add, hour, merge([rows])) for hour, rows in by_hour(table))

    def _add(self, hour: datetime, rows: pa.Table) -> int:
        folder = f"{PARTITION_COLUMN}={hour.date()}"
        others = {name: file for name, file in self._ours(folder) if name.covers(hour.hour)}
        first, last = span(rows)
        for file in others.values():
            known = self._spans.get(file)
            if known is None or (known[0] <= last and first <= known[1]):
                found = identities(self._read(file.path))
                self._spans[file] = span(found)
                rows = without(rows, found)
        if rows.num_rows:
            own = Name.after(others, hour.hour)
            self._storage.create(f"{folder}/{own}", encode_file(rows))
            if any(name.supersedes(own) for name, _ in self._ours(folder)):
                # What others wrote in between, and a compaction took away, was not looked at.
                self._merge_day(folder)
        return int(rows.num_rows)

    def _merge_day(self, folder: str) -> int:
        merged = 0
        group: dict[Name, pa.Table] = {}
        for cluster in clusters(name for name, _ in self._ours(folder)):
            finished = is_finished(cluster)
            if not finished:
                group |= {name: decode_file(self._read(f"{folder}/{name}")) for name in cluster}
            if finished or sum(table.num_rows for table in group.values()) >= self._rows_per_file:
                merged += self._merge(folder, group)
                group = {}
        return merged + self._merge(folder, group)

    def _merge(self, folder: str, group: dict[Name, pa.Table]) -> int:
        if group:
            rows = merge(list(group.values()))
            self._storage.create(f"{folder}/{Name.instead_of(group)}", encode_file(rows))
            for name in group:
                self._storage.delete(f"{folder}/{name}")
        return len(group)

    def _ours(self, folder: str) -> list[tuple[Name, File]]:
        """List the files of ours in a partition."""
        found = ((Name.parse(file.path.removeprefix(f"{folder}/")), file) for file in self._storage.files(folder))
        return [(name, file) for name, file in found if name is not None]

    def _read(self, path: str) -> bytes:
        data = self._storage.read(path)
        if data is None:
            msg = f"{path} is gone, expected it where it was listed; look again what is there"
            raise ConflictError(msg)
        return data

    def _adopt(self, path: str) -> int:
        data = self._storage.read(path)
        if data is None:
            return 0
        self._write_table(conform(decode_file(data)))
        self._storage.delete(path)
        return 1


def _again(change: Callable[..., _T], *arguments: object) -> _T:
    """Change a partition; after another writer came between, look at it again and change it then."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return change(*arguments)
        except ConflictError:
            time.sleep(_pause_seconds(attempt))
    return change(*arguments)


def _pause_seconds(attempt: int) -> float:
    """Choose how long to wait after a conflict: longer each time, and not what the other writer chose."""
    return random.uniform(0.5, 1.0) * min(0.1 * 2.0**attempt, 5.0)  # noqa: S311 - no secret


def _is_before(folder: str, until: date) -> bool:
    try:
        return date.fromisoformat(folder.removeprefix(f"{PARTITION_COLUMN}=")) < until
    except ValueError:
        return False
