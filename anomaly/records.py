"""What result records say: detections under the records' names, as plain values, column by column.

The job's records, the command's output and reports all come from here, so that they agree.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.detections import APPENDED, FIELDS, Detections, Field

RECORD_FIELDS = tuple(each for each in FIELDS if each.record)
"""What a result record says of an observation."""

APPENDED_FIELDS = tuple(each for each in FIELDS if each.name in APPENDED)
"""What the command appends to a row, in this order."""


def names_of(fields: Iterable[Field], features: Sequence[str] = ()) -> list[str]:
    """Name the columns that `columns_of` gives.

    Parameters
    ----------
    fields
        Of `RECORD_FIELDS`.
    features
        The names of an observation's features, if it has several: each has an expected value and a band of its own.
    """
    suffixes = [f"_{feature}" for feature in features] or [""]
    return [f"{each.record}{end}" for each in fields for end in (suffixes if each.kind == "expectation" else [""])]


def columns_of(
    detections: Detections,
    fields: Iterable[Field],
    *,
    time: Callable[[float], str | None],
    unknown: float | None = 0.0,
) -> list[list[Any]]:
    """Give the values of fields: numbers, texts, None, and for an attribution its parts.

    Parameters
    ----------
    detections
        Of one feature or of several.
    fields
        Of `RECORD_FIELDS`.
    time
        Writes a time in epoch seconds.
    unknown
        What is said of an expectation while LEARNING.

    Returns
    -------
    A list for each name of `names_of`, with a value for each observation. Flags are 1 or 0; a time is None where there
    is none.
    """
    columns: list[list[Any]] = []
    for each in fields:
        column = getattr(detections, each.name)
        if each.kind == "expectation":
            columns += [_expectations(part, unknown) for part in np.atleast_2d(column.T)]
        elif each.kind == "time":
            columns.append(_times(column, time))
        else:
            columns.append((column.astype(np.int64) if each.kind == "flag" else column).tolist())
    return columns


def _expectations(column: npt.NDArray[np.float64], unknown: float | None) -> list[float | None]:
    values: list[float | None] = column.tolist()
    for place in np.flatnonzero(np.isnan(column)).tolist():
        values[place] = unknown
    return values


def _times(column: npt.NDArray[np.float64], time: Callable[[float], str | None]) -> list[str | None]:
    texts: list[str | None] = [None] * len(column)
    for place in np.flatnonzero(~np.isnan(column)).tolist():
        texts[place] = time(float(column[place]))
    return texts
