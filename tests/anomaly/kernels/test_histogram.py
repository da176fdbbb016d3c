"""The fading histogram beside its twin, which keeps every size. Bins are float32: seven digits, less over 400 sums."""

import numpy as np
import pytest
from hostile import STREAMS
from hypothesis import given
from hypothesis import strategies as st
from naive import histogram as naive
from uncompiled import fresh, plain

from anomaly.kernels import histogram as kernel

SIZES = st.floats(0, 1e18) | st.sampled_from([0.0, 1 / 16, 0.0624999, 5e-324, 1.0, 2.0, 3566.0, 1e30, float("inf")])


def learnt(sizes: list[float], memory: float, sides: int = 2) -> tuple[object, naive.Histogram]:
    rec, twin = fresh(kernel.histogram_of(sides), kernel.histogram_new), naive.Histogram()
    for i, size in enumerate(sizes):
        plain(kernel.histogram_learn)(rec, i % sides, size, memory)
        twin.learn(size, memory, i % sides)
    return rec, twin


def agree(rec: object, twin: naive.Histogram, weight: float) -> None:
    """The sizes over which a weight lies, and the weight over them, whichever way a tie at a bin's edge falls."""
    for bins, sides in ((rec.bins[0], [0]), (rec.bins[1], [1]), (None, [])):
        top = (
            plain(kernel.top_of_both)(rec.bins, weight * rec.unit)
            if bins is None
            else plain(kernel.top)(bins, weight * rec.unit)
        )
        if top != pytest.approx(twin.top(weight, *sides), rel=1e-4):
            assert twin.top(weight * (1 + 1e-5), *sides) <= top * 1.0001
            assert twin.top(weight * (1 - 1e-5), *sides) >= top * 0.9999


@pytest.mark.parametrize("name", STREAMS)
def test_tops_of_either_side_and_of_both_are_those_of_all_sizes_kept(name: str) -> None:
    rec, twin = learnt(np.abs(STREAMS[name].centred[:200]).tolist(), memory=50.0)

    assert rec.total / rec.unit == pytest.approx(twin.total(), rel=1e-5)
    assert rec.bins.sum(axis=0) / rec.unit == pytest.approx(twin.weights(), rel=1e-5, abs=1e-9)
    for weight in (1e-3, 0.1, 1.0, 5.0, 1e3):
        agree(rec, twin, weight)


@given(st.lists(SIZES, min_size=1, max_size=60), st.sampled_from([2.0, 500.0, 10000.0]), st.floats(0, 70))
def test_tops_of_any_sizes_are_those_of_all_sizes_kept(sizes: list[float], memory: float, weight: float) -> None:
    agree(*learnt(sizes, memory), weight)


@given(SIZES)
def test_a_size_lies_between_the_edges_of_its_bin(size: float) -> None:
    k = plain(kernel.bin_of)(size)

    assert k == 0 or naive.EDGES[k - 1] <= size * (1 + 1e-14)
    assert k == kernel.BINS - 1 or size <= naive.EDGES[k] * (1 + 1e-14)


def test_every_top_lies_within_an_octaves_fifth_of_the_size_that_so_many_exceed() -> None:
    sizes = np.random.default_rng(2).lognormal(size=2000)
    rec, _ = learnt(sizes.tolist(), memory=1e9, sides=1)

    for exceed in (1, 10, 100, 1000):
        exact = np.sort(sizes)[-exceed]
        assert plain(kernel.top)(rec.bins[0], exceed * rec.unit) == pytest.approx(exact, rel=2 ** (1 / 5) - 1)


def test_rescaling_changes_no_top() -> None:
    rec, _ = learnt(np.random.default_rng(3).lognormal(size=300).tolist(), memory=100.0)
    rescaled = fresh(kernel.histogram_of(2), kernel.histogram_new)
    for name in ("unit", "total", "bins"):
        rescaled[name] = rec[name] * (1 if name == "bins" else 1.0)
    factor = 1.01 * kernel.UNIT_LIMIT / rec.unit
    rescaled.unit, rescaled.total, rescaled.bins = rec.unit * factor, rec.total * factor, rec.bins * factor

    for one in (rec, rescaled):
        plain(kernel.histogram_learn)(one, 0, 1.0, 100.0)

    assert rescaled.unit == 1.0 < rec.unit
    assert rescaled.total == pytest.approx(rec.total / rec.unit, rel=1e-6)
    for share in (0.001, 0.01, 0.1, 0.5):
        assert plain(kernel.top_of_both)(rescaled.bins, share * rescaled.total) == pytest.approx(
            plain(kernel.top_of_both)(rec.bins, share * rec.total), rel=1e-5
        )
