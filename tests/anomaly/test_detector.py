"""What a detector promises of every series."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import streams
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import DAY, HOUR, MINUTE, MONDAY, assert_in_range, eventful, minutes, same

from anomaly import Detections, Detector, DetectorConfig, Direction, Fleet, Stage
from anomaly.kernels.columns import COLUMNS

DAY_ROWS = 1440


def detect(values: np.ndarray, times: np.ndarray | None = None, **config: object) -> Detections:
    return Detector(DetectorConfig(**config)).process_many(values, times)


def with_spike(at: int = 900, height: float = 94.0) -> np.ndarray:
    values = streams.sales(1000)
    values[at] = height
    return values


def daily(days: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = np.arange(days * DAY_ROWS)
    return 100 + 50 * np.sin(rows * 2 * np.pi / DAY_ROWS) + 5 * rng.normal(size=len(rows))


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


# ---- degenerate series


ROWS = np.arange(6000)
RANDOM = np.random.default_rng(1)
DEGENERATE = {
    "constant": (np.full(6000, 5.0), 0),
    "zeros": (np.zeros(6000), 0),
    "two values": (RANDOM.integers(0, 2, size=6000) * 1.0, 0),
    "three values": (RANDOM.integers(0, 3, size=6000) * 1.0, 0),
    "two values in turn": (ROWS % 2 * 1.0, 0),
    "two values, one rare": (np.where(RANDOM.random(6000) < 0.002, 1.0, 0.0), 0),
    "tiny range": (1e9 + RANDOM.integers(0, 3, size=6000) * 1e-6, 0),
    "denormal": (RANDOM.poisson(20, size=6000) * 5e-324, 0),
    "ramp": (ROWS * 1.0, 0),
    "ramp that restarts": (ROWS % 3000 * 1.0, 1),
    "saw-tooth": (ROWS % 1000 * 1.0, 3),
    "step from 0 to 1": ((ROWS > 3000) * 1.0, 1),
    "change of .2 %": (np.where(ROWS > 3000, 1.002, 1.0), 1),
    "shift of 8 sigma": (RANDOM.normal(size=6000) + 8 * (ROWS > 3000), 1),
    "four times the noise": (RANDOM.normal(size=6000) * np.where(ROWS > 3000, 4, 1), 4),
    "series that dies": (np.where(ROWS > 3000, 0, RANDOM.poisson(20, size=6000)), 1),
}


@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_series_are_ordinary_input(name: str, timed: bool) -> None:
    values, most = DEGENERATE[name]

    detections = detect(values, minutes(len(values)) if timed else None)

    assert detections.alert.sum() <= most
    assert_in_range(detections)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
@pytest.mark.parametrize("level", [0.0, 2e4])
def test_a_spike_of_150_sigma_is_found_at_any_scale_and_nothing_else(scale: float, level: float) -> None:
    values = np.random.default_rng(1).normal(size=3000)
    values[2000] = 150.0

    assert np.flatnonzero(detect((values + level) * scale, minutes(3000)).alert).tolist() == [2000]


# ---- wild values at the start


@pytest.mark.parametrize("wild", [1e3, 1e6, 1e9, -1e6])
@pytest.mark.parametrize("at", [0, 5, 11, 12, 60])
@pytest.mark.parametrize("stream", ["sales", "daily", "noise"])
def test_one_wild_value_at_the_start_blinds_nobody_for_longer_than_a_day(stream: str, at: int, wild: float) -> None:
    rows = 2 * DAY_ROWS + 100
    values = {
        "sales": streams.sales(rows, mean=50), "daily": daily(3)[:rows], "noise": streams.seasonal(rows)
    }[stream].copy()  # fmt: skip
    values[at] = wild
    event = DAY_ROWS + 700
    values[event : event + 5] += 40 * np.std(np.delete(values, at))

    detections = detect(values, minutes(rows))

    assert detections.alert[event : event + 5].any()
    band = detections.upper_bound - detections.lower_bound
    assert band[2 * DAY_ROWS :].max() < 20 * np.std(np.delete(values, at))


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_one_wild_value_at_the_start_blinds_nobody_in_a_series_of_mostly_zeros_either(share: float) -> None:
    for seed in range(4):
        values, events = mostly_zeros(share, seed)
        values[5] = 1e6

        assert detect(values, minutes(len(values))).alert[events].all()


@pytest.mark.parametrize("jitter", [0.0, 1e-15, 1e-6])
@pytest.mark.parametrize("still", [12, 100, 600])
def test_a_series_that_hardly_moves_at_first_is_ordinary_from_the_next_day_on(still: int, jitter: float) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(10, 1, size=5 * DAY_ROWS)
    values[:still] = 10 + jitter * rng.normal(size=still)
    event = 3 * DAY_ROWS + 300
    values[event] += 15

    detections = detect(values, minutes(len(values)))

    assert detections.alert[event]
    assert detections.alert[still + DAY_ROWS :].sum() <= 3
    band = detections.upper_bound - detections.lower_bound
    assert 3 < np.median(band[still + DAY_ROWS :]) < 15


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_events_fifteen_times_the_usual_ones_alert_in_a_series_of_mostly_zeros(share: float) -> None:
    for seed in range(4):
        values, events = mostly_zeros(share, seed)

        assert detect(values, minutes(len(values))).alert[events].all()


def mostly_zeros(share: float, seed: int) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(6 * DAY_ROWS) < share, 1.0 + rng.poisson(8, size=6 * DAY_ROWS), 0.0)
    events = [DAY_ROWS + 700, 2 * DAY_ROWS + 300, 4 * DAY_ROWS + 77]
    values[events] = 15 * 8
    return values, events


# ---- missing values and gaps


def test_a_missing_value_is_not_learned_scores_zero_and_lowers_the_confidence() -> None:
    values = streams.sales(1000)
    holes = [5, 400, 401, 700]
    values[holes] = np.nan
    times = minutes(1000)

    detections = detect(values, times)

    assert not detections.score[holes].any()
    assert not detections.is_anomaly[holes].any()
    assert (detections.expected_value[holes[1:]] > 0).all()
    assert (detections.lower_bound[holes[1:]] < detections.upper_bound[holes[1:]]).all()
    assert detections.processed_points[-1] == 996
    assert detections.processed_points[400] == detections.processed_points[399]
    whole = detect(streams.sales(996)).confidence[-1]
    assert detections.confidence[-1] == pytest.approx(whole * 996 / 1000)


@pytest.mark.parametrize("length", [20, 360, DAY_ROWS, 3 * DAY_ROWS])
@pytest.mark.parametrize("absent", [True, False], ids=["no rows", "rows without values"])
def test_ordinary_values_after_a_gap_do_not_alert_and_a_true_event_later_does(length: int, absent: bool) -> None:
    values, times = daily(8), minutes(8 * DAY_ROWS)
    gap = slice(4 * DAY_ROWS + 100, 4 * DAY_ROWS + 100 + length)
    event = gap.stop + 180
    values[event : event + 20] = 0.0
    values[gap] = np.nan
    if absent:
        kept = np.r_[: gap.start, gap.stop : len(values)]
        values, times, event = values[kept], times[kept], event - length

    detections = detect(values, times)

    after = slice(gap.start, event)
    assert not detections.alert[after].any()
    assert np.isfinite(detections.expected_value[after]).all()
    assert detections.alert[event : event + 5].any()


def test_what_lies_on_both_sides_of_a_gap_is_no_run_and_no_drift() -> None:
    values, times = streams.sales(2000, mean=3), minutes(2000)
    values[1500:1520] = 0.0
    torn = np.where(np.arange(2000) < 1510, times, times + DAY)

    whole, apart = detect(values, times), detect(values, torn)

    run = COLUMNS.index("run")
    assert whole.told[1509:1511, run].tolist() == [10, 11]
    assert apart.told[1509:1511, run].tolist() == [10, 1]
    assert whole.alert[1500:1520].any()
    assert not apart.alert[1510:1520].any()


# ---- hostile values


HOSTILE = np.array([
    np.nan, np.inf, -np.inf, 1e308, -1e308, np.finfo(float).max, np.finfo(float).min, 5e-324, -5e-324, 2.2e-308, -0.0,
    0.0, 1e30, -1e30, 9.99e29, -9.99e29, 1e18, -1e19, 2.0**53 + 2, 2.0**63, -(2.0**63), 1e-40, 3.4e38, 1e20, 1.0, 2.0,
    3.0, 1e-300, 1e150,
])  # fmt: skip


def hostile(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw from a few hostile values, mostly among ordinary ones of any scale."""
    values = rng.choice(rng.choice(HOSTILE, rng.integers(1, 8)), n)
    ordinary = rng.normal(size=n) * 10.0 ** rng.uniform(-20, 20)
    return np.where(rng.random(n) < rng.choice([0.0, 0.5, 0.97]), ordinary, values)


