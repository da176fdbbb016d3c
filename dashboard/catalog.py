"""What is in the source: its series and alerts, kept in memory by reading every file once.

Results are never changed, so a file that was read need not be read again, and a row that comes again (in a second file,
or after a compaction) changes nothing. Days are read newest first, so that today's figures are there at once.
"""

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from anomaly.page import (
    Alert,
    AlertList,
    ChartColumns,
    Kpis,
    Overview,
    SeriesInfo,
    SeriesList,
    append_rows,
    empty_columns,
    row_length,
)
from dashboard import queries
from dashboard.errors import DashboardError
from dashboard.source import File, Relation, Source

Read = Callable[[duckdb.DuckDBPyConnection, Relation], list[tuple[Any, ...]]]

UNREADABLE = (duckdb.Error, OSError, pa.ArrowException)
"""What a file that is half-written, vanished or damaged raises."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_PROBLEMS_TOLD = 5
_LABEL_LENGTH = 300  # a dimension's value may be a whole document


def connect(memory: str = "2GB") -> duckdb.DuckDBPyConnection:
    """Open a database in memory that fetches nothing from anywhere.

    Parameters
    ----------
    memory
        What it may take before it uses the disk.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        },
    )


class Catalog:
    """The series and alerts of a source; safe to ask from several threads while one refreshes.

    Parameters
    ----------
    source
        Where the results lie.
    title
        What the page is called.
    """

    def __init__(self, source: Source, title: str) -> None:
        self._source = source
        self._title = title
        self._database = connect()
        self._database.execute(queries.CREATE_TABLES)
        self._lock = threading.Lock()
        self._known: frozenset[File] = frozenset()
        self._read: frozenset[File] = frozenset()
        self._problems: dict[File, str] = {}
        self._start = uuid.uuid4().hex[:8]
        self._changes = 0
        self._inserting: duckdb.DuckDBPyConnection | None = None
        self._closed = False

    @property
    def version(self) -> str:
        """Text that changes whenever an answer may have changed."""
        return f"{self._start}-{self._changes}"

    def check(self) -> None:
        """Look whether the source is there and its newest file, if any, has results.

        Raises
        ------
        DashboardError
            If not.
        """
        files = self._source.list_files()
        for file in sorted(files, key=lambda file: (file.day, file.path))[-1:]:
            try:
                missing = self._source.missing_columns(file)
            except UNREADABLE:  # it may be in the making
                return
            if missing:
                raise DashboardError(_stranger(file, missing))

    def refresh(self) -> None:
        """Read the files that are new; one that cannot be read becomes a problem that the overview tells.

        Raises
        ------
        DashboardError
            If the source is not there.
        """
        with self._lock:
            if self._closed:
                return
            files = frozenset(self._source.list_files())
            self._forget({file.day for file in self._read}, {file.day for file in files})
            self._read &= files
            self._problems = {file: text for file, text in self._problems.items() if file in files}
            self._known = files
            for _, of_day in _by_day(files - self._read - self._problems.keys()):
                if not self._closed:
                    self._add(of_day)
                    self._changes += 1

    def close(self) -> None:
        """Let go of the database; a `refresh` that runs in another thread ends soon."""
        self._closed = True
        if inserting := self._inserting:
            inserting.interrupt()
        with self._lock:
            self._database.close()

    def overview(self, alerts: int = 200) -> Overview:
        """Sum up.

        Parameters
        ----------
        alerts
            How many of the newest alerts to list.
        """
        version = self.version
        cursor = self._database.cursor()
        kpis = Kpis(*_only(cursor.execute(queries.KPIS).fetchall()))
        oldest, newest, shortest_period = _only(cursor.execute(queries.EXTENT).fetchall())
        several_detectors, several_measures = _only(cursor.execute(queries.SEVERAL).fetchall())
        listed = self.alerts(limit=alerts)
        days = {file.day for file in self._known}
        unread = {file.day for file in self._known - self._read - self._problems.keys()}
        return Overview(
            version=version,
            title=self._title,
            source=self._source.name,
            kpis=kpis,
            oldest=oldest,
            newest=newest,
            shortest_period=shortest_period,
            days=len(days),
            days_read=len(days - unread),
            alerts=listed.alerts,
            alert_count=listed.total,
            alerts_last_day=0 if newest is None else self.alerts(start=newest - _DAY_MS, end=newest, limit=0).total,
            several_detectors=several_detectors,
            several_measures=several_measures,
            problems=self.problems(),
        )

    def problems(self) -> list[str]:
        """Tell what could not be read, shortly."""
        told = [text for _, text in sorted(self._problems.items(), key=lambda item: item[0].path)]
        more = len(told) - _PROBLEMS_TOLD
        return told[:_PROBLEMS_TOLD] + ([f"{more} more files could not be read"] if more > 0 else [])

    def find(
        self, text: str = "", detector: str | None = None, series_id: str | None = None, limit: int = 50
    ) -> SeriesList:
        """Search series; those with the newest alerts come first.

        Parameters
        ----------
        text
            Words that the series' dimensions, measure or detector contain, or that its identifier starts with.
        detector, series_id
            Exactly this detector or series.
        limit
            How many to list.
        """
        parameters = {
            "words": text.lower().split(),
            "detector": detector,
            "id": series_id,
            "limit": limit,
        }
        rows = self._database.cursor().execute(queries.FIND_SERIES, parameters).fetchall()
        return SeriesList([_series(row[:-1]) for row in rows], rows[0][-1] if rows else 0)

    def alerts(
        self,
        detector: str | None = None,
        series_id: str | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int = 200,
        skip: int = 0,
    ) -> AlertList:
        """List alerts, newest first; of one series, or of a time (milliseconds since 1970, the end excluded)."""
        which = {"detector": detector, "id": series_id, "from": start, "to": end}
        cursor = self._database.cursor()
        rows = cursor.execute(queries.ALERTS, which | {"limit": limit, "skip": skip}).fetchall()
        alerts = [Alert(detector, id_, measure, _short(label), *rest) for detector, id_, measure, label, *rest in rows]
        return AlertList(alerts, *_only(cursor.execute(queries.ALERT_COUNT, which).fetchall()))

    def chart_columns(self, detector: str, series_id: str, start: int, end: int, rows: int) -> ChartColumns:
        """Read a series over a time.

        Parameters
        ----------
        detector, series_id
            Which series.
        start, end
            Milliseconds since 1970; the end is excluded.
        rows
            About how many rows to give at most, alerts apart; several periods become one row where there are more.

        Raises
        ------
        DashboardError
            If the files cannot be read, tried twice.
        """
        columns = empty_columns()
        found = self.find(detector=detector, series_id=series_id).series
        start, end = (max(start, found[0].first), min(end, found[0].last + 1)) if found else (start, start)
        if start >= end:
            return columns
        width = row_length(start, end, found[0].period, rows)
        parameters = {"detector": detector, "id": series_id, "from": start, "to": end, "width": width}

        def read(cursor: duckdb.DuckDBPyConnection, relation: Relation) -> list[tuple[Any, ...]]:
            return cursor.execute(queries.chart_of_one(relation.sql), parameters | relation.parameters).fetchall()

        append_rows(columns, self.with_files(start, end, read))
        return columns

    def with_files(self, start: int, end: int, read: Read) -> list[tuple[Any, ...]]:
        """Run a query over the files of some days, again if a file vanished meanwhile (compaction).

        Parameters
        ----------
        start, end
            Milliseconds since 1970; the end is excluded.
        read
            Called with a connection of its own and what to read from.

        Raises
        ------
        DashboardError
            If the files cannot be read, tried twice.
        """
        try:
            return self._with_files(start, end, read)
        except UNREADABLE:
            self._known = frozenset(self._source.list_files())
        try:
            return self._with_files(start, end, read)
        except UNREADABLE as error:
            msg = f"{self._source.name}: the results cannot be read: {_first_line(error)}"
            raise DashboardError(msg) from error

    def _with_files(self, start: int, end: int, read: Read) -> list[tuple[Any, ...]]:
        first, last = _day_of(start), _day_of(end - 1)
        readable = self._known - self._problems.keys()
        files = [file for file in readable if not file.day or first <= file.day <= last]
        if not files:
            return []
        cursor = self._database.cursor()
        return read(cursor, self._source.relation(cursor, sorted(files, key=lambda file: file.path)))

    def _forget(self, before: set[str], now: set[str]) -> None:
        """Let go of what was in days that are deleted."""
        gone = before - now
        if not gone:
            return
        if now and "" not in before | now and max(gone) < min(now):
            # The usual case, old days expire. Everything later stays, so nobody sees the figures drop meanwhile.
            oldest = {"oldest": int(datetime.fromisoformat(f"{min(now)}T00:00Z").timestamp() * 1000)}
            for statement in queries.FORGET:
                self._database.execute(statement, oldest)
        else:
            self._database.execute(queries.CREATE_TABLES)
            self._read = frozenset()
        self._changes += 1

    def _add(self, files: Sequence[File]) -> None:
        """Take the files of one day; when they cannot be read together, each by itself, to find the bad one."""
        checked = [file for file in files if self._is_result(file)]
        if not checked:
            return
        try:
            self._insert(checked)
        except UNREADABLE as error:
            if self._closed:
                return
            if len(files) > 1:
                for file in checked:
                    self._add([file])
            else:
                self._problems[checked[0]] = f"{checked[0].path}: {_first_line(error)}"

    def _is_result(self, file: File) -> bool:
        try:
            missing = self._source.missing_columns(file)
        except FileNotFoundError:
            self._known -= {file}
            return False
        except UNREADABLE as error:
            self._problems[file] = f"{file.path}: {_first_line(error)}"
            return False
        if missing:
            self._problems[file] = _stranger(file, missing)
        return not missing

    def _insert(self, files: Sequence[File]) -> None:
        self._inserting = cursor = self._database.cursor()
        relation = self._source.relation(cursor, files)
        cursor.begin()
        try:
            cursor.execute(queries.ADD_SERIES.format(relation=relation.sql), relation.parameters)
            cursor.execute(queries.ADD_ALERTS.format(relation=relation.sql), relation.parameters)
            cursor.commit()
        except UNREADABLE:
            cursor.rollback()
            raise
        finally:
            self._inserting = None
        self._read |= frozenset(files)


def _stranger(file: File, missing: Sequence[str]) -> str:
    return (
        f"{file.path}: a Parquet file without {', '.join(missing)}, expected the detector's flat results; "
        f"give the folder that they are written to"
    )


def _by_day(files: Iterable[File]) -> list[tuple[str, list[File]]]:
    days: defaultdict[str, list[File]] = defaultdict(list)
    for file in files:
        days[file.day].append(file)
    return sorted(days.items(), reverse=True)


def _day_of(milliseconds: int) -> str:
    return f"{_EPOCH + timedelta(milliseconds=milliseconds):%Y-%m-%d}"


def _series(row: Sequence[Any]) -> SeriesInfo:
    detector, id_, measure, label, dimensions, *rest = row
    pairs = [(entry["key"], entry["value"]) for entry in dimensions]
    return SeriesInfo(detector, id_, measure, _short(label), pairs, *rest)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"


def _only(rows: Sequence[Any]) -> Any:  # noqa: ANN401 - a row of any shape
    (row,) = rows
    return row


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
