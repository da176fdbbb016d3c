"""Several features in one observation: each a series of its own, and all together one more."""

import numpy as np
import pytest
from streams import MONDAY, eventful, minutes, same, seasonal

from anomaly import Detections, Detector, DetectorConfig

ROWS = 900
AT = 800


def detect(rows: np.ndarray, times: np.ndarray | None = None, **config: object) -> Detections:
    return Detector(DetectorConfig(features=rows.shape[1], **config)).process_many(rows, times)


def noise(features: int = 2, rows: int = ROWS, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, features))


def test_what_one_feature_shows_is_found_and_named() -> None:
    rows = noise(3)
    rows[AT, 1] = 30.0

    detections = detect(rows)

    assert np.flatnonzero(detections.alert).tolist() == [AT]
    assert detections.direction[AT] == "HIGH"
    assert detections[AT].reason.startswith("feature 1: 30, where -")
    assert detections[AT].attribution[0].name.startswith("1.")
    assert sum(one.share for one in detections[AT].attribution) == pytest.approx(1)


def test_each_features_expectation_is_that_of_a_series_of_its_own() -> None:
    rows = np.column_stack([eventful(600, 1), eventful(600, 2) * 1e6])

    together = detect(rows, minutes(600))

    for feature in range(2):
        alone = Detector().process_many(rows[:, feature], minutes(600))
        for name in ("expected_value", "lower_bound", "upper_bound"):
            told = getattr(together, name)[350:, feature]
            assert np.array_equal(told, getattr(alone, name)[350:])


@pytest.mark.parametrize("seed", range(3))
def test_a_broken_connection_is_seen_that_no_feature_shows_alone(seed: int) -> None:
    rows = noise(seed=seed)
    rows[:, 1] = rows[:, 0] + 0.1 * rows[:, 1]
    rows[AT] = 3.0, -3.0

    detections = detect(rows)

    assert not any(Detector().process_many(rows[:, feature]).alert[AT] for feature in range(2))
    assert detections.alert[AT]
    assert detections.attribution[AT][0].name == "joint"
    assert detections.reason[AT].startswith("the values are unusual together: 3 for ")


def test_unconnected_features_that_are_ordinary_do_not_alert_together() -> None:
    assert detect(noise(3, 2000), minutes(2000)).alert.sum() <= 1


def test_features_may_have_any_scales_and_levels() -> None:
    rows = noise(2)
    rows[AT, 0] = 15.0

    even, uneven = detect(rows), detect(rows * [1e-6, 1e6] + [0.0, 1e7])

    assert even.alert[AT]
    assert np.array_equal(even.alert, uneven.alert)
    assert np.array_equal(even.is_anomaly, uneven.is_anomaly)
    assert uneven.raw_score == pytest.approx(even.raw_score, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -1e31, 1e308])
def test_a_missing_number_is_missing_in_its_feature_only(missing: float) -> None:
    rows = noise(2)
    holes = np.arange(400, 780, 7)
    rows[holes, 1] = missing
    rows[AT - 7, :] = 30.0, missing

    detections = detect(rows)

    alone = [Detector().process_many(np.where(np.abs(rows[:, f]) < 1e30, rows[:, f], np.nan)) for f in range(2)]
    assert np.array_equal(detections.expected_value[300:, 0], alone[0].expected_value[300:])
    assert np.array_equal(detections.expected_value[300:, 1], alone[1].expected_value[300:])
    assert np.flatnonzero(detections.alert).tolist() == [AT - 7]
    assert detections.reason[AT - 7].startswith("feature 0: 30")
    assert detections.processed_points[-1] == ROWS
    assert detections.confidence[-1] == Detector().process_many(noise(1)[:, 0]).confidence[-1]
    assert_in_range_of_several(detections)


def test_a_row_without_any_number_is_missing_and_lowers_the_confidence() -> None:
    rows = noise(2)
    rows[500:600] = np.nan

    detections = detect(rows)

    assert not detections.score[500:600].any()
    assert not detections.alert.any()
    assert np.isfinite(detections.expected_value[500:600]).all()
    assert detections.processed_points[-1] == ROWS - 100
    assert detections.confidence[-1] < detect(noise(2)[: ROWS - 100]).confidence[-1]


