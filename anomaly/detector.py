"""The detector: one series in, one judgement per observation out. A fleet of one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly import state
from anomaly.config import DetectorConfig
from anomaly.detections import Detection, Detections
from anomaly.fleet import Records, numbers_of
from anomaly.joint import JointView
from anomaly.times import Time, Times, seconds_of


class Detector:
    """Detects anomalies in one series, online: each observation is judged against those before it, then learned.

    A forecaster says what is to be expected; components judge the newest observation, each by this series' own past;
    one rule combines them (`docs/algorithm.md`). Multiplying a series or shifting it changes no verdict.

    Parameters
    ----------
    config
        Settings; the defaults fit most series.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sales = rng.poisson(20, size=1000).astype(float)
    >>> sales[900] = 94
    >>> detections = Detector().process_many(sales)
    >>> np.flatnonzero(detections.alert).tolist()
    [900]
    >>> detections[900].reason
    '94, five times the 18.1 expected; highest in 15 hours'
    """

    def __init__(self, config: DetectorConfig | None = None) -> None:
        self._config = DetectorConfig() if config is None else config
        features = self._config.features
        self._records = Records(state.series_count(features))
        self._joint = JointView(features) if features > 1 else None

    @property
    def config(self) -> DetectorConfig:
        """The settings."""
        return self._config

    @property
    def processed_points(self) -> int:
        """Observations processed so far, missing ones not counted."""
        records = self._records.series[: self._config.features]
        return int(np.maximum(records["clock"]["points"], records["start"]["kept"]).max())

    def __repr__(self) -> str:
        return f"Detector after {self.processed_points:,} points, {self._config}"

    def process(self, value: float | Sequence[float], time: Time = None) -> Detection:
        """Score the next observation, then learn it.

        Parameters
        ----------
        value
            The observation: a number, or a row of `features` numbers. NaN stands for a missing value: it is counted as
            missing, gets the score 0 and is not learned; in a row, only that feature is missing. Infinite values and
            those beyond 1e30 are no observations and count as missing, too.
        time
            When it was observed: a datetime (UTC if it has no time zone), a datetime64 or epoch seconds. They must come
            in order. Without times a series has one row a minute and no calendar.

        Returns
        -------
        Detection
            What to think of it.

        Raises
        ------
        ValueError
            When the observation is no number or has another number of features than the configuration, or the time is
            none or out of order; then nothing was learned.
        """
        return self._judge(numbers_of([value]), seconds_of(time, 1))[0]

    def process_many(self, values: npt.ArrayLike, times: Times = None) -> Detections:
        """Score and learn observations in order; the same as `process` on each, at the speed of the kernels.

        Parameters
        ----------
        values
            Shape (n,), or (n, features).
        times
            One per observation, as in `process`.

        Returns
        -------
        Detections
            Arrays, one entry per observation.

        Raises
        ------
        ValueError
            As `process`, or when there are not as many times as values; then nothing was learned.
        """
        numbers = numbers_of(values)
        return self._judge(numbers, seconds_of(times, len(numbers) if numbers.ndim else 0))

    def to_bytes(self) -> bytes:
        """Return the whole state; `from_bytes` continues from it bit for bit. The layout is in :mod:`anomaly.state`."""
        if self._joint is None:
            return self._records.to_bytes(0, self._config)
        return state.encode(self._config, self._records.series.tobytes(), self._joint.to_bytes())

    @classmethod
    def from_bytes(cls, blob: bytes, *, threshold: float | None = None) -> Self:
        """Return the detector that `to_bytes` described.

        Parameters
        ----------
        blob
            What `to_bytes` returned.
        threshold
            A new threshold, which applies from here on; the stored one if not given. Nothing that was learned
            depends on it, but for whether an episode is running.

        Raises
        ------
        StateError
            When the bytes are not such a state, are damaged, or are of a version that this library does not read.
        """
        stored = state.decode(blob)
        config = stored.config() if threshold is None else replace(stored.config(), threshold=threshold)
        detector = cls(config)
        for row, record in enumerate(stored.series):
            detector._records.put(row, record)
        if detector._joint is not None:
            detector._joint = JointView.from_bytes(config.features, stored.joint)
        return detector

    def _judge(self, values: npt.NDArray[np.float64], times: npt.NDArray[np.float64]) -> Detections:
        features = self._config.features
        if features > 1 and values.ndim == 2 and values.shape[1] == features:
            assert self._joint is not None  # noqa: S101 - it is there when there are several features
            return self._joint.judge(self._records, values, times, self._config)
        flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if features > 1 or flat.ndim != 1:
            msg = f"an observation must have {features} feature(s), got values of the shape {values.shape}"
            raise ValueError(msg)
        rows = np.zeros(len(flat), np.int64)
        return self._records.judge(rows, times, np.ascontiguousarray(flat), self._config)
