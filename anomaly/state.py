"""A detector's state as bytes: versioned, checksummed, and never trusted.

Layout, all numbers little-endian::

    8 bytes   the text "ANOMALY" and a zero byte
    u32       version of the layout: 1
    u32       CRC-32 of everything that follows
    f64       threshold
    u64       seed
    u32 x 4   trees, sample size, shingle size, features
    u64       output_after
    f64       time decay
    i64 x 5   observations processed, observations missing, observations seen by the forest,
              raw scores seen, points since the last anomaly (-1: no episode)
    f64 x 2   evidence of the latest alert, start of the episode
    f64 x features                  scales
    i64 x features                  differences from the expected value seen
    i64 x shingle size              1 where one of the last observations was strange, oldest first
    f64 x min(seen, 2048)           recent raw scores, as they lie in their ring
    f64 x min(seen, 512), features times   recent differences, as they lie in their rings
    f64 x rows x features           the last observations, divided by the scales; rows = min(seen, window +
                                    shingle size - 1)

What the forest's trees hold is not stored: it follows from the seed and from how many observations were seen.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from anomaly import _forest_kernels as forest_kernels
from anomaly import forest
from anomaly._calibration_kernels import Episode, Window
from anomaly._detector_kernels import DetectorArrays
from anomaly._forest_kernels import FloatArray, ForestShape
from anomaly.config import DetectorConfig
from anomaly.errors import StateError

__all__ = ["STATE_VERSION", "allocate", "decode", "encode", "forest_shape"]

STATE_VERSION = 1
MAGIC = b"ANOMALY\0"
RAW_SCORES = 2048
ERRORS = 512

_HEADER = struct.Struct("<8sII")
_FIXED = struct.Struct("<dQ4IQd5q2d")


def forest_shape(config: DetectorConfig) -> ForestShape:
    """Return the shape of the forest that a configuration asks for."""
    return forest.shape_of(
        config.features, config.shingle_size, config.trees, config.sample_size, config.time_decay, config.seed
    )


def allocate(config: DetectorConfig) -> DetectorArrays:
    """Return the arrays of a detector that has seen nothing."""
    features = config.features
    return DetectorArrays(
        forest=forest.allocate(forest_shape(config)),
        raw_scores=Window(np.zeros(RAW_SCORES), np.zeros(RAW_SCORES), np.zeros(1, np.int64)),
        errors_arrived=np.zeros((features, ERRORS)),
        errors_sorted=np.zeros((features, ERRORS)),
        errors_count=np.zeros(features, np.int64),
        episode=Episode(np.full(1, -1, np.int64), np.zeros(1), np.full(1, np.nan)),
        scales=np.ones(features),
        strange=np.zeros(config.shingle_size, np.int64),
        counts=np.zeros(2, np.int64),
    )


def encode(config: DetectorConfig, arrays: DetectorArrays) -> bytes:
    """Return the state as bytes."""
    shape = forest_shape(config)
    seen = int(arrays.forest.clock[0])
    held = seen - int(arrays.forest.clock[1])
    rows = min(seen, shape.window + shape.shingle_size - 1)
    fixed = _FIXED.pack(
        config.threshold,
        config.seed,
        config.trees,
        config.sample_size,
        config.shingle_size,
        config.features,
        config.output_after,
        config.time_decay,
        *arrays.counts.tolist(),
        seen,
        int(arrays.raw_scores.pushed[0]),
        int(arrays.episode.quiet[0]),
        float(arrays.episode.evidence[0]),
        float(arrays.episode.start[0]),
    )
    parts: list[npt.NDArray[np.generic]] = [
        arrays.scales,
        arrays.errors_count,
        arrays.strange,
        arrays.raw_scores.arrived[: int(arrays.raw_scores.pushed[0])],
        *(arrays.errors_arrived[f, : int(arrays.errors_count[f])] for f in range(config.features)),
        arrays.forest.history[(held - rows) * config.features : held * config.features],
    ]
    body = fixed + b"".join(part.astype(part.dtype.newbyteorder("<")).tobytes() for part in parts)
    return _HEADER.pack(MAGIC, STATE_VERSION, zlib.crc32(body)) + body


def decode(blob: bytes) -> tuple[DetectorConfig, DetectorArrays]:
    """Return the configuration and arrays that bytes describe.

    Raises
    ------
    StateError
        When the bytes are no state, are damaged, or have a version that this library does not read.
    """
    body = _checked_body(bytes(blob))
    if len(body) < _FIXED.size:
        raise StateError(f"a detector's state has at least {_HEADER.size + _FIXED.size} bytes, got {len(blob)}")
    threshold, seed, trees, sample_size, shingle_size, features, output_after, time_decay, *progress = _FIXED.unpack(
        body[: _FIXED.size]
    )
    processed, missing, seen, scores_seen, quiet, evidence, start = progress
    try:
        config = DetectorConfig(
            threshold=threshold,
            seed=seed,
            trees=trees,
            sample_size=sample_size,
            shingle_size=shingle_size,
            output_after=output_after,
            time_decay=time_decay,
            features=features,
        )
    except ValueError as error:
        raise StateError(f"a detector's state holds an impossible setting: {error}") from error
    if min(processed, missing, seen, scores_seen) < 0 or seen != processed or quiet < -1 or not np.isfinite(evidence):
        raise StateError("a detector's state holds impossible counts")

    shape = forest_shape(config)
    numbers = _Numbers(body[_FIXED.size :])
    scales = numbers.floats(features)
    errors_count = numbers.ints(features)
    strange = numbers.ints(shingle_size)
    if (errors_count < 0).any() or not (scales > 0).all() or not np.isin(strange, (0, 1)).all():
        raise StateError("a detector's state holds impossible counts or scales")
    raw_scores = numbers.floats(min(scores_seen, RAW_SCORES))
    errors = [numbers.floats(min(int(count), ERRORS)) for count in errors_count]
    rows = min(seen, shape.window + shape.shingle_size - 1)
    history = numbers.floats(rows * features)
    numbers.finish()

    arrays = allocate(config)
    arrays.counts[:] = processed, missing
    arrays.scales[:] = scales
    arrays.strange[:] = strange
    arrays.episode.quiet[0], arrays.episode.evidence[0], arrays.episode.start[0] = quiet, evidence, start
    _fill(arrays.raw_scores.arrived, arrays.raw_scores.sorted, raw_scores)
    arrays.raw_scores.pushed[0] = scores_seen
    arrays.errors_count[:] = errors_count
    for f in range(features):
        _fill(arrays.errors_arrived[f], arrays.errors_sorted[f], errors[f])
    arrays.forest.history[: len(history)] = history
    arrays.forest.clock[:] = seen, seen - rows
    forest_kernels.rebuild_samples(shape, arrays.forest)
    return config, arrays


class _Numbers:
    """Takes numbers off a body, refusing what is not there and what is not finite."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def floats(self, n: int) -> FloatArray:
        values = np.frombuffer(self._take(8 * n), "<f8").astype(np.float64)
        if not np.isfinite(values).all():
            raise StateError("a detector's state holds a number that is not finite")
        return values

    def ints(self, n: int) -> npt.NDArray[np.int64]:
        return np.frombuffer(self._take(8 * n), "<i8").astype(np.int64)

    def finish(self) -> None:
        if self._at != len(self._body):
            raise StateError(f"a detector's state has {len(self._body) - self._at} bytes too many")

    def _take(self, size: int) -> bytes:
        if self._at + size > len(self._body):
            raise StateError(f"a detector's state ends {self._at + size - len(self._body)} bytes too early")
        self._at += size
        return self._body[self._at - size : self._at]


def _checked_body(blob: bytes) -> bytes:
    if len(blob) < _HEADER.size or not blob.startswith(MAGIC):
        raise StateError("these bytes are not a detector's state: it starts with the text ANOMALY and a zero byte")
    _, version, checksum = _HEADER.unpack(blob[: _HEADER.size])
    if version != STATE_VERSION:
        raise StateError(f"a detector's state of version {version} can't be read: this library reads {STATE_VERSION}")
    body = blob[_HEADER.size :]
    if zlib.crc32(body) != checksum:
        raise StateError("a detector's state is damaged: its checksum does not fit its content")
    return body


def _fill(arrived: FloatArray, ordered: FloatArray, values: FloatArray) -> None:
    arrived[: len(values)] = values
    ordered[: len(values)] = np.sort(values)
