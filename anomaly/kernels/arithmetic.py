"""Small arithmetic that all components share."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly.kernels.compile import component

# Conversions decide digits: the checker sees numbers, the compiler these very types.
f4: Any = np.float32
f8: Any = np.float64
i8: Any = np.int64
Array: TypeAlias = npt.NDArray[Any]
Record: TypeAlias = Any


def record(*fields: tuple[Any, ...]) -> np.dtype[np.void]:
    """Return the dtype of a record: (name, type) or (name, type, shape) for each field, aligned as C has it."""
    return np.dtype(list(fields), align=True)


@component
def rate(count: int, longest: float) -> float:
    """Weight of the newest of `count` values in a running mean that looks back over at most `longest`."""
    return max(1.0 / count, 1.0 / longest)


@component
def clip(value: float, low: float, high: float) -> float:
    """The value, moved to the nearer end if it lies outside low..high."""
    return min(max(value, low), high)
