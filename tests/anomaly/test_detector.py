"""What a detector promises of every series."""

from collections.abc import Callable

import numpy as np
import pytest
import streams
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import DAY, DAY_ROWS, HOUR, MINUTE, MONDAY, daily, detect, eventful, minutes, same, with_spike

from anomaly import Detections, Detector, Direction, Fleet, Stage

# ---- the LEARNING stage


@pytest.mark.parametrize(
    ("step", "learning"),
    [(None, 300), (MINUTE, 300), (5 * MINUTE, 288), (HOUR, 32), (DAY, 32), (1.0, 300), (7 * DAY, 32)],
)
def test_as_many_points_as_a_day_has_are_learned_first_at_least_32_and_at_most_300(
    step: float | None, learning: int
) -> None:
    values = streams.sales(400)
    detections = detect(values, None if step is None else MONDAY + step * np.arange(400))

    assert (detections.stage[:learning] == "LEARNING").all()
    assert (detections.stage[learning:] == "INFERENCE").all()
    assert detections.confidence[learning - 1] == 0.0 < detections.confidence[learning]


@pytest.mark.parametrize("output_after", [12, 20, 100, 1000])
def test_the_length_of_the_learning_stage_can_be_set(output_after: int) -> None:
    detections = detect(streams.sales(1100), output_after=output_after)

    assert (detections.stage[:output_after] == "LEARNING").all()
    assert (detections.stage[output_after:] == "INFERENCE").all()


def test_while_learning_nothing_is_scored_expected_or_called() -> None:
    values = with_spike(at=250)
    values[100] = 1e6
    detector = Detector()
    learning, inference = detector.process_many(values[:300]), detector.process_many(values[300:])

    for name in ("score", "is_anomaly", "alert", "recovered", "confidence"):
        assert not getattr(learning, name).any()
    for name in ("expected_value", "lower_bound", "upper_bound", "episode_start"):
        assert np.isnan(getattr(learning, name)).all()
    assert set(learning.direction) == {"NONE"}
    assert (inference.expected_value > 0).all()


def test_a_series_that_may_speak_early_says_what_it_sees_from_the_20th_point_on() -> None:
    values = 100 + np.random.default_rng(1).normal(size=60)
    values[40] = 500.0

    assert np.flatnonzero(detect(values, output_after=20).alert).tolist() == [40]


def test_the_1261st_point_has_the_confidence_of_the_published_record() -> None:
    detections = detect(streams.sales(1261))

    assert detections.processed_points[-1] == 1261
    assert repr(float(detections.confidence[-1])) == "80.4674989791107"


# ---- what is found


def test_a_spike_is_found_where_it_is_and_only_there() -> None:
    detections = detect(with_spike(at=900))

    assert np.flatnonzero(detections.is_anomaly).tolist() == [900]
    assert np.flatnonzero(detections.alert).tolist() == [900]
    assert detections.score[900] > 90
    assert detections.direction[900] == "HIGH"
    assert detections.lower_bound[900] < detections.expected_value[900] < detections.upper_bound[900] < 94


def test_a_drop_has_the_direction_low() -> None:
    values = streams.sales(1000, mean=100)
    values[900] = 0

    detections = detect(values)

    assert detections.direction[900] == "LOW"
    assert detections.alert[900]


def test_a_level_shift_alerts_when_it_comes_and_is_then_learned() -> None:
    values = streams.seasonal(3000)
    values[1500:] += 30

    detections = detect(values, minutes(3000))

    assert np.flatnonzero(detections.alert).tolist() == [1500]
    assert np.abs(detections.expected_value[2500:] - values[2500:]).mean() < 3


def test_during_an_event_the_expectation_stays_what_it_was() -> None:
    values = streams.sales(1000, mean=100)
    values[900:960] = 0

    expected = detect(values).expected_value[905:960]

    assert expected.min() > 80


def test_the_expected_value_follows_the_season() -> None:
    values = daily(4)
    course = 100 + 50 * np.sin(np.arange(len(values)) * 2 * np.pi / DAY_ROWS)

    expected = detect(values, minutes(len(values))).expected_value

    assert np.abs(expected - course)[2 * DAY_ROWS :].mean() < 2.5


@pytest.mark.parametrize("stream", [streams.sales, streams.seasonal, streams.heavy_tailed])
def test_the_band_holds_98_of_100_ordinary_points(stream: Callable[[int], np.ndarray]) -> None:
    values = stream(6000)
    detections = detect(values, minutes(6000))
    inside = (values >= detections.lower_bound) & (values <= detections.upper_bound)

    assert 0.965 < inside[2880:].mean() < 0.995


def test_a_score_says_how_rare_so_much_evidence_is_in_this_series() -> None:
    score = detect(streams.seasonal(20_000), minutes(20_000)).score[2880:]

    for passed, share in ((20, 0.1), (40, 0.01), (60, 0.001)):
        assert share / 3 < np.mean(score >= passed) < 3 * share


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("stream", [streams.sales, streams.seasonal, streams.autoregressive])
def test_an_ordinary_series_of_minutes_alerts_at_most_about_once_a_week(
    stream: Callable[[int, int], np.ndarray], seed: int
) -> None:
    weeks = 4
    assert detect(stream(weeks * 7 * DAY_ROWS, seed), minutes(weeks * 7 * DAY_ROWS)).alert.sum() <= weeks + 1


def test_no_score_is_below_zero() -> None:
    assert detect(np.random.default_rng(0).normal(size=400)).score.min() == 0.0


# ---- one by one, at once, in a fleet


