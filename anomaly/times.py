"""Times of observations, in whatever form they come, as epoch seconds."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly.kernels.clock import ADMITTED, LATEST_TIME, MIXED, NO_TIME

Time = datetime | np.datetime64 | float | None
Times = Iterable[Time] | npt.NDArray[Any] | Time

_SECONDS = {"W": 604_800, "D": 86_400, "h": 3_600, "m": 60, "s": 1}
_FRACTIONS = {"ms": 1e3, "us": 1e6, "ns": 1e9, "ps": 1e12, "fs": 1e15, "as": 1e18}
_FINER = (("1e3", "milliseconds"), ("1e6", "microseconds"), ("1e9", "nanoseconds"))
_THIS_ERA = 2.6e8
"""Epoch seconds, the year 1978: from here on milliseconds taken for seconds lie beyond what is a time."""


def seconds_of(times: Times, count: int) -> npt.NDArray[np.float64]:
    """Return epoch seconds, shape (count,), NaN for no time; one time alone stands for all.

    Raises
    ------
    ValueError
        When there are not `count` times, or something among them is not a time.
    """
    if times is None:
        return np.full(count, np.nan)
    found = _array(times)
    seconds = _seconds(found)
    if seconds.ndim == 0:
        return np.full(count, float(seconds))
    if seconds.ndim > 1:
        msg = f"there must be one time per observation, got times of the shape {seconds.shape} for {count}"
        raise ValueError(msg)
    if len(seconds) != count:
        msg = f"there must be one time per observation, got {len(seconds)} for {count}"
        raise ValueError(msg)
    return seconds


def refused(wrong: int, time: float, place: int, last: float) -> ValueError:
    """Say what `clock_admit` found wrong with a time: that of entry number `place`; `last` is the one before it."""
    if wrong == NO_TIME:
        hint = next((f"; {unit}? divide by {per}" for per, unit in _FINER if _THIS_ERA < time / float(per) < 4e9), "")
        hint = f"{hint}, or pass datetimes" if hint else ""
        return ValueError(f"a time must be epoch seconds before the year 10209, got {time:.16g} at {place}{hint}")
    if wrong == MIXED:
        return ValueError(
            f"a series has either always times or never, got {'none' if np.isnan(time) else 'a time'} at {place} "
            f"after rows {'with' if np.isnan(time) else 'without'}; give all or none"
        )
    assert wrong != ADMITTED  # noqa: S101 - nothing else is left
    return ValueError(
        f"times must come in order: {_text(time)} at {place} is earlier than {_text(last)} before it; sort by time"
    )


def _array(times: Times) -> npt.NDArray[Any]:
    if isinstance(times, datetime):
        return np.asarray(_of_datetime(times))
    if isinstance(times, np.ndarray):
        return times
    if isinstance(times, Iterable) and not hasattr(times, "__array__") and not isinstance(times, (str, bytes)):
        return np.asarray([_of_datetime(time) if isinstance(time, datetime) else _number(time) for time in times])
    return np.asarray(times)


def _seconds(found: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if found.dtype.kind == "M":
        if np.isnat(found).any():
            msg = "a time must be a time, got NaT; leave such rows out"
            raise ValueError(msg)
        unit, steps = np.datetime_data(found.dtype)
        if unit not in _SECONDS and unit not in _FRACTIONS:  # months and years
            found, unit, steps = found.astype("datetime64[D]"), "D", 1
        whole = found.astype(np.int64) * float(steps)
        # Dividing is exact where multiplying by a rounded fraction is not.
        return np.asarray(whole * _SECONDS[unit] if unit in _SECONDS else whole / _FRACTIONS[unit])
    if found.dtype.kind == "O":
        flat = [_of_datetime(time) if isinstance(time, datetime) else _number(time) for time in found.ravel().tolist()]
        return np.array(flat, dtype=np.float64).reshape(found.shape)
    if found.dtype.kind in "iuf":
        return np.array(found, dtype=np.float64)
    msg = f"times must be datetimes or epoch seconds, got {found.dtype} such as {found.ravel()[:1].tolist()}"
    raise ValueError(msg)


def _of_datetime(time: datetime) -> float:
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return aware.timestamp()


def _number(time: object) -> float:
    if time is None:
        return float("nan")
    if isinstance(time, np.datetime64):
        return float(_seconds(np.asarray(time)))
    if isinstance(time, (int, float, np.integer, np.floating)) and not isinstance(time, bool):
        return float(time)
    msg = f"a time must be a datetime or epoch seconds, got {time!r}"
    raise ValueError(msg)


def _text(time: float) -> str:
    if abs(time) < LATEST_TIME and 1e8 < time < 2.5e11:
        return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
    return f"{time:.16g}"
