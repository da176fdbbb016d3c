"""From evidence to what people hear: the threshold, episodes, alerts, recoveries."""

import math

import numpy as np
import pytest
import streams
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import DAY, HOUR, MINUTE, MONDAY, eventful, minutes

from anomaly import Detections, Detector, DetectorConfig
from anomaly.alerts import strength_for
from anomaly.kernels.columns import COLUMNS

HELD = COLUMNS.index("held")
STEPS = {"seconds": 20.0, "minutes": MINUTE, "five minutes": 300.0, "hours": HOUR, "days": DAY}


def detect(values: np.ndarray, step: float = MINUTE, threshold: float = 70.0) -> Detections:
    return Detector(DetectorConfig(threshold=threshold)).process_many(values, MONDAY + step * np.arange(len(values)))


def episodes(detections: Detections) -> list[np.ndarray]:
    """Give the rows of each episode."""
    starts = detections.episode_start
    return [np.flatnonzero(starts == start) for start in np.unique(starts[~np.isnan(starts)])]


def test_a_threshold_over_the_bar_asks_for_the_evidence_whose_score_it_is() -> None:
    for threshold in (70, 71, 80, 91, 99, 99.99):
        strength = strength_for(threshold)
        assert 100 * (1 - 0.3 ** ((strength - 0.4) / 0.6)) == pytest.approx(threshold)
    assert [strength_for(threshold) for threshold in (0, 50, 69.9)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("threshold", [0, 30, 50, 69.9, 70, 80, 91, 99])
def test_a_score_over_the_threshold_is_an_anomaly_and_nothing_else_is(threshold: float) -> None:
    detections = detect(eventful(3000), threshold=threshold)

    assert np.array_equal(detections.is_anomaly, detections.score > threshold)
    assert detections.is_anomaly.any()


@pytest.mark.parametrize("threshold", [0, 50, 70, 91])
def test_an_alert_is_an_anomaly_and_belongs_to_an_episode(threshold: float) -> None:
    detections = detect(eventful(3000), threshold=threshold)

    assert detections.alert.any()
    assert detections.is_anomaly[detections.alert].all()
    assert not np.isnan(detections.episode_start[detections.is_anomaly]).any()


def spikes(*sizes: float) -> np.ndarray:
    """Give noise with a spike of each size, in sigma, a day and a bit apart."""
    values = np.random.default_rng(1).normal(size=1500 * (len(sizes) + 2))
    for number, size in enumerate(sizes):
        values[1500 * (number + 2)] = size
    return values


def test_a_higher_threshold_alerts_for_the_stronger_events_alone() -> None:
    values = spikes(7.0, 40.0)

    usual, strict = detect(values), detect(values, threshold=99)

    assert np.flatnonzero(usual.alert).tolist() == [3000, 4500]
    assert np.flatnonzero(strict.alert).tolist() == [4500]
    assert np.array_equal(usual.score, strict.score)


def test_a_lower_threshold_alerts_for_weaker_events_too_once_for_each() -> None:
    values = spikes(9.0, 5.5, 40.0)

    usual, lenient = detect(values), detect(values, threshold=50)

    assert 4500 not in np.flatnonzero(usual.alert)
    assert set(np.flatnonzero(usual.alert)) <= set(np.flatnonzero(lenient.alert))
    assert 4500 in np.flatnonzero(lenient.alert)
    for rows in episodes(lenient):
        weak = rows[lenient.alert[rows] & (lenient.score[rows] < 70)]
        assert (np.diff(weak) > 10).all()


def test_a_lower_threshold_leaves_quiet_what_the_decision_keeps_quiet() -> None:
    values = 50 + np.random.default_rng(1).normal(size=10 * 1440)
    for day in range(10):
        values[day * 1440 + 120 : day * 1440 + 123] += 40  # a job that comes every day

    usual, lenient = detect(values), detect(values, threshold=60)

    late = slice(5 * 1440, None)
    over_the_bar = lenient.score[late] > 70
    assert over_the_bar.sum() > 5
    assert not usual.alert[late].any()
    assert not lenient.alert[late][over_the_bar].any()


def test_an_episode_that_creeps_over_a_high_threshold_alerts_there_too() -> None:
    values = np.random.default_rng(1).normal(20, 2, size=1300)
    values[1200:1212] += np.linspace(13, 23, 12)
    usual = detect(values)
    first, most = usual.score[np.flatnonzero(usual.alert)[0]], usual.score.max()
    assert usual.alert.sum() == 1
    assert first < most

    detections = detect(values, threshold=(first + most) / 2)

    assert detections.is_anomaly.any()
    assert np.flatnonzero(detections.alert).tolist() == np.flatnonzero(detections.is_anomaly)[:1].tolist()


@settings(max_examples=15)
@given(
    seed=st.integers(0, 1000),
    threshold=st.sampled_from([20.0, 50.0, 70.0, 85.0, 95.0]),
    step=st.sampled_from(sorted(STEPS)),
)
@example(seed=400, threshold=20.0, step="five minutes")
def test_an_episode_has_one_start_and_ends_once_after_quiet(seed: int, threshold: float, step: str) -> None:
    values = eventful(2000, seed)
    seconds = STEPS[step]
    detections = detect(values, seconds, threshold)
    present = np.flatnonzero(~np.isnan(values))
    quiet = max(1, math.ceil(600 / seconds))

    for rows in episodes(detections):
        assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
        assert detections.episode_start[rows[0]] == MONDAY + seconds * rows[0]
        assert detections.is_anomaly[rows[0]]
        ended = rows[-1] < len(values) - 1 or detections.recovered[rows[-1]]  # by the very last value
        recovered = np.flatnonzero(detections.recovered[rows])
        assert recovered.tolist() == ([len(rows) - 1] if ended and detections.alert[rows].any() else [])
        if ended:
            outside = (values < detections.lower_bound) | (values > detections.upper_bound)
            held = (detections.told[:, HELD] > 0) & ~np.isnan(values)
            active = rows[(detections.is_anomaly | held | outside)[rows]]
            between = np.searchsorted(present, rows[-1]) - np.searchsorted(present, active[-1])
            assert abs(between - quiet) <= max(1, 0.1 * quiet)  # the typical step moves with the gaps
    assert detections.recovered.sum() <= detections.alert.sum()
    assert np.isin(np.flatnonzero(detections.recovered), np.concatenate([*episodes(detections), []])).all()


def test_recovery_waits_for_ten_minutes_of_quiet_after_a_spike() -> None:
    detections = detect(spikes(40.0))

    assert np.flatnonzero(detections.alert).tolist() == [3000]
    assert np.flatnonzero(detections.recovered).tolist() == [3010]
    assert np.flatnonzero(~np.isnan(detections.episode_start)).tolist() == list(range(3000, 3011))


def test_recovery_waits_for_one_point_where_points_come_every_hour() -> None:
    values = 100 + np.random.default_rng(1).normal(size=500)
    values[400] = 200.0

    detections = detect(values, HOUR)

    assert np.flatnonzero(detections.alert).tolist() == [400]
    assert np.flatnonzero(detections.recovered).tolist() == [401]


def test_an_event_is_not_over_while_its_values_are_held_back() -> None:
    values = streams.sales(2500, mean=100)
    values[2000:2100] = 0

    detections = detect(values)

    assert 2000 in np.flatnonzero(detections.alert)
    assert np.flatnonzero(detections.recovered).tolist() == [2099 + 15]


def test_missing_rows_end_no_episode() -> None:
    values = spikes(40.0)
    values[3001:3050] = np.nan

    detections = detect(values)

    assert np.flatnonzero(detections.recovered).tolist() == [3060]
    assert not np.isnan(detections.episode_start[3001:3050]).any()


def test_a_marked_worsening_within_an_episode_is_a_new_alert() -> None:
    values = spikes(12.0)
    values[3003] = 60.0

    detections = detect(values)

    assert np.flatnonzero(detections.alert).tolist() == [3000, 3003]
    assert detections.episode_start[3003] == minutes(3001)[3000]
    assert np.flatnonzero(detections.recovered).tolist() == [3013]
