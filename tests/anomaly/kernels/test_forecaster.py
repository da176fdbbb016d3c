"""The forecaster beside its twin. Memories, slots and nodes are float32: a millionth of the largest value."""

from statistics import median

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, steady, streams
from hypothesis import given
from naive import forecaster as naive
from naive.clock import moment
from uncompiled import fresh, plain

from anomaly.kernels import clock
from anomaly.kernels import forecaster as kernel


def place_of(time: float) -> clock.Place:
    return plain(clock.clock_place)(fresh(clock.clock_record), time)


class Both:
    """Kernel and twin of memory, profile and mixture, fed the same."""

    def __init__(self) -> None:
        self.rec = fresh(kernel.forecaster_record)
        self.memory, self.profile, self.mixture = naive.Memory(), naive.Profile(), naive.Mixture()
        self.points = 0
        self.largest = 0.0

    def feed(self, time: float, value: float, step: float, age: float, *, flagged: bool, sparse: bool) -> None:
        rec, place, pace, points = self.rec, place_of(time), pace_of(step), self.points
        self.largest = max(self.largest, abs(float(value)))
        at = plain(kernel.profile_before)(rec.profile, place, age, points)
        if not self.profile.ready and age >= 86400 and points > 3:
            self.profile.begin()
        assert rec.profile.ready == self.profile.ready
        self.near(at, self.profile.at(time))
        if points > 0:
            predictions = np.zeros(8)
            expected = plain(kernel.forecaster_before)(rec, rec.recent, points, sparse, at, predictions)
            ours = self.memory.predictions(self.profile, at)
            self.near(predictions, [np.nan if p is None else p for p in ours])
            self.near(expected, self.memory.median() if sparse else self.mixture.of(predictions_of(predictions)))
            tamed = plain(kernel.forecaster_tame)(rec, points, value)
            self.near(tamed, self.mixture.tame(self.memory, self.profile.points, points, float(value)))
            spread = plain(kernel.memory_spread)(rec.recent, points)
            self.near(spread, self.memory.spread())
            residual = 0.5 * (float(value) - expected)
            plain(kernel.forecaster_learn)(rec, predictions, value, residual, spread, points, pace.per_day)
            self.mixture.learn(
                predictions_of(predictions), float(value), residual, self.memory.spread(), points, pace.per_day
            )
            self.near(rec.errors, self.mixture.errors)
            assert rec.tried.tolist() == self.mixture.tried
        plain(kernel.memory_push)(rec.recent, points, float(value))
        self.memory.push(value)
        if rec.profile.ready:
            spread = plain(kernel.memory_spread)(rec.recent, points + 1)
            dev = float(value) - at
            rec.profile.points += 1
            plain(kernel.memory_deviation)(rec.recent, pace, rec.profile.points, dev)
            self.memory.deviate(step, self.profile.points + 1, dev)
            plain(kernel.profile_learn)(rec.profile, place, pace, age, dev, spread, flagged)
            self.profile.learn(time, pace, age, dev, self.memory.spread(), flagged=flagged)
            self.near(rec.profile.deviation, self.profile.deviation)
        else:
            plain(kernel.profile_first_day)(rec.profile, place, float(value), pace.per_day)
            self.profile.first_day(time, float(value), pace.per_day)
        self.points += 1

    def near(self, found: object, expected: object) -> None:
        assert np.allclose(found, expected, rtol=1e-5, atol=3e-6 * self.largest + 1e-37, equal_nan=True)


def predictions_of(predictions: np.ndarray) -> list[float | None]:
    return [None if np.isnan(p) else float(p) for p in predictions]


def compare(stream: Stream) -> Both:
    both = Both()
    step = 0.0
    for i, (time, value) in enumerate(zip(stream.times, stream.centred, strict=True)):
        step = step or (time - stream.times[0])
        with np.errstate(all="ignore"):  # denormal errors to the eighth power
            both.feed(time, value, step, time - stream.times[0], flagged=i % 17 == 3, sparse=i % 50 == 9)
    return both


@pytest.mark.parametrize("name", STREAMS)
def test_profile_predictions_mixture_and_errors_are_those_on_paper(name: str) -> None:
    compare(STREAMS[name])


@few_examples
@given(streams())
def test_any_stream_is_forecast_as_on_paper(stream: Stream) -> None:
    compare(stream)


@pytest.mark.parametrize("step", [300.0, 900.0, 1800.0, 3600.0])
def test_a_profile_of_weeks_is_the_one_on_paper(step: float) -> None:
    n = min(int(16 * 86400 / step), 800)
    times = steady(np.zeros(n), step).times
    hour = times % 86400 / 3600
    weekend = times // 86400 % 7 > 4
    noise = np.random.default_rng(4).normal(size=n)
    both = compare(Stream(times, 10 * np.sin(hour / 24 * 6.283) * (1 - 0.7 * weekend) + 0.2 * noise))

    assert both.rec.profile.ready
    assert both.rec.profile.visits == pytest.approx(both.profile.visits, rel=1e-5)
    assert both.rec.profile.nodes == pytest.approx(np.array(both.profile.nodes), abs=1e-4)
    if n == 16 * 86400 / step:  # after two weeks the profile knows weekends
        assert max(np.abs(both.rec.profile.nodes)) > 1


@pytest.mark.parametrize("kind", ["noise", "few values", "falling", "huge"])
def test_the_ring_of_twenty_stays_in_order_and_its_median_is_the_median(kind: str) -> None:
    rng = np.random.default_rng(5)
    n = 10_000 if kind == "noise" else 1000
    values = {
        "noise": rng.normal(size=n),
        "few values": rng.integers(0, 3, n) * 1.0,
        "falling": -1.0 * np.arange(n),
        "huge": rng.choice([1e18, -1e18, 1.0, 5e-38], n),
    }[kind].astype(np.float32)
    rec = fresh(kernel.memory_record)
    for i in range(n):
        plain(kernel.memory_push)(rec, i, values[i])
        last = values[max(0, i - 19) : i + 1].tolist()
        assert plain(kernel.memory_median)(rec, i + 1) == pytest.approx(median(last), rel=1e-7)
        assert sorted(rec.values_order[: len(last)]) == list(range(len(last)))


def test_slots_and_nodes_of_a_time_are_those_nearer_than_one() -> None:
    for time in (0.0, 1.7e9 + 13.25, 86399.0, 604799.5):
        place, now = place_of(time), moment(time)
        for position, count, at, after, share in (
            (now.quarters, 96, place.slot, place.next_slot, place.slot_share),
            (now.hours, 168, place.node, place.next_node, place.node_share),
        ):
            for k in range(count):
                distance = min(abs(position - k), count - abs(position - k))
                weight = {at: 1 - share, after: share}.get(k, 0.0)
                assert weight == pytest.approx(max(0.0, 1 - distance), abs=1e-9)
