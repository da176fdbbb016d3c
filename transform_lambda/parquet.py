"""Results as Parquet, partitioned by the date of their period, in a directory or an S3 bucket.

    store = ParquetStore("s3://bucket/results")
    store.write(results)

A row is in one file only, and each change to a file is one step: a plain read of all files gives each row once, at
any time, whoever writes or was killed while writing. For that, a file owns a span of a day. The first,
``dt=YYYY-MM-DD/results-000000.parquet``, begins at midnight and owns the whole day; writing merges into it. Once it has
`rows_per_file` rows it is given an end, after its last row and before any other, and the next file is named by that
end. The end is written in the file, in the same step that adds rows, so two writers cannot disagree on it.
"""

import contextlib
import itertools
import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
import pyarrow as pa

from contracts.deadletters import DeadLetter
from contracts.flat_results import PARTITION_COLUMN, Row, flatten
from contracts.results import Result
from transform_lambda.parquet_files import ConflictError, Files, open_files, pause_seconds
from transform_lambda.parquet_rows import (
    START,
    ForeignTableError,
    before,
    conform,
    days_of,
    decode_file,
    encode_file,
    from_time,
    merge,
    on_day,
    starts,
    table_of,
)

ROWS_PER_FILE = 250_000

_ATTEMPTS = 10
_OURS = re.compile(r"results-[0-9]{6}\.parquet")
_SECOND = timedelta(seconds=1)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What a writing did.

    Parameters
    ----------
    rows
        That came.
    files
        That were written; none when every row was there already.
    """

    rows: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did.

    Parameters
    ----------
    files
        Of other writers that were merged and deleted.
    left
        Paths of those that hold no such rows, and stay.
    """

    files: int
    left: tuple[str, ...]


class ParquetStore:
    """Rows in Parquet files, each row once.

    Parameters
    ----------
    destination
        A directory, made at the first writing, or ``s3://bucket/prefix``.
    rows_per_file
        From how many rows on a file takes no later periods. A writer holds a file in memory, with some 1.5 kB a row.

    Raises
    ------
    DestinationError
        If the destination is neither.
    """

    def __init__(self, destination: str, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._files: Files = open_files(destination)
        self._rows_per_file = rows_per_file

    def write(self, results: Iterable[Result]) -> Written:
        """Write results; those that are there already stay as they are.

        Parameters
        ----------
        results
            Any number, in any order. Of several with the same series, period and detector the last one counts.

        Returns
        -------
        When they are on the disk or in the bucket.

        Raises
        ------
        RecordError
            If a row cannot hold a result; results before it may be written.
        ConflictError
            If other writers of the bucket were faster ten times in a row. Writing again is safe.
        """
        return self.write_rows(map(flatten, results))

    def write_rows(self, rows: Iterable[Row]) -> Written:
        """Write rows as `contracts.flat_results.flatten` makes them; otherwise the same as `write`."""
        remaining = iter(rows)
        total = files = 0
        while chunk := list(itertools.islice(remaining, self._rows_per_file)):
            files += self._write_table(table_of(chunk))
            total += len(chunk)
        return Written(total, files)

    def reject(self, letters: Iterable[DeadLetter]) -> None:
        """Keep records that are no results, each as ``_rejected/TOPIC-PARTITION-OFFSET.json``."""
        for letter in letters:
            path = f"_rejected/{letter.topic}-{letter.partition}-{letter.offset}.json"
            # The same record again is the same file.
            with self._files.alone(), contextlib.suppress(ConflictError):
                self._files.replace(path, msgspec.json.encode(letter), None)

    def compact(self, until: date) -> Compacted:
        """Merge the files of other writers, such as Data Firehose, into ours, and delete them.

        Between a file's merging and its deletion a plain read finds its rows twice; if this is killed there, until the
        next compaction. No row is ever missing.

        Parameters
        ----------
        until
            The first partition to leave alone, because others still write there.
        """
        merged = 0
        left = []
        for path in self._files.paths():
            partition, _, name = path.rpartition("/")
            day = partition.removeprefix(f"{PARTITION_COLUMN}=")
            if not path.endswith(".parquet") or _OURS.fullmatch(name) or not _is_before(day, until):
                continue
            found = self._files.read(path)
            if found is None:
                continue
            try:
                table = conform(decode_file(found.data)[0])
            except ForeignTableError as error:
                _logger.warning("left %s: %s", path, error)
                left.append(path)
                continue
            self._write_table(table)
            self._files.delete(path)
            merged += 1
        return Compacted(merged, tuple(left))

    def _write_table(self, table: pa.Table) -> int:
        return sum(self._write_day(day, on_day(table, day)) for day in days_of(table))

    def _write_day(self, day: str, rows: pa.Table) -> int:
        files = 0
        folder = f"{PARTITION_COLUMN}={day}"
        while rows.num_rows:
            for attempt in itertools.count():
                try:
                    with self._files.alone():
                        written, rows = self._write_first_file(folder, rows)
                    break
                except ConflictError:
                    if attempt + 1 == _ATTEMPTS:
                        raise
                    time.sleep(pause_seconds(attempt))
            files += written
        return files

    def _write_first_file(self, folder: str, rows: pa.Table) -> tuple[bool, pa.Table]:
        """Write those rows that belong where the first of them does; return whether that changed it, and the others."""
        first = starts(rows)[0]
        names = (path.rpartition("/")[2] for path in self._files.paths(folder))
        path = _path(
            folder, max((name for name in names if _OURS.fullmatch(name) and name <= _name(first)), default=None)
        )
        while True:
            found = self._files.read(path)
            existing, until = decode_file(found.data) if found else (None, None)
            if until is None or first < until:
                break
            path = _path(folder, _name(until))  # the next one was begun since the names were listed, or is due now
        ours = rows if until is None else before(rows, until)
        merged = merge(existing, ours)
        end = until or _end(existing, merged, self._rows_per_file)
        if end is not None and until is None:
            ours = before(rows, end)
            merged = merge(existing, ours)
        changed = existing is None or end != until or not merged.equals(existing)
        if changed:
            self._files.replace(path, encode_file(merged, end), found.version if found else None)
        return changed, rows.slice(0, 0) if end is None else from_time(rows, end)


def _end(existing: pa.Table | None, merged: pa.Table, rows_per_file: int) -> datetime | None:
    """Choose where a file ends, if it is full: behind all rows that it has, and as few others as fill it."""
    if merged.num_rows < rows_per_file:
        return None
    last_kept = merged[START].sort()[rows_per_file - 1].as_py()
    return _after(last_kept if existing is None else max(last_kept, starts(existing)[-1]))


def _after(start: datetime) -> datetime | None:
    """Add a second, as long as that is the same day."""
    return None if f"{start:%H%M%S}" == "235959" else start + _SECOND


def _path(folder: str, name: str | None) -> str:
    return f"{folder}/{name or 'results-000000.parquet'}"


def _name(start: datetime) -> str:
    return f"results-{start:%H%M%S}.parquet"


def _is_before(day: str, until: date) -> bool:
    try:
        return date.fromisoformat(day) < until
    except ValueError:
        return False
