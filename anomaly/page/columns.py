"""Rows of a chart as columns: how much a row stands for, and which periods stay rows of their own."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.page.content import Alert, ChartColumns

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

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


def join_periods(
    *,
    start: npt.NDArray[np.int64],
    period: int,
    value: Numbers,
    expected_value: Numbers,
    lower_bound: Numbers,
    upper_bound: Numbers,
    score: Numbers,
    alert: Flags,
    learning: Flags,
    imputed: Flags,
    alone: Flags,
    width: int,
) -> ChartColumns:
    """Join neighbouring periods into rows.

    Parameters
    ----------
    start, value, expected_value, lower_bound, upper_bound, score, alert, learning, imputed
        The periods, in order of time, at least one.
    period
        The length of one, in milliseconds.
    alone
        Periods that stay rows of their own, besides those with an alert.
    width
        How many milliseconds a row stands for.
    """
    alone = alone | alert
    begins = np.ones(len(start), bool)
    begins[1:] = (np.diff(start // width) != 0) | alone[1:] | alone[:-1]
    first = np.flatnonzero(begins)
    periods = np.diff(np.append(first, len(start)))
    joined = periods > 1

    def mean(column: Numbers) -> list[float | None]:
        known = np.isfinite(column)
        count = np.add.reduceat(known, first, dtype=np.float64)
        means = np.add.reduceat(np.where(known, column, 0.0), first) / np.where(count > 0, count, np.nan)
        return [
            float(f"{one:.6g}") if several else one
            for one, several in zip(means.tolist(), joined.tolist(), strict=True)
        ]

    def only_joined(column: npt.NDArray[Any]) -> list[Any]:
        return [one if several else None for one, several in zip(column.tolist(), joined.tolist(), strict=True)]

    nothing_expected = np.where(learning, np.nan, 0.0)
    return ChartColumns(
        start=start[first].tolist(),
        end=only_joined(start[first + periods - 1] + period),
        periods=periods.tolist(),
        value=mean(value),
        lowest=only_joined(np.fmin.reduceat(value, first)),
        highest=only_joined(np.fmax.reduceat(value, first)),
        expected_value=mean(expected_value + nothing_expected),
        lower_bound=mean(lower_bound + nothing_expected),
        upper_bound=mean(upper_bound + nothing_expected),
        score=np.fmax.reduceat(score, first).tolist(),
        alert=np.add.reduceat(alert, first, dtype=np.int64).tolist(),
        learning=np.maximum.reduceat(learning, first).astype(np.int64).tolist(),
        imputed=np.add.reduceat(imputed, first, dtype=np.int64).tolist(),
    )