@pytest.mark.parametrize("seed", range(60))
def test_every_number_is_finite_and_in_range_whatever_comes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = hostile(rng, 2000)
    times = None if seed % 3 == 0 else np.cumsum(10.0 ** rng.uniform(-3, 5, size=2000) * (rng.random(2000) < 0.9))
    detector = Detector()

    detections = detector.process_many(values, times)

    assert_in_range(detections)
    for number in np.flatnonzero(detections.is_anomaly)[:100].tolist():
        assert detections[number].reason
    assert Detector.from_bytes(detector.to_bytes()).to_bytes() == detector.to_bytes()


@pytest.mark.parametrize("nonsense", [np.inf, -np.inf, 1e30, -1e31, 1e308])
def test_an_infinite_value_or_one_beyond_all_measures_is_missing(nonsense: float) -> None:
    values, holes = streams.sales(1000), [0, 5, 400, 700]

    missing, instead = (detect(np.where(np.isin(np.arange(1000), holes), hole, values)) for hole in (np.nan, nonsense))

    assert same(missing, instead)


@pytest.mark.slow
def test_ten_million_hostile_values_leave_a_fleet_whole() -> None:
    series, rows, batch = 1000, 10_000, 100
    rng = np.random.default_rng(1)
    values = np.stack([hostile(rng, rows) for _ in range(series)])
    fleet, keys = Fleet(), np.repeat(np.arange(series), batch).tolist()

    for at in range(0, rows, batch):
        assert_in_range(fleet.process(keys, values[:, at : at + batch].ravel()))

    for key in range(series):
        Detector.from_bytes(fleet.to_bytes(key))


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ([2**53 + 1, -(2**70), 2**62], 3),
        ([10**400, -(10**400), 1], 1),
        (np.array([2**64 - 1, 2**63, 0], np.uint64), 3),
        (np.array([2**53 + 1, 2**70, -1], object), 3),
        (np.array([1, None, np.float32(3)], object), 2),
        (np.array([1, 0, 1], bool), 3),
        (np.array([1, 2, 3], np.float16), 3),
        (np.arange(6.0)[::2], 3),
        (np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]), 2),
        ((1.0, 2.0), 2),
        ([], 0),
        (np.zeros((3, 1)), 3),
    ],
)
def test_numbers_of_every_kind_are_taken(values: object, points: int) -> None:
    detector = Detector()
    detector.process_many(values)

    assert detector.processed_points == points


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.process([1.0, 2.0]), "an observation must have 1 feature(s), got values of the shape (1, 2)"),
        (lambda d: d.process_many(np.zeros((3, 2))), "must have 1 feature(s), got values of the shape (3, 2)"),
        (lambda d: d.process_many(np.zeros((3, 1, 1))), "must have 1 feature(s), got values of the shape (3, 1, 1)"),
        (lambda d: d.process("14"), "values must be numbers, NaN where missing, got '14'"),
        (lambda d: d.process_many([1.0, "much"]), "got 'much'"),
        (lambda d: d.process_many(np.array([1.0, "14"], object)), "got '14'"),
        (lambda d: d.process_many([1j]), "got 1j"),
        (lambda d: d.process_many(np.array(["2024-08-29"], "M8[s]")), "got datetime.datetime(2024, 8, 29, 0, 0)"),
        (lambda d: d.process_many([[1.0], [1.0, 2.0]]), "got rows of several lengths"),
    ],
)
def test_what_is_no_observation_is_named_and_nothing_is_learned(
    call: Callable[[Detector], object], message: str
) -> None:
    detector = Detector()
    untouched = detector.to_bytes()

    with pytest.raises(ValueError, match=re.escape(message)):
        call(detector)

    assert detector.to_bytes() == untouched


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
