"""What a detector makes of series that are constant, wild, full of holes or hostile."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import streams
from streams import (
    DAY,
    DAY_ROWS,
    assert_in_range,
    daily,
    detect,
    minutes,
    mostly_zeros,
    same,
)

from anomaly import Detector, Fleet
from anomaly.kernels.columns import COLUMNS

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
