"""Many series: each a record, all in one array, a period of thousands of them one call."""

import math
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from anomaly import state
from anomaly.alerts import strength_for
from anomaly.config import DetectorConfig
from anomaly.detections import Detections
from anomaly.errors import StateError
from anomaly.kernels.clock import ADMITTED
from anomaly.kernels.columns import COLUMNS
from anomaly.kernels.compile import prepare
from anomaly.kernels.process import process_rows
from anomaly.kernels.step import scratch_record, series_new, series_record
from anomaly.times import Times, refused, seconds_of

_GROWTH = 1 / 32
"""Records are added by a thirty-second: the system moves a large array without copying it, so idle memory counts."""


class Fleet:
    """Detects anomalies in many series, online: each value is judged against its own series' past, then learned.

    Parameters
    ----------
    config
        Settings of every series; the defaults fit most. Observations have one feature.

    Notes
    -----
    A series takes about 9.7 KB, as bytes and in memory. The interpreter lock is not held while values are judged, so
    several fleets run in parallel threads; one fleet must be used by one thread at a time.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> fleet = Fleet()
    >>> for minute in range(500):
    ...     sales = rng.poisson([20, 300])
    ...     detections = fleet.process(["item-A", "item-B"], sales, 60.0 * minute)
    >>> fleet.process(["item-B", "item-A"], [90, 20], 60.0 * 500).alert.tolist()
    [True, False]
    >>> len(fleet), "item-A" in fleet
    (2, True)
    """

    def __init__(self, config: DetectorConfig | None = None) -> None:
        self._config = DetectorConfig() if config is None else config
        if self._config.features != 1:
            msg = f"a fleet's observations have one feature, got features={self._config.features}"
            raise ValueError(msg)
        self._rows: dict[Hashable, int] = {}
        self._free: list[int] = []
        self._pool = Records()
        self._alone = _Alone()

    @property
    def config(self) -> DetectorConfig:
        """The settings."""
        return self._config

    @property
    def nbytes(self) -> int:
        """Bytes that the records take."""
        return self._pool.nbytes

    def __len__(self) -> int:
        """Count the series."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        """Whether the series has been seen."""
        return key in self._rows

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the keys of the series."""
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"Fleet of {len(self)} series, {self.nbytes / 1e6:.1f} MB, {self._config}"

    def process(self, keys: Iterable[Hashable], values: npt.ArrayLike, times: Times = None) -> Detections:
        """Judge the next value of each series, then learn it.

        Parameters
        ----------
        keys
            Which series each value belongs to; a new key begins a new series. A key may come several times: its values
            are taken in their order.
        values
            Shape (n,). NaN stands for a missing value: it is counted as missing and not learned. Infinite values and
            those beyond 1e30 are no observations and count as missing, too.
        times
            When they were observed: one time for all, or one each; datetimes (UTC if without a time zone), datetime64
            or epoch seconds. They must come in order in each series. Without times a series has one row a minute
            and no calendar.

        Returns
        -------
        Detections
            One entry per value, in their order.

        Raises
        ------
        ValueError
            When there are not as many values or times as keys, a value is no number, or a time is none or out of
            order; then nothing was learned.
        TypeError
            When a key is not hashable; then nothing was learned.
        RuntimeError
            When another thread is using this fleet.
        """
        keys = keys if isinstance(keys, Sequence) else list(keys)
        numbers = numbers_of(values)
        if numbers.shape != (len(keys),):
            msg = f"there must be one value per key, got values of the shape {numbers.shape} for {len(keys)}"
            raise ValueError(msg)
        seconds = seconds_of(times, len(keys))
        with self._alone:
            begun: list[Hashable] = []
            try:
                return self._pool.judge(self._places(keys, begun), seconds, numbers, self._config)
            except (TypeError, ValueError):
                for key in begun:
                    self._drop(key)
                raise

    def to_bytes(self, key: Hashable) -> bytes:
        """Return the state of a series; `restore` continues from it bit for bit.

        Raises
        ------
        KeyError
            When there is no such series.
        """
        with self._alone:
            return self._pool.to_bytes(self._rows[key], self._config)

    def restore(self, key: Hashable, blob: bytes) -> None:
        """Take up a series from the state that `to_bytes` returned, in place of the one that has this key, if any.

        Raises
        ------
        StateError
            When the bytes are not such a state, are damaged, or are of a version that this library does not read.
        """
        stored = state.decode(blob)
        if stored.features != 1:
            msg = f"a fleet's series has one feature, this state has {stored.features}"
            raise StateError(msg)
        with self._alone:
            row = self._rows.get(key)
            self._pool.put(int(self._places([key], [])[0]) if row is None else row, stored.series[0])

    def forget(self, key: Hashable) -> None:
        """Drop a series; its place is used again.

        Raises
        ------
        KeyError
            When there is no such series.
        """
        with self._alone:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        row = self._rows.pop(key)
        self._pool.clear(row)
        self._free.append(row)

    def _places(self, keys: Sequence[Hashable], begun: list[Hashable]) -> npt.NDArray[np.int64]:
        """Return the places of series; notes in `begun` which are new."""
        rows = self._rows
        try:
            return np.fromiter(map(rows.__getitem__, keys), np.int64, len(keys))
        except KeyError:
            for key in keys:
                if key not in rows:
                    rows[key] = self._free.pop() if self._free else self._pool.add()
                    begun.append(key)
            return np.fromiter(map(rows.__getitem__, keys), np.int64, len(keys))


