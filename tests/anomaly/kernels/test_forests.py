"""The forests beside their twin, and the closed form beside forests that grow trees. Values, weights: float32."""

import numpy as np
import pytest
from hostile import STREAMS, Stream, few_examples, streams
from hypothesis import given
from naive import forests as naive
from uncompiled import fresh, plain

from anomaly.kernels import forests as kernel
from anomaly.kernels.step import scratch_record


def sketch(size: int) -> object:
    rec = fresh(kernel.sketch_of(size))
    rec.tally.unit = 1.0
    return rec


def learn(rec: object, value: float) -> None:
    plain(kernel.sketch_learn)(rec.values, rec.weights, rec.tally, np.float32(value))


def score(rec: object, value: float) -> float:
    return float(plain(kernel.forest_score)(rec.values, rec.weights, rec.tally, np.float32(value)))


def same_sketch(rec: object, twin: naive.Sketch) -> None:
    count = rec.tally.count
    assert rec.values[:count].tolist() == list(map(float, twin.weights))
    weights = rec.weights[:count].astype(float) / rec.tally.unit
    assert weights == pytest.approx(np.array(list(twin.weights.values())), rel=1e-4)
    assert rec.tally.total / rec.tally.unit == pytest.approx(twin.total(), rel=1e-4)


def compare(stream: Stream, *, sparse: bool = False) -> naive.Forests:
    rec, scratch, twin = fresh(kernel.forests_record, kernel.forests_new), fresh(scratch_record), naive.Forests()
    largest = np.float32(0)
    for i, value in enumerate(stream.centred):
        extreme, few = abs(value) > largest, twin.few()
        largest = max(largest, abs(value))
        assert plain(kernel.is_few)(rec) == few
        seen = plain(kernel.forests_look)(rec, i, value, extreme, sparse, scratch)
        past = [*map(float, twin.values), float(value)]
        if i % 50 == 0 or i in (63, 64, 65):  # brute force is slow
            expected = naive.shape_distance(past)
            assert seen.shape == pytest.approx(expected, rel=1e-5, abs=1e-5 * max(map(abs, past)) + 1e-30)
        if largest < 1e9:  # beyond, the running sum keeps nothing of small values
            assert seen.window_mean == pytest.approx(twin.mean(value), rel=1e-6, abs=1e-7 * float(largest) + 1e-37)
        found = seen.value, seen.mean, seen.shape_factor, seen.share, seen.weight
        # Whether a value was seen before decides much, so the twin takes mean and shape to the bit from the kernel.
        mine = twin.look(value, seen.window_mean, seen.shape, extreme=extreme, sparse=sparse)
        assert found == pytest.approx(mine, rel=1e-3, abs=1e-6)
        plain(kernel.forests_learn)(rec, i, value, seen, few)
        twin.learn(value, seen.window_mean, seen.shape, few=few)
    for one, other in ((rec.value_sketch, twin.of_values), (rec.mean_sketch, twin.of_means), (rec.shape_sketch, twin.of_shapes)):
        same_sketch(one, other)
    return twin


@pytest.mark.parametrize("name", STREAMS)
def test_scores_of_value_mean_and_shape_are_those_on_paper(name: str) -> None:
    compare(Stream(None, STREAMS[name].values[:220]), sparse=name == "sparse")


@few_examples
@given(streams())
def test_any_stream_is_judged_as_on_paper(stream: Stream) -> None:
    compare(stream)
