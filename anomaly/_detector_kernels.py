"""The kernel that takes a series one observation further: expect, score, judge, learn."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly import _calibration_kernels as calibration
from anomaly import _forest_kernels as forest
from anomaly._calibration_kernels import Episode, Window
from anomaly._forest_kernels import FloatArray, ForestArrays, ForestShape, IntArray
from anomaly._jit import kernel

MINIMUM_POINTS = 32
"""Points learned before the forest is asked for scores and expected values."""


LARGEST_VALUE = 1e300
"""Values beyond it are taken as this, so that no difference and no sum of differences overflows."""


class DetectorArrays(NamedTuple):
    """Everything a detector remembers.

    ``raw_scores`` the window of recent raw scores. ``errors_arrived``, ``errors_sorted``, ``errors_count`` one window a
    feature of recent (value - expected value). ``scales`` (features,) what the forest divides each feature by.
    ``strange`` (shingle_size,) 1 where one of the last observations had evidence of 1 or more, oldest first.
    ``counts`` (2,) observations processed; observations missing.
    """

    forest: ForestArrays
    raw_scores: Window
    errors_arrived: FloatArray
    errors_sorted: FloatArray
    errors_count: IntArray
    episode: Episode
    scales: FloatArray
    strange: IntArray
    counts: IntArray


class Outputs(NamedTuple):
    """What is said of n observations: shape (n,), or (n, features) for the three last."""

    raw_score: FloatArray
    score: FloatArray
    is_anomaly: npt.NDArray[np.bool_]
    alert: npt.NDArray[np.bool_]
    direction: IntArray
    episode_start: FloatArray
    processed_points: IntArray
    missing_points: IntArray
    expected_value: FloatArray
    lower_bound: FloatArray
    upper_bound: FloatArray


@kernel
def process_rows(
    shape: ForestShape,
    arrays: DetectorArrays,
    threshold: float,
    output_after: int,
    rows: FloatArray,
    times: FloatArray,
    outputs: Outputs,
) -> None:
    """Process observations in order, shape (n, features); a row with a NaN is missing: expected, but not learned."""
    for i in range(rows.shape[0]):
        missing = False
        for f in range(shape.features):
            if np.isnan(rows[i, f]):
                missing = True
        inference = arrays.counts[0] + (0 if missing else 1) > output_after
        ready = forest.points_seen(shape, arrays.forest) >= MINIMUM_POINTS
        if ready:
            expect(shape, arrays, outputs.expected_value[i])
            for f in range(shape.features):
                low, high = calibration.band_of(error_window(arrays, f))
                outputs.lower_bound[i, f] = outputs.expected_value[i, f] + low
                outputs.upper_bound[i, f] = outputs.expected_value[i, f] + high
        if missing:
            arrays.counts[1] += 1
        else:
            judge_and_learn(shape, arrays, threshold, inference, ready, rows[i], times[i], i, outputs)
        outputs.processed_points[i] = arrays.counts[0]
        outputs.missing_points[i] = arrays.counts[1]
        if not inference:
            outputs.expected_value[i] = 0.0
            outputs.lower_bound[i] = 0.0
            outputs.upper_bound[i] = 0.0


@kernel
def judge_and_learn(
    shape: ForestShape,
    arrays: DetectorArrays,
    threshold: float,
    inference: bool,
    ready: bool,
    row: FloatArray,
    time: float,
    i: int,
    outputs: Outputs,
) -> None:
    """Score one whole observation against what was learned before it, then learn it."""
    forest.append_observation(shape, arrays.forest, np.clip(row / arrays.scales, -LARGEST_VALUE, LARGEST_VALUE))
    if ready:
        known = known_dimensions(shape, arrays, shape.shingle_size)
        raw_score = forest.score_query(shape, arrays.forest, newest_point(shape, arrays), known)
        outputs.raw_score[i] = raw_score
        evidence = calibration.evidence_of(arrays.raw_scores, raw_score)
        if inference:
            score = calibration.score_of(evidence)
            outputs.score[i] = score
            outputs.is_anomaly[i] = score > threshold
            outputs.alert[i] = calibration.follow_episode(arrays.episode, score > threshold, evidence, time)
            outputs.direction[i] = direction_of(arrays, row, outputs.expected_value[i]) if score > 0.0 else 0
            if arrays.episode.quiet[0] >= 0:
                outputs.episode_start[i] = arrays.episode.start[0]
        remember_strangeness(arrays, evidence >= 1.0)
        calibration.push(arrays.raw_scores, raw_score)
        for f in range(shape.features):
            calibration.push(error_window(arrays, f), row[f] - outputs.expected_value[i, f])
    forest.learn(shape, arrays.forest)
    arrays.counts[0] += 1
    if shape.features > 1 and arrays.counts[0] >= MINIMUM_POINTS:
        points = arrays.counts[0]
        if points & (points - 1) == 0:
            rescale(shape, arrays)


@kernel
def error_window(arrays: DetectorArrays, feature: int) -> Window:
    """Return the window of one feature's differences from its expected value."""
    return Window(
        arrays.errors_arrived[feature], arrays.errors_sorted[feature], arrays.errors_count[feature : feature + 1]
    )


