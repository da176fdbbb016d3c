"""A detector's settings are checked when they are made."""

import dataclasses
import math

import pytest

from anomaly import DetectorConfig


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("threshold", 100, "threshold must be from 0 up to, not including, 100, got 100"),
        ("threshold", -1, "threshold must be"),
        ("threshold", math.nan, "threshold must be"),
        ("threshold", True, "threshold must be"),
        ("seed", -1, "seed must be a whole number from 0"),
        ("seed", 2**64, "seed must be a whole number"),
        ("trees", 0, "trees must be a whole number from 1 to 10000, got 0"),
        ("sample_size", 1, "sample_size must be"),
        ("shingle_size", 0, "shingle_size must be"),
        ("shingle_size", 8.0, "shingle_size must be a whole number"),
        ("output_after", 0, "output_after must be"),
        ("time_decay", 0, "time_decay must be from"),
        ("time_decay", math.inf, "time_decay must be from"),
        ("features", 0, "features must be"),
    ],
)
def test_a_setting_out_of_range_is_named_with_what_is_allowed(setting: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DetectorConfig(**{setting: value})


def test_settings_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(ValueError, match="remember 1,310,730,248 numbers, at most 20,000,000 are allowed"):
        DetectorConfig(trees=10_000, sample_size=65_536)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DetectorConfig().threshold = 50  # type: ignore[misc]
