"""Takes out of several numbers what they have in common, so that what breaks their connection stands out.

Two features that always move together lie on a line; a point off it is no stranger to a forest than the line's ends,
because random cuts follow the axes. In coordinates in which the numbers are uncorrelated and of equal spread the line
is a round cloud, and the point lies far outside.
"""

import struct
from typing import Self

import numpy as np
import numpy.typing as npt

from anomaly.errors import StateError

_MEMORY = 2000.0
"""Rows that the moments look back over."""
_LEAST = 20
"""Rows before anything is taken out."""
_CLIP = 3.0
"""A number teaches the moments at most this: an event shall not become what the numbers have in common."""
_FLOOR = 1e-3
"""Least variance of a direction, in mean variances: features that are copies of each other have directions of none."""

Numbers = npt.NDArray[np.float64]

_HEAD = struct.Struct("<IQ")


class Whitening:
    """The transformation, learned row by row.

    Parameters
    ----------
    features
        Numbers in a row.
    """

    def __init__(self, features: int) -> None:
        self._rows = 0
        self._moments = np.zeros((features, features))
        self._transform = np.eye(features)

    def apply(self, row: Numbers) -> Numbers:
        """Return a row, shape (features,), in the new coordinates, as far as they are known; then learn it."""
        white: Numbers = self._transform @ row
        clipped = np.clip(row, -_CLIP, _CLIP)
        self._rows += 1
        self._moments += max(1 / self._rows, 1 / _MEMORY) * (np.outer(clipped, clipped) - self._moments)
        # For many features the decomposition is dear, and a row more or less changes little.
        if self._rows >= _LEAST and self._rows % max(1, len(row) // 8) == 0:
            self._transform = _inverse_root(self._moments, self._rows)
        return white

    def to_bytes(self) -> bytes:
        """Return the state: features, rows, then moments and transformation as doubles, little-endian."""
        head = _HEAD.pack(len(self._moments), self._rows)
        return head + self._moments.astype("<f8").tobytes() + self._transform.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, features: int, blob: bytes) -> Self:
        """Return the transformation that `to_bytes` described.

        Raises
        ------
        StateError
            When the bytes are not such a state, or that of another number of features.
        """
        if len(blob) != size_of(features):
            msg = f"the joint view of {features} features begins with {size_of(features)} bytes"
            raise StateError(msg)
        found, rows = _HEAD.unpack_from(blob)
        numbers = np.frombuffer(blob, "<f8", offset=_HEAD.size).astype(np.float64).reshape(2, features, features)
        possible = np.isfinite(numbers).all() and np.abs(numbers[0]).max() <= _CLIP**2
        if found != features or rows >= 2**53 or not possible:
            msg = "the joint view's moments are those of other features, or none that rows have"
            raise StateError(msg)
        view = cls(features)
        view._rows, view._moments, view._transform = rows, numbers[0].copy(), numbers[1].copy()
        return view


def size_of(features: int) -> int:
    """Return the bytes of a state."""
    return _HEAD.size + 16 * features**2


def _inverse_root(moments: Numbers, rows: int) -> Numbers:
    """Return L^-1 for moments = L L^T (Cholesky), shrunk towards its diagonal while there are few rows."""
    features = len(moments)
    variances = np.diag(moments)
    mean = variances.mean()
    if not mean > 0:
        return np.eye(features)
    shrink = features / (features + rows)
    shrunk = (1 - shrink) * moments + np.diag(shrink * variances + _FLOOR * mean)
    try:
        inverse: Numbers = np.linalg.inv(np.linalg.cholesky(shrunk))
    except np.linalg.LinAlgError:  # variances too small to be squared, or bytes that no rows have
        return np.eye(features)
    return inverse if np.isfinite(inverse).all() else np.eye(features)
