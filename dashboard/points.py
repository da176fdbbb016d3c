"""Rows of points: how long they are, and collecting them into columns."""

from collections.abc import Iterable
from typing import Any

from dashboard.records import Points

__all__ = ["add_rows", "empty_points", "row_length"]


def row_length(start: int, end: int, period: int, rows: int) -> int:
    """Tell how many milliseconds a row stands for, so that about `rows` are enough: a multiple of the period."""
    period = max(period, 1)
    return period * max(1, -(-(end - start) // (period * rows)))


def empty_points() -> Points:
    """Make points without rows, to be filled by `add_rows`."""
    return Points(*([] for _ in Points.__struct_fields__))


def add_rows(points: Points, rows: Iterable[tuple[Any, ...]]) -> None:
    """Append what a points query returned, without the columns that name the series."""
    columns = [getattr(points, name) for name in points.__struct_fields__]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