def test_a_feature_that_never_had_a_number_disturbs_no_other() -> None:
    rows = noise(2)
    rows[:, 1] = np.nan
    rows[AT, 0] = 30.0

    detections = detect(rows)

    assert np.flatnonzero(detections.alert).tolist() == [AT]
    assert np.isnan(detections.expected_value[:, 1]).all()
    assert all(one.reason for one in detections if one.is_anomaly)


def test_reasons_of_the_joint_view_name_features_that_are_there_only() -> None:
    rows = np.column_stack([noise(2), np.full(ROWS, np.nan), noise(1, seed=2)])
    rows[:, 1] = rows[:, 0] + 0.1 * rows[:, 1]
    rows[AT] = 3.0, -3.0, np.nan, np.nan

    reasons = [one.reason for one in detect(rows, threshold=30) if one.is_anomaly]

    together = [reason for reason in reasons if reason and reason.startswith("the values are unusual together: ")]
    assert any(" for " in reason and "expected of feature 1" in reason for reason in together)
    assert not any("nan" in reason or "feature 2" in reason for reason in together)


def test_processing_rows_one_by_one_equals_processing_at_once_in_every_field() -> None:
    rows = np.column_stack([eventful(500, 1), seasonal(500), eventful(500, 2)])
    detector = Detector(DetectorConfig(features=3, threshold=50))

    one_by_one = [detector.process(row.tolist(), time) for row, time in zip(rows, minutes(500), strict=True)]
    at_once = detect(rows, minutes(500), threshold=50)

    assert list(map(repr, one_by_one)) == list(map(repr, at_once))
    assert at_once.is_anomaly.any()


def test_a_restored_joint_view_goes_on_as_if_it_had_never_stopped() -> None:
    rows = np.column_stack([eventful(500, 1), eventful(500, 2)])
    detector = Detector(DetectorConfig(features=2))
    detector.process_many(rows[:333], minutes(333))

    restored = Detector.from_bytes(detector.to_bytes())

    later = MONDAY + 60.0 * np.arange(333, 500)
    assert same(restored.process_many(rows[333:], later), detector.process_many(rows[333:], later))
    assert restored.to_bytes() == detector.to_bytes()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], r"an observation must have 2 feature\(s\), got values of the shape \(2,\)"),
        ([[1.0, 2.0, 3.0]], r"must have 2 feature\(s\), got values of the shape \(1, 3\)"),
        ([[1.0], [2.0]], r"must have 2 feature\(s\), got values of the shape \(2, 1\)"),
        ([[1.0, "x"]], "must be numbers, NaN where missing, got 'x'"),
    ],
)
def test_rows_of_another_width_are_refused_and_nothing_is_learned(values: object, message: str) -> None:
    detector = Detector(DetectorConfig(features=2))
    untouched = detector.to_bytes()

    with pytest.raises(ValueError, match=message):
        detector.process_many(values)

    assert detector.to_bytes() == untouched


def test_a_bad_time_leaves_nothing_learned_in_any_feature() -> None:
    detector = Detector(DetectorConfig(features=2))
    detector.process_many(noise(2, 100), minutes(100))
    before = detector.to_bytes()

    with pytest.raises(ValueError, match="at 2 is earlier than"):
        detector.process_many(noise(2, 3), [9e9, 9e9, 8e9])

    assert detector.to_bytes() == before


def test_no_rows_are_no_rows() -> None:
    assert len(detect(np.empty((0, 2)))) == 0


@pytest.mark.parametrize("seed", range(6))
def test_every_number_is_finite_and_in_range_whatever_comes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hostile = np.array([np.nan, np.inf, 1e308, -1e308, 5e-324, -0.0, 1e30, 9.9e29, 1e18, 0.0, 1.0])
    rows = np.where(rng.random((500, 3)) < 0.5, rng.choice(hostile, (500, 3)), rng.normal(size=(500, 3)) * 10.0**seed)

    detections = detect(rows, threshold=40)

    assert_in_range_of_several(detections)
    for one in detections:
        assert (one.reason is not None) == one.is_anomaly


def assert_in_range_of_several(detections: Detections) -> None:
    inference = detections.stage == "INFERENCE"
    known = np.isfinite(detections.expected_value)
    assert (detections.lower_bound[known] <= detections.upper_bound[known]).all()
    assert known[inference].all()
    for name in ("score", "raw_score", "confidence"):
        assert np.isfinite(getattr(detections, name)).all()
    assert ((detections.score >= 0) & (detections.score <= 100)).all()
