"""A detector's settings are checked when they are made."""

import dataclasses
import math

import pytest

from anomaly import DetectorConfig, Fleet


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("threshold", 100, "threshold must be from 0 up to, not including, 100, got 100"),
        ("threshold", -1, "threshold must be .* got -1"),
        ("threshold", math.nan, "threshold must be .* got nan"),
        ("threshold", True, "threshold must be .* got True"),
        ("threshold", "70", "threshold must be .* got '70'"),
        ("output_after", 11, "output_after must be a whole number from 12 to 1000000000, got 11"),
        ("output_after", 30.0, "output_after must be a whole number .* got 30.0"),
        ("output_after", True, "output_after must be a whole number .* got True"),
        ("features", 0, "features must be a whole number from 1 to 1024, got 0"),
        ("features", 1025, "features must be a whole number .* got 1025"),
    ],
)
def test_a_setting_out_of_range_is_named_with_what_was_found_and_what_is_allowed(
    setting: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        DetectorConfig(**{setting: value})


@pytest.mark.parametrize("setting", [{"threshold": 0}, {"threshold": 99.99}, {"output_after": 12}, {"features": 1024}])
def test_the_ends_of_what_is_allowed_are_allowed(setting: dict[str, float]) -> None:
    DetectorConfig(**setting)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DetectorConfig().threshold = 50  # type: ignore[misc]


def test_a_fleet_takes_observations_of_one_feature_only() -> None:
    with pytest.raises(ValueError, match="a fleet's observations have one feature, got features=2"):
        Fleet(DetectorConfig(features=2))
