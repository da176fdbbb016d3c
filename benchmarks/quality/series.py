"""One labelled series, and where it comes from: the sets that ship with the project, or a folder of one's own."""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DATA = Path(__file__).parent.parent / "data"
WEEK = 604_800.0
UNKNOWN = -1
"""Label of a coarse point of which fewer than half of the minutes are labelled: it counts neither way."""


@dataclass(frozen=True, eq=False)
class Series:
    """A series with its labels."""

    name: str
    """Unique in its set."""
    times: FloatArray
    """Seconds since 1970, ascending."""
    values: FloatArray
    """As many; NaN where one is missing."""
    labels: IntArray
    """As many: 1 in what is labelled, 0 outside, `UNKNOWN` where it counts neither way."""
    windows: tuple[tuple[int, int], ...]
    """First and last row, both inclusive, of each window in which an alert counts as right."""

    @property
    def step(self) -> float:
        """Seconds between two points: the median, which a gap does not change."""
        return float(np.median(np.diff(self.times[:1000])))


def nab() -> list[Series]:
    """Read the part of the Numenta Anomaly Benchmark that ships with the project: windows of times."""
    windows: dict[str, list[list[str]]] = json.loads((DATA / "nab" / "windows.json").read_text())
    return [_nab_series(key, windows[key]) for key in sorted(windows)]


def cloud() -> list[Series]:
    """Read the part of Microsoft's cloud monitoring set: windows are the labelled points and five more on each side."""
    windows: dict[str, list[list[int]]] = json.loads((DATA / "cloud" / "windows.json").read_text())
    return [_cloud_series(key, windows[key]) for key in sorted(windows)]


def folder(path: Path) -> list[Series]:
    """Read the CSV files of a folder, `.csv` or `.csv.gz`, as `labelled` reads one.

    Raises
    ------
    ValueError
        When there is no such file, or one lacks a column; the message names it.
    """
    files = sorted([*path.glob("*.csv"), *path.glob("*.csv.gz")])
    if not files:
        msg = f"{path} has no .csv or .csv.gz file"
        raise ValueError(msg)
    return [labelled(file) for file in files]


def labelled(path: Path) -> Series:
    """Read a CSV file with the columns `timestamp`, `value` and `label`.

    Timestamps are epoch seconds or ISO 8601; a value may be empty; a label is 0 or 1, and each run of ones an episode.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    rows = list(_rows(path))
    if not rows or not {"timestamp", "value", "label"} <= rows[0].keys():
        found = ", ".join(rows[0]) if rows else "nothing"
        msg = f"{path} needs the columns timestamp, value and label, it has {found}"
        raise ValueError(msg)
    times = np.array([_seconds(row["timestamp"]) for row in rows])
    values = np.array([float(row["value"] or "nan") for row in rows])
    labels = np.array([int(float(row["label"] or 0)) for row in rows])
    return Series(path.name.partition(".csv")[0], times, values, labels, tuple(runs(labels == 1)))


def runs(mask: BoolArray, gap: int = 1) -> list[tuple[int, int]]:
    """Return first and last index of each run of true points; runs at most `gap` apart are one."""
    at = np.flatnonzero(mask)
    if at.size == 0:
        return []
    cuts = np.flatnonzero(np.diff(at) > gap)
    return list(zip(at[np.append(0, cuts + 1)].tolist(), at[np.append(cuts, at.size - 1)].tolist(), strict=True))


def labels_of(rows: int, windows: Sequence[tuple[int, int]]) -> IntArray:
    """Return 1 in the windows, 0 outside."""
    labels = np.zeros(rows, dtype=np.int64)
    for first, last in windows:
        labels[first : last + 1] = 1
    return labels


def _nab_series(key: str, windows: list[list[str]]) -> Series:
    times, values = _two_columns(DATA / "nab" / f"{key}.gz")
    # Of repeated times the first is meant.
    rows = tuple(
        (int(np.searchsorted(times, _seconds(a))), int(np.searchsorted(times, _seconds(b)))) for a, b in windows
    )
    return Series(key, times, values, labels_of(len(times), rows), rows)


def _cloud_series(key: str, windows: list[list[int]]) -> Series:
    times, values = _two_columns(DATA / "cloud" / f"{key}.gz")
    rows = tuple((a, b) for a, b in windows)
    labelled = [(min(a + 5, b), max(b - 5, a)) for a, b in rows]
    return Series(key, times, values, labels_of(len(times), labelled), rows)


def _two_columns(path: Path) -> tuple[FloatArray, FloatArray]:
    rows = list(_rows(path))
    return np.array([_seconds(row["timestamp"]) for row in rows]), np.array([float(row["value"]) for row in rows])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from csv.DictReader(file)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
