"""What a page without a server carries: all figures, the newest alerts and what surrounds them, some series whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from anomaly.page import (
    MAX_ALERTS,
    MAX_ROWS,
    MAX_SERIES,
    Alert,
    CarriedSeries,
    PageContent,
    SeriesInfo,
    append_rows,
    empty_columns,
    row_length,
    surroundings,
)
from dashboard import queries
from dashboard.catalog import Catalog
from dashboard.errors import DashboardError
from dashboard.source import Relation


@dataclass(frozen=True, slots=True)
class Choice:
    """What to put on the page."""

    series: tuple[str, ...] = ()
    """Names or identifiers of series; none for those with the newest alerts."""
    max_series: int = MAX_SERIES
    """How many series to carry whole."""
    max_alerts: int = MAX_ALERTS
    """How many of the newest alerts to list."""
    rows: int = MAX_ROWS
    """How many rows all whole series share; several periods become one row where there are more."""
    start: int | None = None
    end: int | None = None
    """Milliseconds since 1970, the end excluded; None for everything."""


def take_snapshot(catalog: Catalog, choice: Choice, written: int) -> PageContent:
    """Choose and read, in one pass over the files.

    Parameters
    ----------
    catalog
        A catalog that has been refreshed.
    choice
        What to take.
    written
        Now, in milliseconds since 1970.

    Raises
    ------
    DashboardError
        If a wanted series is not there, or the files cannot be read.
    """
    overview = catalog.overview(alerts=0)
    if overview.oldest is None or overview.newest is None:
        return PageContent(overview, [], written, choice.start, choice.end)
    start = overview.oldest if choice.start is None else max(choice.start, overview.oldest)
    end = overview.newest if choice.end is None else min(choice.end, overview.newest)
    listed = catalog.alerts(start=start, end=end, limit=choice.max_alerts)
    whole = _wanted(catalog, choice) if choice.series else catalog.find(limit=choice.max_series).series
    infos = {(info.detector, info.id): info for info in whole}
    columns = {key: empty_columns() for key in infos}
    for alert in listed.alerts:
        key = (alert.detector, alert.id)
        if key not in infos:
            infos[key] = catalog.find(detector=alert.detector, series_id=alert.id, limit=1).series[0]
            columns[key] = empty_columns()
    chosen = [(s.detector, s.id, row_length(start, end, s.period, max(1, choice.rows // len(whole)))) for s in whole]
    for row in _rows(catalog, start, end, chosen, _windows(listed.alerts)):
        append_rows(columns[row[0], row[1]], [row[2:]])
    return PageContent(
        replace(overview, alerts=listed.alerts, alert_count=listed.total),
        [CarriedSeries(info, columns[key], info in whole) for key, info in infos.items()],
        written,
        choice.start,
        choice.end,
    )


def _wanted(catalog: Catalog, choice: Choice) -> list[SeriesInfo]:
    wanted: dict[tuple[str, str], SeriesInfo] = {}
    for name in choice.series:
        found = [s for s in catalog.find(limit=1_000_000).series if name in {s.id, s.label}]
        if not found:
            msg = f"--series {name!r}: there is no such series; give its identifier, or its name as the page shows it"
            raise DashboardError(msg)
        wanted |= {(series.detector, series.id): series for series in found}
    return list(wanted.values())


def _windows(alerts: Sequence[Alert]) -> list[tuple[str, str, int, int]]:
    """Merge the surroundings of alerts, so that no period lies in two."""
    windows: list[tuple[str, str, int, int]] = []
    for alert in sorted(alerts, key=lambda alert: (alert.detector, alert.id, alert.start)):
        start, end = surroundings(alert)
        if windows and windows[-1][:2] == (alert.detector, alert.id) and windows[-1][3] >= start:
            windows[-1] = (*windows[-1][:3], end)
        else:
            windows.append((alert.detector, alert.id, start, end))
    return windows


def _rows(
    catalog: Catalog,
    start: int,
    end: int,
    chosen: Sequence[tuple[str, str, int]],
    windows: Sequence[tuple[str, str, int, int]],
) -> list[tuple[Any, ...]]:
    def read(cursor: duckdb.DuckDBPyConnection, relation: Relation) -> list[tuple[Any, ...]]:
        cursor.execute("CREATE TEMP TABLE chosen (detector VARCHAR, id VARCHAR, width BIGINT)")
        cursor.execute('CREATE TEMP TABLE windows (detector VARCHAR, id VARCHAR, "from" BIGINT, "to" BIGINT)')
        if chosen:
            cursor.executemany("INSERT INTO chosen VALUES (?, ?, ?)", chosen)
        if windows:
            cursor.executemany("INSERT INTO windows VALUES (?, ?, ?, ?)", windows)
        sql = queries.chart_of_many(relation.sql)
        return cursor.execute(sql, {"from": start, "to": end} | relation.parameters).fetchall()

    return catalog.with_files(start, end, read)