@kernel
def known_dimensions(shape: ForestShape, arrays: DetectorArrays, observations: int) -> IntArray:
    """Return the dimensions of the first ``observations`` of the next shingle, but for those already found strange.

    A strange observation stays in the shingle for a while. It has been reported; what comes after it is judged, and
    expected, by the rest. (AWS's predictor-corrector imputes it instead.)
    """
    known = np.empty(shape.features * shape.shingle_size, np.int64)
    size = 0
    for j in range(observations):
        newest = j == shape.shingle_size - 1
        if newest or arrays.strange[j + 1] == 0:
            for f in range(shape.features):
                known[size] = j * shape.features + f
                size += 1
    return known[:size]


@kernel
def remember_strangeness(arrays: DetectorArrays, strange: bool) -> None:
    """Note whether the newest observation was strange, and drop the oldest note."""
    arrays.strange[:-1] = arrays.strange[1:]
    arrays.strange[-1] = 1 if strange else 0


@kernel
def newest_point(shape: ForestShape, arrays: DetectorArrays) -> FloatArray:
    """Return the shingle that ends with the observation just appended."""
    end = (arrays.forest.clock[0] - arrays.forest.clock[1] + 1) * shape.features
    return arrays.forest.history[end - shape.features * shape.shingle_size : end]


@kernel
def expect(shape: ForestShape, arrays: DetectorArrays, expected: FloatArray) -> None:
    """Write the value expected next: the median of what followed the points most like the last observations.

    One candidate a tree, from trees drawn on the known dimensions alone. With a shingle of one nothing is known, and
    the candidates are the newest points of the trees.
    """
    features = shape.features
    held = arrays.forest.clock[0] - arrays.forest.clock[1]
    known_size = features * (shape.shingle_size - 1)
    start = (held - (shape.shingle_size - 1)) * features
    context = arrays.forest.history[start : start + known_size]
    leaves = forest.leaves_of_query(
        shape, arrays.forest, context, known_dimensions(shape, arrays, shape.shingle_size - 1)
    )
    candidates = np.empty(leaves.size)
    for f in range(features):
        for j in range(leaves.size):
            candidates[j] = arrays.forest.history[leaves[j] + known_size + f]
        expected[f] = np.median(candidates) * arrays.scales[f]


@kernel
def direction_of(arrays: DetectorArrays, row: FloatArray, expected: FloatArray) -> int:
    """Return 1 when the feature furthest from its expected value lies above it, -1 when below, 0 when on it."""
    furthest = 0.0
    for f in range(row.size):
        difference = (row[f] - expected[f]) / arrays.scales[f]
        if abs(difference) > abs(furthest):
            furthest = difference
    return int(np.sign(furthest))


@kernel
def rescale(shape: ForestShape, arrays: DetectorArrays) -> None:
    """Bring the features to one scale: divide each by its mean absolute deviation over the history.

    Done each time the number of observations has doubled. Trees store no cuts, so only the history has to change.
    """
    features = shape.features
    rows = arrays.forest.clock[0] - arrays.forest.clock[1]
    for f in range(features):
        column = arrays.forest.history[f : rows * features : features]
        deviation = np.mean(np.abs(column - np.mean(column)))
        if deviation > 0.0:
            for j in range(rows):
                arrays.forest.history[j * features + f] /= deviation
            arrays.scales[f] *= deviation
