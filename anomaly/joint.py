"""Several features in one observation: each judged as a series of its own, and all together by a Random Cut Forest.

The forest sees how far each value lies from what is expected of it, in half widths of its band, so features of any
unit, scale and season compare, and what they have in common is taken out (`anomaly.whitening`). Its score is judged as
one more series, on the high side only: what is less strange than usual is no anomaly.
"""

from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly.alerts import strength_for
from anomaly.config import DetectorConfig
from anomaly.detections import Attribution, Detections, facts_of, shares_of
from anomaly.errors import StateError
from anomaly.fleet import Records
from anomaly.forest import RandomCutForest
from anomaly.kernels.columns import (
    COMPONENTS,
    EVIDENCE,
    EXPECTED,
    FIRST_COMPONENT,
    HELD,
    HIGH,
    INFERENCE,
    IS_ANOMALY,
    LOW,
    POINTS,
    RAW,
    SCORE,
    STRENGTH,
)
from anomaly.kernels.process import tell_rows
from anomaly.kernels.start import VALUE_LIMIT
from anomaly.reasons import number, reason_of
from anomaly.whitening import Whitening, size_of

_FOREST_CHECKSUM, _FOREST_SEEN = 12, 8
"""Bytes of a forest's state before its settings, and after them where it has seen nothing."""

_FARTHEST = 50.0
"""Half widths of the band: farther values count as this far, so that one of them does not fill the forest's boxes."""

Numbers = npt.NDArray[np.float64]


class JointView:
    """The joint view of observations with several features."""

    def __init__(self, features: int) -> None:
        self._whitening = Whitening(features)
        self._forest = RandomCutForest(dimensions=features)

    def to_bytes(self) -> bytes:
        """Return its state."""
        return self._whitening.to_bytes() + self._forest.to_bytes()

    @classmethod
    def from_bytes(cls, features: int, blob: bytes) -> Self:
        """Return the view that `to_bytes` described.

        Raises
        ------
        StateError
            When the bytes are not such a state, or that of another number of features.
        """
        view = cls(features)
        split = size_of(features)
        view._whitening = Whitening.from_bytes(features, blob[:split])
        blob, new = blob[split:], view._forest.to_bytes()
        at = slice(_FOREST_CHECKSUM, len(new) - _FOREST_SEEN)  # settings; what follows is the points seen
        if blob[at] != new[at]:
            msg = "the state's joint view has other settings than those of so many features"
            raise StateError(msg)
        view._forest = RandomCutForest.from_bytes(blob, dimensions=features)
        return view

    def judge(self, records: Records, rows: Numbers, times: Numbers, config: DetectorConfig) -> Detections:
        """Judge and learn observations, shape (n, features); each feature is missing where it is NaN, and only there.

        Raises
        ------
        ValueError
            When a time is none, or out of order; then nothing was learned.
        """
        n, features = rows.shape
        rows = np.where(np.abs(rows) < VALUE_LIMIT, rows, np.nan)  # missing for the joint view, too
        judged = [_judged(records, f, times, rows[:, f], config) for f in range(features)]
        distances = np.column_stack([_distance(rows[:, f], judged[f].told) for f in range(features)])
        together = self._scores(distances, np.isfinite(rows).any(axis=1))
        judged.append(_high_side(_judged(records, features, times, together, config), together))

        told = np.stack([one.told for one in judged])
        strongest = told[:, :, EVIDENCE].argmax(axis=0)
        # What one feature shows is told of that feature, though the joint view sees it, too.
        alone = told[:features, :, EVIDENCE].argmax(axis=0)
        strongest = np.where(told[alone, np.arange(n), EVIDENCE] >= 1, alone, strongest)
        farthest = np.abs(distances).argmax(axis=1)
        shown = np.where(strongest == features, farthest, strongest)
        out = told[shown, np.arange(n)]
        for column in (SCORE, EVIDENCE, STRENGTH, HELD, RAW, POINTS, *range(FIRST_COMPONENT, told.shape[2])):
            out[:, column] = told[:, :, column].max(axis=0)
        present = rows[np.arange(n), shown]
        present = np.where(np.isfinite(rows).any(axis=1) & ~np.isfinite(present), out[:, EXPECTED], present)
        times = judged[0].times
        strength = strength_for(config.threshold)
        settings = float(config.threshold), strength, config.output_after or 0
        tell_rows(records.series, times, np.ascontiguousarray(present), *settings, out)

        bands = {
            name: np.where(out[:, INFERENCE, None] > 0, told[:features, :, column].T, np.nan)
            for name, column in (("expected_value", EXPECTED), ("lower_bound", LOW), ("upper_bound", HIGH))
        }
        reasons = np.empty(n, object)
        for i in np.flatnonzero(out[:, IS_ANOMALY]).tolist():
            reasons[i] = _reason(told[:, i], rows[i], times[i], int(strongest[i]), distances[i])
        return Detections(out, present, times, {**bands, "reason": reasons}, lambda i: _attribution(told[:, i]))

    def _scores(self, distances: Numbers, present: npt.NDArray[np.bool_]) -> Numbers:
        scores = np.full(len(distances), np.nan)
        if present.any():
            white = np.array([self._whitening.apply(row) for row in distances[present]])
            scores[present] = self._forest.score_and_update(np.clip(white, -_FARTHEST, _FARTHEST))
        return scores


def _judged(records: Records, row: int, times: Numbers, values: Numbers, config: DetectorConfig) -> Detections:
    places = np.full(len(values), row, np.int64)
    return records.judge(places, times.copy(), np.ascontiguousarray(values), config, telling=False)


def _distance(values: Numbers, told: Numbers) -> Numbers:
    """Distance from the expectation in half widths of the band; 0 where nothing is expected, or the value missing."""
    half = (told[:, HIGH] - told[:, LOW]) / 2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        distance = (values - told[:, EXPECTED]) / half
    known: Numbers = np.clip(np.where(np.isfinite(distance), distance, 0.0), -_FARTHEST, _FARTHEST)
    return known


def _high_side(judged: Detections, scores: Numbers) -> Detections:
    low = ~(scores > judged.told[:, EXPECTED])
    for column in (SCORE, EVIDENCE, STRENGTH, HELD, *range(FIRST_COMPONENT, judged.told.shape[1])):
        judged.told[low, column] = 0.0
    judged.told[:, RAW] = 0.0
    judged.told[:, POINTS] = 0.0
    return judged


def _attribution(told: Numbers) -> tuple[Attribution, ...]:
    """Shares over all features' components; those that saw half as much as the one that saw most.

    The joint view is one of them where no feature shows it alone.
    """
    features = len(told) - 1
    seen = [
        (float(evidence), f"{f}.{name}")
        for f in range(features)
        for name, evidence in zip(COMPONENTS, told[f, FIRST_COMPONENT:].tolist(), strict=True)
    ]
    if told[:features, EVIDENCE].max() < 1:
        seen.append((float(told[features, EVIDENCE]), "joint"))
    return shares_of(seen)


def _reason(told: Numbers, values: Numbers, time: float, strongest: int, distances: Numbers) -> str:
    features = len(values)
    if strongest < features:
        return f"feature {strongest}: {reason_of(facts_of(told[strongest].tolist(), float(values[strongest]), time))}"
    farthest = [f for f in np.argsort(-np.abs(distances), kind="stable").tolist() if np.isfinite(values[f])][:3]
    parts = ", ".join(
        f"{number(float(values[f]))} for {number(float(told[f, EXPECTED]))} expected of feature {f}"
        for f in sorted(farthest)
    )
    return f"the values are unusual together: {parts}"
