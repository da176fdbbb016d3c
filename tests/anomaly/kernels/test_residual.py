"""The residual beside its twin. Hours and histograms are float32: a top moves by up to a thousandth where bins tie."""

import math

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, steady, streams
from hypothesis import given
from hypothesis import strategies as st
from naive import residual as naive
from naive.clock import moment
from naive.forecaster import Memory
from uncompiled import fresh, plain

from anomaly.kernels import clock
from anomaly.kernels import residual as kernel


def compare(stream: Stream, *, sparse: bool = False) -> naive.Residual:
    rec, twin = fresh(kernel.residual_record, kernel.residual_new), naive.Residual()
    before, step, origin, memory = 0.0, 0.0, 3.0, Memory()
    for i, (time, value) in enumerate(zip(stream.times, stream.centred.tolist(), strict=True)):
        step = step or time - stream.times[0]
        pace, hour = pace_of(step), moment(time).hour
        place = plain(clock.clock_place)(fresh(clock.clock_record), time)
        if i > 0:
            walls = plain(kernel.residual_walls)(rec, i, origin)
            assert [w if abs(w) < 1e300 else math.copysign(math.inf, w) for w in walls] == list(twin.walls(origin))
        assert plain(kernel.residual_extremes)(rec, value) == twin.extremes(value)
        sh = plain(kernel.residual_hour)(rec, place, pace, sparse)
        near(sh, twin.hour_scale(hour, pace, sparse=sparse))
        near(plain(kernel.residual_band)(rec, sh), twin.band(sh))
        if i > 0:
            shown = value - before
            agreed = shown if i % 5 else 0.3 * shown
            found = plain(kernel.residual_look)(rec, pace, i, sh, shown, agreed, sparse)
            expected = twin.look(pace, i, sh, shown, agreed, sparse=sparse)
            near(found, expected)
            flagged = found.surprise > 0.75
            plain(kernel.residual_learn)(rec, place, pace, i, found, agreed, memory.spread(), flagged, sparse)
            rec.sizes.bins[rec.sizes.bins < 1e-3] = 0  # what rounding leaves where a wild value is taken back
            twin.learn(hour, pace, i, kernel.Sizes(*found), agreed, memory.spread(), flagged=flagged, sparse=sparse)
            near(rec.scale, twin.scale)
        plain(kernel.residual_spread)(rec, pace, i, value)
        twin.learn_spread(pace, i, value)
        near((rec.centre, rec.spread), (twin.centre, twin.spread))
        before = value if i % 3 else before
        memory.push(value)
    return twin


def near(found: object, expected: object) -> None:
    assert np.allclose(found, expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("name", STREAMS)
def test_scales_walls_band_and_evidence_are_those_on_paper(name: str) -> None:
    compare(STREAMS[name], sparse=name == "sparse")


@few_examples
@given(streams(), st.booleans())
def test_any_residual_is_measured_as_on_paper(stream: Stream, sparse: bool) -> None:
    compare(stream, sparse=sparse)


def test_a_wild_value_of_a_sparse_series_is_taken_back_when_a_second_event_has_come() -> None:
    values = np.zeros(200)
    values[[99, 153]] = 1e6, 5.0

    twin = compare(steady(values), sparse=True)

    assert 0 < twin.scale < 2
    assert twin.sizes.weights()[-1] == 0


def test_a_quiet_side_has_its_own_small_measure() -> None:
    rec = fresh(kernel.residual_record, kernel.residual_new)
    rng = np.random.default_rng(3)
    place, pace = plain(clock.clock_place)(fresh(clock.clock_record), 0.0), pace_of(60.0)
    for i in range(1, 1500):
        shown = float(rng.exponential(8.0) if i % 2 else -rng.uniform(0, 0.5))
        sizes = plain(kernel.residual_look)(rec, pace, i, 1.0, shown, shown, False)
        plain(kernel.residual_learn)(rec, place, pace, i, sizes, shown, 0.0, False, False)

    assert rec.top_below < 0.1 * rec.top_above
    below = plain(kernel.residual_look)(rec, pace, 1500, 1.0, -10.0, -10.0, False)
    above = plain(kernel.residual_look)(rec, pace, 1500, 1.0, 10.0, 10.0, False)
    assert below.surprise > 4 * above.surprise
