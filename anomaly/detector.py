"""The detector: one series in, one judgement per observation out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly import _detector_kernels as kernels
from anomaly import state
from anomaly._detector_kernels import Outputs
from anomaly._forest_kernels import FloatArray, IntArray
from anomaly.confidence import confidence
from anomaly.config import DetectorConfig

__all__ = ["Detection", "Detections", "Detector", "Direction", "Stage"]

Time = datetime | float | None


class Stage(StrEnum):
    """What a detector does with an observation: only learn from it, or score it, too."""

    LEARNING = "LEARNING"
    INFERENCE = "INFERENCE"


class Direction(StrEnum):
    """On which side of its expected value a scored observation lies; NONE when its score is 0."""

    HIGH = "HIGH"
    LOW = "LOW"
    NONE = "NONE"


_DIRECTIONS = {1: Direction.HIGH, -1: Direction.LOW, 0: Direction.NONE}


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector says of one observation.

    Attributes
    ----------
    score
        0 to 100, higher is stranger: 0 for noise and in the LEARNING stage; of an ordinary series, one point in 10,000
        scores more than 70.
    is_anomaly
        Whether the score is over the threshold.
    alert
        Whether people should hear of it now: an episode starts here, or has become markedly worse.
    stage
        LEARNING or INFERENCE.
    confidence
        0 to 100: how much the model has seen (:func:`anomaly.confidence.confidence`).
    expected_value, lower_bound, upper_bound
        What was expected here, and the band in which 19 of 20 recent observations lay; in the observation's unit, 0.0
        in the LEARNING stage. Tuples, one number per feature, when there are several features.
    raw_score
        The forest's score, see :class:`~anomaly.RandomCutForest`; 0.0 while fewer than 32 points are learned.
    direction
        HIGH, LOW or NONE.
    episode_start
        Time of the first anomaly of the episode that this observation belongs to, in epoch seconds; None outside
        episodes, and when observations come without times.
    processed_points
        Observations processed so far, this one included; missing ones are not counted.
    """

    score: float
    is_anomaly: bool
    alert: bool
    stage: Stage
    confidence: float
    expected_value: float | tuple[float, ...]
    lower_bound: float | tuple[float, ...]
    upper_bound: float | tuple[float, ...]
    raw_score: float
    direction: Direction
    episode_start: float | None
    processed_points: int


@dataclass(frozen=True, slots=True)
class Detections:
    """What the detector says of n observations: arrays of shape (n,) with the names and meaning of `Detection`.

    Expected values and bounds have the shape (n, features) when there are several features. `episode_start` is NaN
    where a `Detection` has None; `stage` and `direction` hold their text.
    """

    score: FloatArray
    is_anomaly: npt.NDArray[np.bool_]
    alert: npt.NDArray[np.bool_]
    stage: npt.NDArray[np.str_]
    confidence: FloatArray
    expected_value: FloatArray
    lower_bound: FloatArray
    upper_bound: FloatArray
    raw_score: FloatArray
    direction: npt.NDArray[np.str_]
    episode_start: FloatArray
    processed_points: IntArray

    def __len__(self) -> int:
        return len(self.score)


class Detector:
    """Detects anomalies in one series, online: each observation is scored against those before it, then learned.

    A Random Cut Forest over shingles gives a raw score; its recent tail says how rare such a score is in this very
    series, and that is the score from 0 to 100. Multiplying a series or shifting it changes no score.

    Parameters
    ----------
    config
        Settings; the defaults fit most series.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sales = rng.poisson(20, size=1000).astype(float)
    >>> sales[900] = 94
    >>> detector = Detector(DetectorConfig(seed=7))
    >>> detections = detector.process_many(sales)
    >>> np.flatnonzero(detections.alert).tolist()
    [900]
    >>> f"{detections.expected_value[900]:.0f}"
    '20'
    """

    def __init__(self, config: DetectorConfig | None = None) -> None:
        self._config = DetectorConfig() if config is None else config
        self._shape = state.forest_shape(self._config)
        self._arrays = state.allocate(self._config)

    @property
    def config(self) -> DetectorConfig:
        """The settings."""
        return self._config

    @property
    def processed_points(self) -> int:
        """Observations processed so far, missing ones not counted."""
        return int(self._arrays.counts[0])

    def process(self, value: float | Sequence[float], time: Time = None) -> Detection:
        """Score the next observation, then learn it.

        Parameters
        ----------
        value
            The observation: a number, or a row of `features` numbers. NaN stands for a missing value: it is counted as
            missing, gets the score 0 and is not learned.
        time
            When it was observed: a datetime (UTC if it has no time zone) or epoch seconds. They must come in order.

        Returns
        -------
        Detection
            What to think of it.

        Raises
        ------
        ValueError
            When the value is infinite or has another number of features than the configuration.
        """
        rows = self._rows(np.asarray([value], dtype=np.float64))
        outputs = self._run(rows, np.array([_seconds(time)]))
        return _detection(outputs, self._config)

    def process_many(self, values: npt.ArrayLike, times: Sequence[Time] | FloatArray | None = None) -> Detections:
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
        rows = self._rows(np.asarray(values, dtype=np.float64))
        if times is None:
            seconds = np.full(len(rows), np.nan)
        else:
            seconds = np.array([_seconds(time) for time in times], dtype=np.float64)
        if len(seconds) != len(rows):
            raise ValueError(f"there must be one time per observation, got {len(seconds)} for {len(rows)}")
        return _detections(self._run(rows, seconds), self._config)

    def to_bytes(self) -> bytes:
        """Return the whole state; `from_bytes` continues from it bit for bit. The layout is in :mod:`anomaly.state`."""
        return state.encode(self._config, self._arrays)

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
        config, arrays = state.decode(blob)
        if threshold is not None:
            config = replace(config, threshold=threshold)
        detector = cls(config)
        detector._arrays = arrays
        return detector

    def _rows(self, values: FloatArray) -> FloatArray:
        features = self._config.features
        rows = values.reshape(-1, 1) if values.ndim == 1 and features == 1 else values
        if rows.ndim != 2 or rows.shape[1] != features:
            raise ValueError(f"an observation must have {features} feature(s), got values of the shape {values.shape}")
        if np.isinf(rows).any():
            raise ValueError("observations must be finite, or NaN where one is missing; got an infinite value")
        return np.clip(np.ascontiguousarray(rows), -kernels.LARGEST_VALUE, kernels.LARGEST_VALUE)

    def _run(self, rows: FloatArray, times: FloatArray) -> Outputs:
        outputs = _allocate_outputs(*rows.shape)
        kernels.process_rows(
            self._shape,
            self._arrays,
            float(self._config.threshold),
            self._config.output_after,
            rows,
            times,
            outputs,
        )
        return outputs