def test_processing_one_by_one_equals_processing_at_once_in_every_field() -> None:
    values, times = eventful(900), minutes(900)
    detector = Detector()

    one_by_one = [detector.process(value, time) for value, time in zip(values.tolist(), times.tolist(), strict=True)]
    at_once = detect(values, times)

    assert list(map(repr, one_by_one)) == list(map(repr, at_once))
    assert at_once.alert.any()
    assert any(one.reason and one.attribution for one in one_by_one)


# ---- laws: scale, shift, sign, time zone


def verdicts(detections: Detections) -> list[list[bool]]:
    return [detections.is_anomaly.tolist(), detections.alert.tolist(), detections.recovered.tolist()]


def crossing_zero() -> np.ndarray:
    """Four days around zero with spikes, a dip that lasts, a shift and holes."""
    values = daily(4) - 100
    values[[2000, 3333, 4444]] = 300, -250, 400
    values[5000:5040] -= 200
    values[5400:] += 60
    values[::97] = np.nan
    return values


@pytest.mark.parametrize(
    ("factor", "shift"), [(1e-6, 0.0), (1e6, 0.0), (3.7, 0.0), (1.0, 1e5), (1e-3, -1e5), (-1.0, 0.0)]
)
def test_multiplying_or_shifting_a_series_changes_no_verdict(factor: float, shift: float) -> None:
    values, times = crossing_zero(), minutes(4 * DAY_ROWS)
    original = detect(values, times)

    moved = detect(values * factor + shift * abs(factor), times)

    assert original.alert.sum() >= 5
    assert verdicts(moved) == verdicts(original)
    assert moved.raw_score == pytest.approx(original.raw_score, rel=1e-3, abs=1e-3)
    over = original.is_anomaly
    assert moved.score[over] == pytest.approx(original.score[over], abs=0.01)
    assert np.mean(np.abs(moved.score - original.score) > 0.01) < 0.01  # steps of the histogram's bins
    scale = np.nanmax(np.abs(values * factor))
    for name, turned in (("expected_value", "expected_value"), ("lower_bound", "upper_bound")):
        name_now = turned if factor < 0 else name
        told = getattr(original, name)[300:] * factor + shift * abs(factor)
        assert getattr(moved, name_now)[300:] == pytest.approx(told, abs=1e-4 * scale, nan_ok=True)


def test_a_series_upside_down_has_the_other_direction() -> None:
    values, times = crossing_zero(), minutes(4 * DAY_ROWS)
    other = {"HIGH": "LOW", "LOW": "HIGH", "NONE": "NONE"}

    original, turned = detect(values, times), detect(-values, times)

    seen = original.score > 20
    assert [other[side] for side in original.direction[seen]] == turned.direction[seen].tolist()


@settings(max_examples=10)
@given(hours=st.integers(-100_000, 100_000))
def test_the_time_zone_does_not_matter(hours: int) -> None:
    values = crossing_zero()

    original, moved = (detect(values, minutes(len(values), start)) for start in (MONDAY, MONDAY + HOUR * hours))

    assert verdicts(moved) == verdicts(original)
    assert moved.score == pytest.approx(original.score, abs=0.01)


def test_without_times_a_series_is_one_of_minutes_as_long_as_the_calendar_says_nothing() -> None:
    values = streams.sales(400)

    untimed, timed = detect(values, output_after=12), detect(values, MINUTE * np.arange(400.0), output_after=12)

    assert untimed.told[:21].tobytes() == timed.told[:21].tobytes()
    assert verdicts(untimed) == verdicts(timed)
    assert untimed.times.tolist() == timed.times.tolist()


def test_without_times_no_hour_of_the_day_is_learned() -> None:
    noon = np.arange(5 * DAY_ROWS) % DAY_ROWS // 60 == 12
    values = np.where(noon, 200.0, 100.0) + np.random.default_rng(1).normal(size=len(noon))
    hidden = slice(4 * DAY_ROWS + 11 * 60 + 50, 4 * DAY_ROWS + 13 * 60)
    values[hidden] = np.nan

    untimed, timed = detect(values), detect(values, minutes(len(values)))

    at = 4 * DAY_ROWS + 12 * 60 + 30
    assert timed.expected_value[at] > 150 > 110 > untimed.expected_value[at]


def test_a_detection_speaks_in_words() -> None:
    detector = Detector()
    learning = detector.process(14.0)
    detector.process_many(streams.sales(400))
    anomaly = detector.process(500.0)

    assert (learning.stage, learning.direction, learning.score) == (Stage.LEARNING, Direction.NONE, 0.0)
    assert (anomaly.stage, anomaly.direction, anomaly.alert) == (Stage.INFERENCE, Direction.HIGH, True)
    assert anomaly.processed_points == detector.processed_points == 402
    assert repr(detector).startswith("Detector after 402 points, DetectorConfig(threshold=70.0")


def test_a_detector_is_a_fleet_of_one() -> None:
    values = eventful(500)

    assert same(Fleet().process([0] * 500, values), detect(values))


def test_a_time_that_rounding_left_just_before_the_week_begins_is_as_good_as_its_beginning() -> None:
    times = MINUTE * np.arange(-3000.0, 2000.0)
    values = daily(4)[: len(times)]
    visits = []
    for beginning in (0.0, -1e-20):
        times[3000] = beginning
        detector = Detector()
        detector.process_many(values, times)
        visits.append(detector._records.series[0]["forecaster"]["profile"]["visits"].copy())

    assert visits[1] == pytest.approx(visits[0], abs=1e-6)
