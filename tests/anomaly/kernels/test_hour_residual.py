"""The hour residual beside its twin. Means are float32: a residual is good to 1e-6 of the value over the deviation."""

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, steady, streams
from hypothesis import given
from naive import hour_residual as naive
from uncompiled import fresh, plain

from anomaly.kernels import clock
from anomaly.kernels import hour_residual as kernel


def compare(stream: Stream, rel: float = 1e-3) -> float:
    rec, twin = fresh(kernel.hour_residual_record, kernel.hour_residual_new), naive.HourResidual()
    step, most = 0.0, 0.0
    for i, (time, value) in enumerate(zip(stream.times, stream.centred.astype(float).tolist(), strict=True)):
        step = step or time - stream.times[0]
        place = plain(clock.clock_place)(fresh(clock.clock_record), time)
        skipped, silent = i % 60 > 57, i % 71 == 70
        with np.errstate(all="ignore"):
            found = plain(kernel.hour_residual_look)(rec, place, pace_of(step), i, value, skipped, silent)
        expected = twin.look(time, step, i, value, skipped=skipped, silent=silent)
        assert found == pytest.approx(expected, rel=rel, abs=1e-3)
        assert (rec.judged, rec.learnt) == (twin.judged, twin.learnt)
        most = max(most, *found)
    return most


@pytest.mark.parametrize("name", STREAMS)
def test_evidence_of_the_hour_is_the_one_on_paper(name: str) -> None:
    compare(STREAMS[name])


@few_examples
@given(streams())
def test_any_value_is_measured_by_its_hour_as_on_paper(stream: Stream) -> None:
    compare(stream)


def test_a_value_off_its_hour_is_evidence_once_the_hours_are_trusted() -> None:
    times = steady(np.zeros(1000), 3600.0).times
    values = 10 * np.sin(times % 86400 / 86400 * 6.283) + np.random.default_rng(6).normal(size=1000)
    assert compare(Stream(times, values)) < 1

    values[900] += 8
    assert compare(Stream(times, values)) > 1


def test_a_walk_and_heavy_tails_are_never_trusted() -> None:
    noise = np.random.default_rng(9)
    assert compare(steady(np.cumsum(noise.normal(size=700)), 3600.0)) == 0
    assert compare(steady(noise.standard_t(1.5, size=700), 3600.0)) == 0
