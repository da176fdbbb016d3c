"""The sums beside their twin. The ring is float32, its sum good to a few millionths of its largest member."""

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, pace_of, streams
from hypothesis import given
from naive import sums as naive
from uncompiled import fresh, plain

from anomaly.kernels import residual
from anomaly.kernels import sums as kernel


def compare(stream: Stream, pace_step: float, *, sparse: bool = False) -> float:
    rec, twin = fresh(kernel.sums_record, kernel.sums_new), naive.Sums()
    res = fresh(residual.residual_record, residual.residual_new)
    sizes = stream.centred.astype(float)
    sizes = sizes / (np.median(np.abs(sizes)) or 1.0)
    pace, most = pace_of(pace_step), 0.0
    res.top_below, res.top_above = 1.5, 2.0
    for i in range(1, len(sizes)):
        if i % 150 == 149:  # as after a gap
            rec.since_gap = 0
            twin.gap()
        skip = i % 40 > 35 or abs(sizes[i]) > 3
        found = plain(kernel.sums_look)(rec, res, pace, i, sizes[i], skip, sparse)
        expected = twin.look((1.5, 2.0), pace, i, sizes[i], skip=skip, sparse=sparse)
        assert found == pytest.approx(expected, rel=2e-3, abs=1e-4)
        assert [rec.short_square, rec.long_square] == pytest.approx(list(twin.squares.values()), rel=1e-4, abs=1e-5)
        most = max(most, found)
    return most


@pytest.mark.parametrize("name", STREAMS)
def test_evidence_of_the_last_six_and_twelve_is_the_one_on_paper(name: str) -> None:
    compare(STREAMS[name], 3600.0, sparse=name == "sparse")


@few_examples
@given(streams())
def test_any_sums_are_judged_as_on_paper(stream: Stream) -> None:
    compare(stream, 3600.0)


def test_a_small_shift_is_found_by_its_sum_and_noise_is_not() -> None:
    noise = np.random.default_rng(7).normal(size=600)
    shifted = noise.copy()
    shifted[500:512] += 4

    assert compare(Stream(None, noise), 3600.0) < 1 < compare(Stream(None, shifted), 3600.0)


def test_sums_that_speak_more_than_three_times_a_week_fall_silent() -> None:
    rng = np.random.default_rng(8)
    values = 0.3 * rng.normal(size=1400)
    loud = {i for i in range(600, 1400) if i % 100 < 24}  # as long as the sums contain any of it
    values[[i for i in loud if i % 100 < 12]] = 3
    rec = fresh(kernel.sums_record, kernel.sums_new)
    res = fresh(residual.residual_record, residual.residual_new)
    res.top_below = res.top_above = 1.0
    found = [
        plain(kernel.sums_look)(rec, res, pace_of(60.0), i, x, i in loud, False) for i, x in enumerate(values) if i
    ]

    assert max(found[600:810]) > 1
    assert max(found[1000:]) == 0.99
