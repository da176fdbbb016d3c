"""The Random Cut Forest: how strange a point is among the points seen before it."""

import math
import struct
import zlib
from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly.errors import StateError
from anomaly.kernels import trees as kernels
from anomaly.kernels.compile import prepare
from anomaly.kernels.trees import FloatArray, ForestArrays, ForestShape

_MAGIC = b"FOREST\0\1"
_HEADER = struct.Struct("<8sI")
_TERMS = struct.Struct("<IIIQdQ")

_MOST_SEEN = 2**30
"""Points that a state may have seen: trees number them in 32 bits."""

_FORGOTTEN = 3.2
"""The window ends where 96 % of the exponential law's weight lies within it: exp(-3.2) = 0.04."""


class RandomCutForest:
    """An online Random Cut Forest (Guha, Mishra, Roy, Schrijvers, "Robust Random Cut Forest", ICML 2016).

    Points are compared as they are: give every dimension the scale in which a difference of one means the same.

    Parameters
    ----------
    dimensions
        Numbers in a point.
    trees
        Number of trees.
    sample_size
        Points that a tree holds, on average.
    seed
        Seed of every random choice.
    time_decay
        A point of age a (in points) is held in proportion to exp(-time_decay * a); AWS's default, 1/(10*sample_size),
        if not given.

    Notes
    -----
    Scores are AWS's (random-cut-forest-by-aws): greater than 0, at most log2(1 + sample_size) or a little more; higher
    is stranger; ordinary points score about 0.5 to 1.2, clear outliers above 2. They are not probabilities.

    Examples
    --------
    >>> forest = RandomCutForest(dimensions=2, seed=7)
    >>> points = np.random.default_rng(1).normal(size=(500, 2))
    >>> scores = forest.score_and_update(points)
    >>> forest.score([0.0, 0.0]) < 1.0 < 2.0 < forest.score([9.0, 9.0])
    True
    """

    def __init__(
        self,
        *,
        dimensions: int,
        trees: int = 50,
        sample_size: int = 256,
        seed: int = 0,
        time_decay: float | None = None,
    ) -> None:
        for name, value in (("dimensions", dimensions), ("trees", trees), ("sample_size", sample_size)):
            if value < 1:
                msg = f"{name} must be at least 1, got {value!r}"
                raise ValueError(msg)
        if not 0 <= seed < 2**64:
            msg = f"seed must be from 0 to 2**64 - 1, got {seed!r}"
            raise ValueError(msg)
        decay = 1 / (10 * sample_size) if time_decay is None else time_decay
        if not 1e-6 <= decay <= 0.1:
            msg = f"time_decay must be from 0.000001 to 0.1 per point, got {time_decay!r}"
            raise ValueError(msg)
        prepare()
        self._shape = shape_of(dimensions, 1, trees, sample_size, decay, seed)
        self._arrays = allocate(self._shape)
        self._all = np.arange(dimensions)

    def score(self, point: npt.ArrayLike) -> float:
        """Return the score of a point, shape (dimensions,); 0.0 before the first update. Changes nothing."""
        return kernels.score_query(self._shape, self._arrays, self._checked(point), self._all)

    def update(self, point: npt.ArrayLike) -> None:
        """Learn a point, shape (dimensions,)."""
        kernels.append_observation(self._shape, self._arrays, self._checked(point))
        kernels.learn(self._shape, self._arrays)

    def score_and_update(self, points: npt.ArrayLike) -> FloatArray:
        """Score each of the points, shape (n, dimensions), before learning it; return the scores, shape (n,)."""
        rows = np.ascontiguousarray(points, dtype=np.float64)
        if rows.ndim != 2:
            msg = f"points must have the shape (n, {self._shape.features}), got {rows.shape}"
            raise ValueError(msg)
        scores = np.empty(len(rows))
        for i, row in enumerate(rows):
            checked = self._checked(row)
            scores[i] = kernels.score_query(self._shape, self._arrays, checked, self._all)
            kernels.append_observation(self._shape, self._arrays, checked)
            kernels.learn(self._shape, self._arrays)
        return scores

    def to_bytes(self) -> bytes:
        """Return the whole state; `from_bytes` continues from it bit for bit.

        Behind a header (magic, CRC-32 of what follows, settings, points seen) lie the points that the trees may still
        need, oldest first. What the trees hold is not stored: it follows from the seed and the points seen.
        """
        shape, arrays = self._shape, self._arrays
        seen, dropped = (int(number) for number in arrays.clock)
        held = seen - dropped
        kept = min(seen, shape.window)
        terms = _TERMS.pack(shape.features, shape.trees, shape.sample_size, int(shape.seed), shape.time_decay, seen)
        points = arrays.history[(held - kept) * shape.features : held * shape.features]
        body = terms + points.astype("<f8").tobytes()
        return _HEADER.pack(_MAGIC, zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, blob: bytes, *, dimensions: int | None = None) -> Self:
        """Return the forest that `to_bytes` described; one of `dimensions`, if given.

        Raises
        ------
        StateError
            When the bytes are not such a state, are damaged, or of another number of dimensions.
        """
        if len(blob) < _HEADER.size + _TERMS.size or not blob.startswith(_MAGIC):
            msg = "these bytes are not a forest's state: it starts with FOREST, a zero byte and a 1"
            raise StateError(msg)
        _, checksum = _HEADER.unpack_from(blob)
        if zlib.crc32(memoryview(blob)[_HEADER.size :]) != checksum:
            msg = "the forest's state is damaged: its checksum does not fit its content"
            raise StateError(msg)
        features, trees, sample_size, seed, time_decay, seen = _TERMS.unpack_from(blob, _HEADER.size)
        if dimensions is not None and features != dimensions:
            msg = f"the forest's state is of {features} dimensions, expected {dimensions}"
            raise StateError(msg)
        body = blob[_HEADER.size + _TERMS.size :]
        points = np.frombuffer(body[: len(body) // 8 * 8], "<f8").astype(np.float64)
        if not (1 <= features <= 1_024 and 1 <= trees <= 10_000 and 1 <= sample_size <= 65_536):
            msg = "the forest's state holds an impossible setting"
            raise StateError(msg)
        if not 1e-6 <= time_decay <= 0.1 or seen > _MOST_SEEN:
            msg = "the forest's state holds an impossible setting, or impossibly many points"
            raise StateError(msg)
        kept = min(seen, shape_of(features, 1, trees, sample_size, time_decay, seed).window)
        if len(body) != 8 * kept * features or not np.isfinite(points).all():  # before memory is taken for them
            msg = f"the forest's state must hold {kept * features} finite numbers for {seen} points"
            raise StateError(msg)
        forest = cls(dimensions=features, trees=trees, sample_size=sample_size, seed=seed, time_decay=time_decay)
        forest._arrays.history[: len(points)] = points
        forest._arrays.clock[:] = seen, seen - kept
        kernels.rebuild_samples(forest._shape, forest._arrays)
        return forest

    def _checked(self, point: npt.ArrayLike) -> FloatArray:
        values = np.ascontiguousarray(point, dtype=np.float64)
        if values.shape != (self._shape.features,):
            msg = f"a point must have the shape ({self._shape.features},), got {values.shape}"
            raise ValueError(msg)
        if not np.isfinite(values).all():
            msg = f"a point must be finite, got {values.tolist()}"
            raise ValueError(msg)
        return values


def shape_of(
    features: int, shingle_size: int, trees: int, sample_size: int, time_decay: float, seed: int
) -> ForestShape:
    """Return the shape of a forest, its window set by the decay."""
    window = max(sample_size, math.ceil(_FORGOTTEN / time_decay))
    return ForestShape(features, shingle_size, trees, sample_size, window, time_decay, np.uint64(seed))


def allocate(shape: ForestShape) -> ForestArrays:
    """Return the arrays of an empty forest."""
    rows = shape.window + max(shape.window // 4, 64) + shape.shingle_size
    capacity = min(shape.window, math.ceil(shape.sample_size + 8 * math.sqrt(shape.sample_size) + 16))
    return ForestArrays(
        history=np.zeros(rows * shape.features),
        clock=np.zeros(2, np.int64),
        members=np.zeros((shape.trees, capacity), np.int32),
        keys=np.zeros((shape.trees, capacity)),
        sizes=np.zeros(shape.trees, np.int64),
        smallest_keys=np.full(shape.trees, np.inf),
    )