def _allocate_outputs(n: int, features: int) -> Outputs:
    return Outputs(
        raw_score=np.zeros(n),
        score=np.zeros(n),
        is_anomaly=np.zeros(n, np.bool_),
        alert=np.zeros(n, np.bool_),
        direction=np.zeros(n, np.int64),
        episode_start=np.full(n, np.nan),
        processed_points=np.zeros(n, np.int64),
        missing_points=np.zeros(n, np.int64),
        expected_value=np.zeros((n, features)),
        lower_bound=np.zeros((n, features)),
        upper_bound=np.zeros((n, features)),
    )


def _confidence(processed: int, missing: int, config: DetectorConfig) -> float:
    seen = processed + missing
    return confidence(processed, config.output_after, processed / seen if seen else 1.0)


def _stage(processed: int, config: DetectorConfig) -> Stage:
    return Stage.INFERENCE if processed > config.output_after else Stage.LEARNING


def _detection(outputs: Outputs, config: DetectorConfig) -> Detection:
    processed = int(outputs.processed_points[0])
    start = float(outputs.episode_start[0])
    return Detection(
        score=float(outputs.score[0]),
        is_anomaly=bool(outputs.is_anomaly[0]),
        alert=bool(outputs.alert[0]),
        stage=_stage(processed, config),
        confidence=_confidence(processed, int(outputs.missing_points[0]), config),
        expected_value=_one_or_all(outputs.expected_value[0]),
        lower_bound=_one_or_all(outputs.lower_bound[0]),
        upper_bound=_one_or_all(outputs.upper_bound[0]),
        raw_score=float(outputs.raw_score[0]),
        direction=_DIRECTIONS[int(outputs.direction[0])],
        episode_start=None if np.isnan(start) else start,
        processed_points=processed,
    )


def _detections(outputs: Outputs, config: DetectorConfig) -> Detections:
    counts = zip(outputs.processed_points.tolist(), outputs.missing_points.tolist(), strict=True)
    flat = config.features == 1
    return Detections(
        score=outputs.score,
        is_anomaly=outputs.is_anomaly,
        alert=outputs.alert,
        stage=np.where(outputs.processed_points > config.output_after, Stage.INFERENCE.value, Stage.LEARNING.value),
        confidence=np.array([_confidence(processed, missing, config) for processed, missing in counts]),
        expected_value=outputs.expected_value[:, 0] if flat else outputs.expected_value,
        lower_bound=outputs.lower_bound[:, 0] if flat else outputs.lower_bound,
        upper_bound=outputs.upper_bound[:, 0] if flat else outputs.upper_bound,
        raw_score=outputs.raw_score,
        direction=np.array([_DIRECTIONS[d].value for d in outputs.direction.tolist()], dtype=np.str_),
        episode_start=outputs.episode_start,
        processed_points=outputs.processed_points,
    )


def _one_or_all(values: FloatArray) -> float | tuple[float, ...]:
    return float(values[0]) if len(values) == 1 else tuple(values.tolist())


def _seconds(time: Time) -> float:
    if time is None:
        return float("nan")
    if isinstance(time, datetime):
        aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
        return aware.timestamp()
    return float(time)
