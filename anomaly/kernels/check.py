"""Whether a record that came as bytes may be shown to a kernel: every place and count in range, every number finite."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.kernels import clock, decision, episodes, forecaster, forests, hold, recurrence, start, wild
from anomaly.kernels.arithmetic import Array
from anomaly.kernels.compile import entry
from anomaly.kernels.step import series_record

_KINDS = tuple(np.dtype(kind) for kind in ("i8", "i4", "u1"))  # of fields that have bounds
_BOUNDED = {
    "clock": clock.BOUNDS,
    "decision": decision.BOUNDS,
    "episode": episodes.BOUNDS,
    "forecaster": forecaster.BOUNDS,
    "forests": forests.BOUNDS,
    "hold": hold.BOUNDS,
    "recurrence": recurrence.BOUNDS,
    "residual.wild": wild.BOUNDS,
    "start": start.BOUNDS,
}

Bound = tuple[str, int, int]


class Checks(NamedTuple):
    """What to look at in a record's bytes: places of floats, in words of their size, and for each bound a row.

    `bounds`: kind (0 i8, 1 i4, 2 u1), first word, words, least, most.
    """

    doubles: npt.NDArray[np.int64]
    floats: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    names: tuple[str, ...]


@cache
def series_checks() -> Checks:
    """What a series' record is checked for."""
    bounds = [(f"{name}.{path}", low, high) for name, some in _BOUNDED.items() for path, low, high in some]
    return checks_of(series_record, bounds)


def checks_of(layout: np.dtype[Any], bounds: list[Bound]) -> Checks:
    """Turn a layout and its bounds, (path, least, most), into places to look at."""
    leaves = {path: (kind, first, count) for path, kind, first, count in leaves_of(layout)}
    rows = []
    for path, low, high in bounds:
        kind, first, count = leaves[path]
        rows.append((_KINDS.index(kind), first // kind.itemsize, count, low, high))
    return Checks(
        _words(leaves.values(), np.dtype("f8")),
        _words(leaves.values(), np.dtype("f4")),
        np.array(rows, np.int64),
        tuple(path for path, _, _ in bounds),
    )


def leaves_of(layout: np.dtype[Any], path: str = "", offset: int = 0) -> Iterator[tuple[str, np.dtype[Any], int, int]]:
    """Yield path, type, first byte and number of elements of every field of a record of records."""
    if layout.fields:
        for name, (field, at, *_) in layout.fields.items():
            yield from leaves_of(field, f"{path}.{name}" if path else name, offset + at)
    else:
        base, shape = layout.subdtype or (layout, ())
        yield path, base, offset, int(np.prod(shape))


def fault_in(raw: npt.NDArray[np.uint8], checks: Checks) -> str | None:
    """Say what is wrong with a record's bytes, aligned as the record; None if a kernel may see it."""
    found = check_words(raw, checks.doubles, checks.floats, checks.bounds)
    if found == -1:
        return None
    if found == -2:
        return "holds a number that is not finite"
    row = checks.bounds[found]
    return f"has {checks.names[found]} outside of {row[3]} to {row[4]}"


@entry
def check_words(raw: Array, doubles: Array, floats: Array, bounds: Array) -> int:
    """Number of the first bound that is broken, -2 where a number is not finite, -1 where all is well."""
    as_f8, as_f4 = raw.view(np.float64), raw.view(np.float32)
    as_i8, as_i4 = raw.view(np.int64), raw.view(np.int32)
    for word in doubles:
        if not np.isfinite(as_f8[word]):
            return -2
    for word in floats:
        if not np.isfinite(as_f4[word]):
            return -2
    for row in range(bounds.shape[0]):
        kind, first, count, low, high = bounds[row]
        for word in range(first, first + count):
            if kind == 0:
                value = as_i8[word]
            elif kind == 1:
                value = np.int64(as_i4[word])
            else:
                value = np.int64(raw[word])
            if not low <= value <= high:
                return row
    return -1


def _words(leaves: Any, kind: np.dtype[Any]) -> npt.NDArray[np.int64]:  # noqa: ANN401 - an iterable of leaves
    places = [first // kind.itemsize + np.arange(count) for base, first, count in leaves if base == kind]
    return np.concatenate(places, dtype=np.int64) if places else np.zeros(0, np.int64)
