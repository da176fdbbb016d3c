"""Settings of a detector: frozen, checked when made, the same for every series unless you say otherwise."""

import math
from dataclasses import dataclass

__all__ = ["DetectorConfig"]

_LARGEST_SEED = 2**64 - 1
_MOST_NUMBERS = 20_000_000


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """Settings of a :class:`~anomaly.Detector`.

    Parameters
    ----------
    threshold
        Scores above it are anomalies; on the 0-100 scale, where an ordinary series of one point a minute exceeds 70
        about once a week. From 0 up to, not including, 100.
    seed
        Seed of every random choice; the same seed and the same data give the same bytes.
    trees
        Trees of the forest. More trees make the raw score less noisy and the detector proportionally slower.
    sample_size
        Points that a tree holds, on average.
    shingle_size
        How many consecutive observations make one point of the forest.
    output_after
        Length of the LEARNING stage: the first `output_after` observations get the score 0.
    time_decay
        How fast the past fades, per observation: a point of age a is remembered in proportion to exp(-time_decay * a).
    features
        Numbers in one observation.

    Raises
    ------
    ValueError
        When a setting is out of its range; the message names the setting, what was found and what is allowed.
    """

    threshold: float = 70.0
    seed: int = 0
    trees: int = 50
    sample_size: int = 256
    shingle_size: int = 8
    output_after: int = 300
    time_decay: float = 1 / 2560
    features: int = 1

    def __post_init__(self) -> None:
        """Check every setting."""
        if not (_is_number(self.threshold) and 0 <= self.threshold < 100):
            raise ValueError(f"threshold must be from 0 up to, not including, 100, got {self.threshold!r}")
        _check_int("seed", self.seed, 0, _LARGEST_SEED)
        _check_int("trees", self.trees, 1, 10_000)
        _check_int("sample_size", self.sample_size, 2, 65_536)
        _check_int("shingle_size", self.shingle_size, 1, 1_024)
        _check_int("output_after", self.output_after, 1, 1_000_000_000)
        _check_int("features", self.features, 1, 1_024)
        if not (_is_number(self.time_decay) and 1e-6 <= self.time_decay <= 0.1):
            raise ValueError(f"time_decay must be from 0.000001 to 0.1 per observation, got {self.time_decay!r}")
        numbers = self.features * (4 / self.time_decay + self.shingle_size) + 2 * self.trees * self.sample_size
        if numbers > _MOST_NUMBERS:
            raise ValueError(
                f"these settings remember {numbers:,.0f} numbers, at most {_MOST_NUMBERS:,} are allowed: "
                "take fewer trees, smaller samples, fewer features or a larger time_decay"
            )


def _check_int(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
