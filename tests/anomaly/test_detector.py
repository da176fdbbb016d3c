"""What a detector promises of every series."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import streams
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly import Detections, Detector, DetectorConfig, Direction, RandomCutForest, Stage

WEEK = 7 * 24 * 60


def detect(values: np.ndarray, **config: object) -> Detections:
    return Detector(DetectorConfig(**{"seed": 7, **config})).process_many(values)


def with_spike(at: int = 900, height: float = 94.0) -> np.ndarray:
    values = streams.sales(1000)
    values[at] = height
    return values


def test_the_first_300_points_are_learned_and_score_zero() -> None:
    detections = detect(with_spike(at=250))

    assert (detections.stage[:300] == "LEARNING").all()
    assert (detections.stage[300:] == "INFERENCE").all()
    assert not detections.score[:300].any()
    assert not detections.expected_value[:300].any()
    assert not detections.upper_bound[:300].any()
    assert detections.confidence[299] == 0.0 < detections.confidence[300]
    assert (detections.expected_value[300:] > 0).all()


def test_the_1261st_point_has_the_confidence_of_the_published_record() -> None:
    detections = detect(streams.sales(1261), trees=2)

    assert detections.processed_points[-1] == 1261
    assert detections.confidence[-1] == 80.4674989791107


def test_a_spike_is_found_where_it_is_and_only_there() -> None:
    detections = detect(with_spike(at=900))

    assert np.flatnonzero(detections.is_anomaly).tolist() == [900]
    assert np.flatnonzero(detections.alert).tolist() == [900]
    assert detections.score[900] > 90
    assert detections.direction[900] == "HIGH"
    assert detections.lower_bound[900] < detections.expected_value[900] < detections.upper_bound[900] < 94


def test_raw_scores_are_those_of_a_forest_of_shingles() -> None:
    values = streams.seasonal(600)
    shingles = np.lib.stride_tricks.sliding_window_view(values, 8)

    detections = detect(values)

    assert not detections.is_anomaly.any()  # after an anomaly the detector leaves it out of the shingle
    forest = RandomCutForest(dimensions=8, seed=7).score_and_update(shingles)
    assert detections.raw_score[39:].tolist() == forest[32:].tolist()


def test_a_drop_has_the_direction_low() -> None:
    values = streams.sales(1000, mean=100)
    values[900] = 0

    assert detect(values).direction[900] == "LOW"


def test_decision_is_score_over_threshold_and_nothing_else() -> None:
    values = streams.heavy_tailed(1500)
    values[1200] = 500.0

    for threshold in (0, 30, 95):
        detections = detect(values, threshold=threshold)
        assert np.array_equal(detections.is_anomaly, detections.score > threshold)
        assert (detections.is_anomaly | ~detections.alert).all()
        assert detections.is_anomaly.any()


def test_processing_one_by_one_equals_processing_at_once() -> None:
    values = with_spike(at=450)[:500]
    detector = Detector(DetectorConfig(seed=7))

    one_by_one = [detector.process(value) for value in values.tolist()]
    at_once = detect(values)

    for name in ("score", "is_anomaly", "alert", "raw_score", "expected_value", "lower_bound", "upper_bound",
                 "confidence", "stage", "direction", "processed_points"):  # fmt: skip
        assert [getattr(detection, name) for detection in one_by_one] == getattr(at_once, name).tolist()


@settings(max_examples=4)
@given(
    factor=st.sampled_from([2.0**-40, 1e-6, 0.1, 3.0, 1e6, 2.0**40]),
    shift=st.sampled_from([0.0, -1000.0, 20_000.0, 1e6]),
)
def test_multiplying_and_shifting_a_series_changes_no_score(factor: float, shift: float) -> None:
    values = with_spike(at=700, height=60.0)[:800]
    original = detect(values)

    moved = detect((values + shift) * factor)

    assert moved.score == pytest.approx(original.score, abs=1e-6)
    assert np.array_equal(moved.alert, original.alert)
    assert moved.expected_value[300:] == pytest.approx((original.expected_value[300:] + shift) * factor)
    assert original.alert.any()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("level", [0.0, 2e4, 1e6])
def test_a_clear_spike_is_found_at_any_scale_and_level(scale: float, level: float) -> None:
    values = streams.seasonal(800)
    values[700] += 15

    assert 700 in np.flatnonzero(detect((values + level) * scale).alert)


def test_a_constant_series_scores_zero_and_its_first_change_alerts_once() -> None:
    values = np.full(700, 5.0)
    values[600] = 5.01

    detections = detect(values)

    assert np.flatnonzero(detections.is_anomaly).tolist() == [600]
    assert (detections.expected_value[300:] == 5.0).all()


@pytest.mark.parametrize("levels", [2, 3])
def test_a_series_of_few_values_is_ordinary_input(levels: int) -> None:
    values = np.random.default_rng(1).integers(0, levels, size=1500).astype(float)

    assert not detect(values).alert.any()


def test_a_level_shift_alerts_when_it_comes_and_is_then_learned() -> None:
    values = streams.seasonal(2500)
    values[1500:] += 30

    alerts = np.flatnonzero(detect(values).alert)

    assert 1500 in alerts
    assert len(alerts) <= 2
    assert alerts.max() < 1510


def test_one_alert_per_episode_and_the_episode_has_one_start() -> None:
    values = streams.sales(1000)
    values[700:720] = 150.0
    start = datetime(2024, 8, 29, tzinfo=UTC)
    times = [start + timedelta(minutes=i) for i in range(1000)]

    detections = Detector(DetectorConfig(seed=7)).process_many(values, times)

    assert np.flatnonzero(detections.alert)[0] == 700
    assert detections.alert[700:800].sum() <= 2
    assert detections.is_anomaly[700:720].sum() > detections.alert[700:720].sum()
    starts = detections.episode_start[700:720]
    assert set(starts.tolist()) == {times[700].timestamp()}


@pytest.mark.parametrize(
    "stream",
    [
        np.random.default_rng(3).normal(size=2 * WEEK),
        streams.sales(2 * WEEK, seed=3),
        streams.seasonal(2 * WEEK, seed=3),
    ],
    ids=["gaussian", "sales", "seasonal"],
)
@pytest.mark.slow
def test_an_ordinary_minute_series_alerts_at_most_once_a_week(stream: np.ndarray) -> None:
    detections = detect(stream)

    assert detections.alert.sum() <= 2
    assert np.mean(detections.score[300:] > 70) <= 2e-4  # 1e-4 is the promise; two weeks hold two such points


def test_ordinary_points_score_zero_thirty_nine_times_in_forty() -> None:
    detections = detect(streams.seasonal(4000))

    assert 0.01 < np.mean(detections.score[1000:] > 0) < 0.04


def test_the_band_holds_nineteen_of_twenty_points() -> None:
    for values in (streams.sales(2000), streams.seasonal(2000), streams.heavy_tailed(2000)):
        detections = detect(values)
        inside = (values >= detections.lower_bound) & (values <= detections.upper_bound)

        assert 0.91 < inside[600:].mean() < 0.98


def test_the_expected_value_follows_the_season() -> None:
    values = streams.bookstore(4000)
    level = np.where(np.arange(4000) // 60 % 2 == 0, 20.0, 10.0)
    settled = (np.arange(4000) > 1000) & (np.arange(4000) % 60 >= 10)

    expected = detect(values).expected_value

    assert np.abs(expected - level)[settled].mean() < 2.5


def test_a_missing_value_is_not_learned_and_lowers_the_confidence() -> None:
    values = with_spike(at=900)
    holes = values.copy()
    holes = np.insert(holes, [400, 500, 600], np.nan)
    at = [400, 501, 602]

    whole, with_holes = detect(values), detect(holes)

    assert np.array_equal(np.delete(with_holes.score, at), whole.score)
    assert not with_holes.score[at].any()
    assert not with_holes.is_anomaly[at].any()
    assert (with_holes.expected_value[at] > 0).all()
    assert with_holes.processed_points[-1] == 1000
    assert with_holes.confidence[-1] == pytest.approx(whole.confidence[-1] * 1000 / 1003)


def test_several_features_may_have_any_scales() -> None:
    rows = np.random.default_rng(1).normal(size=(800, 2))
    rows[700, 0] = 9.0

    even = detect(rows, features=2)
    uneven = detect(rows * [1e-6, 1e6], features=2)

    assert 700 in np.flatnonzero(even.alert)
    assert uneven.score == pytest.approx(even.score, abs=1e-6)
    assert even.expected_value.shape == (800, 2)


def test_every_number_is_finite_whatever_comes() -> None:
    rng = np.random.default_rng(1)
    values = 10.0 ** rng.uniform(-300, 300, size=420) * rng.choice([-1, 1], size=420)
    values[::7] = np.finfo(float).max * rng.choice([-1, 1], size=60)

    detector = Detector(DetectorConfig(seed=7))
    detections = detector.process_many(values)
    Detector.from_bytes(detector.to_bytes())

    for name in ("score", "raw_score", "expected_value", "lower_bound", "upper_bound", "confidence"):
        assert np.isfinite(getattr(detections, name)).all()
    assert ((detections.score >= 0) & (detections.score <= 100)).all()


def test_times_are_read_as_utc_and_may_be_left_out() -> None:
    naive = datetime(2024, 8, 29, 13, 35)  # noqa: DTZ001 - what users pass
    aware = datetime(2024, 8, 29, 15, 35, tzinfo=timezone(timedelta(hours=2)))
    starts = []
    for time in (naive, aware, 1724938500.0, None):
        detector = Detector(DetectorConfig(seed=7))
        detector.process_many(streams.sales(400))
        starts.append(detector.process(500.0, time=time).episode_start)

    assert starts == [1724938500.0, 1724938500.0, 1724938500.0, None]


def test_a_detection_speaks_in_words() -> None:
    detector = Detector(DetectorConfig(seed=7))
    learning = detector.process(14.0)
    detector.process_many(streams.sales(400))
    anomaly = detector.process(500.0)

    assert (learning.stage, learning.direction, learning.score) == (Stage.LEARNING, Direction.NONE, 0.0)
    assert (anomaly.stage, anomaly.direction, anomaly.alert) == (Stage.INFERENCE, Direction.HIGH, True)
    assert anomaly.processed_points == detector.processed_points == 402


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.process(float("inf")), "must be finite, or NaN"),
        (lambda d: d.process([1.0, 2.0]), "must have 1 feature"),
        (lambda d: d.process_many(np.zeros((3, 2))), "must have 1 feature"),
        (lambda d: d.process_many([1.0, 2.0], times=[1.0]), "one time per observation, got 1 for 2"),
    ],
)
def test_wrong_observations_are_refused_and_not_learned(call, message: str) -> None:  # noqa: ANN001
    detector = Detector()

    with pytest.raises(ValueError, match=message):
        call(detector)
    assert detector.processed_points == 0
