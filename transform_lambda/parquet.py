"""Results as Parquet, partitioned by the date of their period, in a directory or an S3 bucket.

    store = ParquetStore("s3://bucket/results")
    store.write(results)
    store.compact(date(2024, 8, 30))

A writing adds files with those rows that no other file has, and changes none: a plain read of all files gives each row
once, at any time, whoever else writes or was killed while writing. A compaction puts one file in the place of several;
while the new one is there and the old ones are not all gone, a plain read finds rows twice, but never too few.
"""

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import msgspec
import pyarrow as pa

from contracts.deadletters import DeadLetter
from contracts.flat_results import PARTITION_COLUMN, Row, flatten
from contracts.results import Result
from transform_lambda.parquet_files import ConflictError, open_files, pause_seconds
from transform_lambda.parquet_log import LOG_NAME, Log, Merging, Span, decode_log, encode_log, groups
from transform_lambda.parquet_rows import (
    EMPTY,
    ForeignTableError,
    conform,
    count,
    days_of,
    decode_file,
    encode_file,
    identities,
    merge,
    on_day,
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
    """What a writing did.

    Parameters
    ----------
    rows
        That came.
    added
        That were not there yet.
    """

    rows: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did.

    Parameters
    ----------
    files
        That were merged and are gone.
    left
        Paths of files that hold no such rows, and stay.
    """

    files: int
    left: tuple[str, ...] = ()


class ParquetStore:
    """Rows in Parquet files, each row once.

    Parameters
    ----------
    destination
        A directory, made at the first writing, or ``s3://bucket/prefix``.
    rows_per_file
        How many rows a compaction gives a file, about. It holds twice as many in memory, with some 1 kB a row.

    Raises
    ------
    DestinationError
        If the destination is neither.
    """

    def __init__(self, destination: str, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._files = open_files(destination)
        self._rows_per_file = rows_per_file

    def write(self, results: Iterable[Result]) -> Written:
        """Write results, but for those whose series, period and detector are there already.

        Parameters
        ----------
        results
            Any number, in any order; each batch makes a file for each date.

        Returns
        -------
        When they are on the disk or in the bucket.

        Raises
        ------
        RecordError
            If a row cannot hold a result; results before it may be written.
        ConflictError
            If other writers of the bucket were faster ten times in a row. Writing again is safe, as after any error.
        """
        return self.write_rows(map(flatten, results))

    def write_rows(self, rows: Iterable[Row]) -> Written:
        """Write rows as `contracts.flat_results.flatten` makes them; otherwise the same as `write`."""
        remaining = iter(rows)
        total = added = 0
        while chunk := list(itertools.islice(remaining, _WRITTEN_AT_ONCE)):
            added += self._write_table(table_of(chunk))
            total += len(chunk)
        return Written(total, added)

    def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Keep records that are no results, each as ``_rejected/TOPIC-PARTITION-OFFSET.json``."""
        for letter in letters:
            path = f"_rejected/{letter.topic}-{letter.partition}-{letter.offset}.json"
            # The same record again is the same file.
            with self._files.alone(), contextlib.suppress(ConflictError):
                self._files.replace(path, msgspec.json.encode(letter), None)

    def compact(self, until: date) -> Compacted:
        """Merge small files into large ones, those of other writers (Data Firehose) included.

        Killed at any moment, it leaves every row there, some perhaps twice; the next writing or compaction of that
        partition removes the second ones.

        Parameters
        ----------
        until
            The first partition to leave alone, because others still write or read there.
        """
        folders: dict[str, list[str]] = {}
        for path in self._files.paths():
            folder, _, name = path.rpartition("/")
            if name.endswith((".parquet", LOG_NAME)) and _is_before(folder, until):
                folders.setdefault(folder, []).append(name)
        adopted = 0
        left: list[str] = []
        for folder, names in folders.items():
            log, _ = self._exclusively(self._open_log, folder)
            for name in sorted({*names} - {LOG_NAME, *log.names, *log.prevented}):
                try:
                    adopted += self._adopt(f"{folder}/{name}")
                except ForeignTableError as error:
                    _logger.warning("left %s/%s: %s", folder, name, error)
                    left.append(f"{folder}/{name}")
        # Adopted rows may belong to any date, and only now all of them are there.
        return Compacted(adopted + sum(map(self._merge_groups, folders)), tuple(left))

    def _write_table(self, table: pa.Table) -> int:
        return sum(
            self._exclusively(self._add, f"{PARTITION_COLUMN}={day}", merge([on_day(table, day)]))
            for day in days_of(table)
        )

    def _add(self, folder: str, rows: pa.Table) -> int:
        log, version = self._open_log(folder)
        own = Span.of(*span(rows), rows.num_rows)
        for name in log.names:
            if own.overlaps(Span.of_name(name)):
                rows = without(rows, identities(self._read_or_prevent(f"{folder}/{name}")))
        if rows.num_rows:
            name = Span.of(*span(rows), rows.num_rows).new_name()
            self._save_log(folder, msgspec.structs.replace(log, names=(*log.names, name)), version)
            self._files.replace(f"{folder}/{name}", encode_file(rows), None)
        return int(rows.num_rows)

    def _merge_groups(self, folder: str) -> int:
        merged = 0
        while (names := self._exclusively(self._merge_one_group, folder)) is not None:
            merged += names
        return merged

    def _merge_one_group(self, folder: str) -> int | None:
        log, version = self._open_log(folder)
        group = next(groups(log.names, self._rows_per_file), None)
        if group is None:
            return None
        tables = {name: decode_file(self._read_or_prevent(f"{folder}/{name}")) for name in group}
        if empty := [name for name in group if tables[name].num_rows == 0]:
            self._save_log(folder, log.preventing(empty), version)
            return 0
        rows = merge(list(tables.values()))
        into = Span.of(*span(rows), rows.num_rows).new_name()
        self._save_log(folder, msgspec.structs.replace(log, merging=Merging(into, group)), version)
        self._files.replace(f"{folder}/{into}", encode_file(rows), None)
        self._open_log(folder)  # which ends it
        return len(group)

    def _open_log(self, folder: str) -> tuple[Log, str | None]:
        """Read a partition's log, with a merging that was begun either finished or prevented."""
        found = self._files.read(f"{folder}/{LOG_NAME}")
        if found is None:
            return Log(), None
        log = decode_log(found.data)
        if log.merging is None:
            return log, found.version
        into, names = log.merging.into, log.merging.names
        if count(self._read_or_prevent(f"{folder}/{into}")):
            for name in names:
                self._files.delete(f"{folder}/{name}")
            ended = log.without(names)
            ended = Log((*ended.names, into), ended.prevented)
        else:
            ended = msgspec.structs.replace(log.preventing([into]), merging=None)
        return ended, self._save_log(folder, ended, found.version)

    def _save_log(self, folder: str, log: Log, version: str | None) -> str:
        return self._files.replace(f"{folder}/{LOG_NAME}", encode_log(log), version)

    def _read_or_prevent(self, path: str) -> bytes:
        """Read an announced file; if it is not there, put an empty one there, so that its writer begins anew."""
        found = self._files.read(path)
        if found is not None:
            return found.data
        self._files.replace(path, EMPTY, None)
        return EMPTY

    def _exclusively(self, change: Callable[..., _T], *arguments: object) -> _T:
        """Change a partition as if alone, again after another writer came between."""
        for attempt in range(_ATTEMPTS - 1):
            try:
                with self._files.alone():
                    return change(*arguments)
            except ConflictError:
                time.sleep(pause_seconds(attempt))
        with self._files.alone():
            return change(*arguments)

    def _adopt(self, path: str) -> int:
        found = self._files.read(path)
        if found is None:
            return 0
        self._write_table(conform(decode_file(found.data)))
        self._files.delete(path)
        return 1


def _is_before(folder: str, until: date) -> bool:
    try:
        return date.fromisoformat(folder.removeprefix(f"{PARTITION_COLUMN}=")) < until
    except ValueError:
        return False
