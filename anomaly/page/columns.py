"""Rows of a chart as columns: how much a row stands for, and which periods stay rows of their own."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from anomaly.page.content import Alert, ChartColumns

_AROUND_MS = 3_600_000
_AROUND_PERIODS = 30


def row_length(start: int, end: int, period: int, rows: int) -> int:
    """Tell how many milliseconds a row stands for, so that about `rows` are enough: a multiple of the period."""
    period = max(period, 1)
    return period * max(1, -(-(end - start) // (period * rows)))


def surroundings(alert: Alert) -> tuple[int, int]:
    """Tell the times between which a page shows every period: an hour or 30 periods about the alert, if longer."""
    around = max(_AROUND_MS, _AROUND_PERIODS * (alert.end - alert.start))
    return alert.start - around, alert.start + around


def empty_columns() -> ChartColumns:
    """Make columns without rows, to be filled by `append_rows`."""
    return ChartColumns(*([] for _ in fields(ChartColumns)))


def append_rows(columns: ChartColumns, rows: Iterable[tuple[Any, ...]]) -> None:
    """Append rows that have the columns' values in the columns' order."""
    lists = [getattr(columns, each.name) for each in fields(columns)]
    for row in rows:
        for column, value in zip(lists, row, strict=True):
            column.append(value)
