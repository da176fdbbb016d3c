"""Settings of a detector: frozen, checked when made, the same for every series unless you say otherwise."""

import math
import numbers
from dataclasses import dataclass

from anomaly.kernels.start import START

_LONGEST = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """Settings of a :class:`~anomaly.Detector` or a :class:`~anomaly.Fleet`.

    What is learned depends on none of them, so a threshold can be changed at any time.

    Parameters
    ----------
    threshold
        Scores above it are anomalies; on the 0-100 scale, where an ordinary series of one point a minute exceeds 70
        at most about once a week. From 0 up to, not including, 100.
    output_after
        Length of the LEARNING stage: the first `output_after` observations get the score 0. From 12, since the first
        twelve are learned together. If not given, as many as there are in a day, at least 32 and at most 300.
    features
        Numbers in one observation, 1 to 1,024. Each is judged as a series of its own, and all of them together by a
        Random Cut Forest, which takes about 0.4 ms a row. A fleet's observations have one.

    Raises
    ------
    ValueError
        When a setting is out of its range; the message names the setting, what was found and what is allowed.
    """

    threshold: float = 70.0
    output_after: int | None = None
    features: int = 1

    def __post_init__(self) -> None:
        """Check every setting."""
        if not (_is_number(self.threshold) and 0 <= self.threshold < 100):
            msg = f"threshold must be from 0 up to, not including, 100, got {self.threshold!r}"
            raise ValueError(msg)
        if self.output_after is not None:
            _check_int("output_after", self.output_after, START, _LONGEST)
        _check_int("features", self.features, 1, 1_024)


def _check_int(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not low <= int(value) <= high:
        msg = f"{name} must be a whole number from {low} to {high}, got {value!r}"
        raise ValueError(msg)


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Real) and math.isfinite(value)