class _Alone:
    """Refuses a second thread: the first may be moving the memory that the second's kernel works on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            msg = "this fleet is in use by another thread; give each thread a fleet of its own, or a lock"
            raise RuntimeError(msg)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Records:
    """The records of series, by number."""

    def __init__(self, count: int = 0) -> None:
        prepare()
        self._blank = series_new().view(np.uint8)
        self._scratch = np.zeros(1, scratch_record)
        self._series = np.zeros(max(count, 1), series_record)  # zeros, so that padding is the same bytes everywhere
        self._count = 0
        for _ in range(count):
            self.add()

    @property
    def nbytes(self) -> int:
        """Bytes that the records take."""
        return self._series.nbytes

    @property
    def series(self) -> npt.NDArray[np.void]:
        """The records, shape (n,) or more."""
        return self._series

    def add(self) -> int:
        """Begin a series; return its number."""
        if self._count == len(self._series):
            # Nothing else holds this array: it is only passed to kernels.
            self._series.resize(self._count + max(1, int(self._count * _GROWTH)), refcheck=False)
        self._count += 1
        self.clear(self._count - 1)
        return self._count - 1

    def clear(self, row: int) -> None:
        """Make a record that of a series that has seen nothing."""
        self.put(row, self._blank)

    def put(self, row: int, record: npt.NDArray[np.uint8]) -> None:
        """Put the bytes of a checked record in a series' place."""
        # As bytes: numpy would copy a record of records field by field.
        self._series.view(np.uint8).reshape(len(self._series), -1)[row] = record

    def to_bytes(self, row: int, config: DetectorConfig) -> bytes:
        """Return the state of a series."""
        return state.encode(config, self._series[row].tobytes())

    def judge(
        self,
        rows: npt.NDArray[np.int64],
        times: npt.NDArray[np.float64],
        values: npt.NDArray[np.float64],
        config: DetectorConfig,
        *,
        telling: bool = True,
    ) -> Detections:
        """Judge and learn one value for each entry; `times` are overwritten where there are none.

        Raises
        ------
        ValueError
            When a time is none, or out of order; then nothing was learned.
        """
        out = np.zeros((len(rows), len(COLUMNS)))
        strength = strength_for(config.threshold) if telling else 0.0
        settings = float(config.threshold), strength, config.output_after or 0
        wrong, where = process_rows(self._series, rows, times, values, *settings, self._scratch, out)
        if wrong != ADMITTED:
            same = np.flatnonzero(rows[:where] == rows[where])
            last = times[same[-1]] if same.size else self._series[rows[where]]["clock"]["last_row"]
            raise refused(wrong, times[where], where, last)
        return Detections(out, values, times)


def numbers_of(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return values as doubles, contiguous; None and what an array masks are missing.

    Raises
    ------
    ValueError
        When they are not numbers; it names the first that is none.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)  # type: ignore[no-untyped-call]
    try:
        found = np.asarray(values)
    except ValueError as error:
        msg = f"values must be numbers, or rows of equally many, got rows of several lengths: {error}"
        raise ValueError(msg) from None
    if found.dtype.kind in "biuf":
        # A copy: reasons are told when they are asked for, and the caller may fill his array anew meanwhile.
        return np.array(found, dtype=np.float64, order="C")
    # An array of texts may be a list of numbers with one text in it: which one, the list itself tells.
    objects = found if found.dtype.kind == "O" else np.array(values, dtype=object)
    flat = [_number(value) for value in objects.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(objects.shape)


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, (str, bytes, datetime, np.datetime64)) or not hasattr(value, "__float__"):
        msg = f"values must be numbers, NaN where missing, got {value!r}"
        raise ValueError(msg)
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all doubles, no observation either
        return math.inf
    except (TypeError, ValueError):
        msg = f"values must be numbers, NaN where missing, got {value!r}"
        raise ValueError(msg) from None
