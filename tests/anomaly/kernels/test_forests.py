"""The forests beside their twin, and the closed form beside forests that grow trees. Values, weights: float32."""

import warnings
from collections import defaultdict
from functools import cache

import krcf
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
    for one, other in (
        (rec.value_sketch, twin.of_values),
        (rec.mean_sketch, twin.of_means),
        (rec.shape_sketch, twin.of_shapes),
    ):
        same_sketch(one, other)
    return twin


@pytest.mark.parametrize("name", STREAMS)
def test_scores_of_value_mean_and_shape_are_those_on_paper(name: str) -> None:
    compare(Stream(None, STREAMS[name].values[:220]), sparse=name == "sparse")


@few_examples
@given(streams())
def test_any_stream_is_judged_as_on_paper(stream: Stream) -> None:
    compare(stream)


def test_a_full_sketch_joins_values_but_keeps_their_weight_and_both_extremes() -> None:
    rng = np.random.default_rng(3)
    rec, values = sketch(64), np.float32(rng.standard_t(2, size=600))
    for value in values:
        learn(rec, value)

    count, seen = rec.tally.count, rec.values[: rec.tally.count]
    assert count == 64
    assert np.all(np.diff(seen) > 0)
    assert set(seen.tolist()) <= set(values.tolist())
    assert (seen[0], seen[-1]) == (values.min(), values.max())
    weight = np.sum((1 + 1 / kernel.SKETCH_MEMORY) ** -np.arange(600.0))
    assert rec.tally.total / rec.tally.unit == pytest.approx(weight, rel=1e-5)
    assert rec.tally.total == pytest.approx(rec.weights[:count].sum(), rel=1e-6)


def test_what_was_seen_once_is_forgotten_after_as_many_points_as_the_memory_holds() -> None:
    rec, twin = sketch(112), naive.Sketch(112)
    for i in range(4200):
        value = np.float32(-5.0 if i == 0 else i % 3)
        learn(rec, value)
        twin.learn(value)
        assert (rec.values[0] == -5) == (i < kernel.SKETCH_MEMORY) or abs(i - kernel.SKETCH_MEMORY) < 3

    same_sketch(rec, twin)


def test_rescaling_a_sketch_changes_no_score() -> None:
    rec, rescaled = sketch(112), sketch(112)
    for value in np.random.default_rng(4).normal(size=200):
        learn(rec, value)
        learn(rescaled, value)
    factor = 1.0001 * kernel.UNIT_LIMIT / rescaled.tally.unit
    rescaled.weights *= factor
    rescaled.tally.unit *= factor
    for one in (rec, rescaled):
        learn(one, 0.5)

    assert rescaled.tally.unit == 1.0 < rec.tally.unit
    for value in (0.5, 0.51, 4.0, -9.0, float(rec.values[10])):
        assert score(rescaled, value) == pytest.approx(score(rec, value), rel=1e-5)
    assert rescaled.weights[:50] == pytest.approx(rec.weights[:50] / rec.tally.unit, rel=1e-5)


# What a tree that is really cut says of a value that it does not hold: 1/D, D the depth of the value's leaf.

SAMPLE = np.float32(np.random.default_rng(1).normal(size=16))
QUERIES = [np.float32(v) for v in (0.05, 1.5, 4.0, -10.0)]


def law_of_depth(values: tuple[float, ...], value: float) -> dict[int, float]:
    """Return the probability of each depth, by going through all ways to cut the values and this one apart."""

    @cache
    def below(low: int, high: int) -> dict[int, float]:
        law: dict[int, float] = defaultdict(float)
        if low == high:
            law[0] = 1.0
            return law
        for cut in range(low, high):  # between points cut and cut + 1, in proportion to their distance
            side = below(low, cut) if own <= cut else below(cut + 1, high)
            for depth, chance in side.items():
                law[depth + 1] += chance * (points[cut + 1] - points[cut]) / (points[high] - points[low])
        return law

    points = sorted([*values, value])
    own = points.index(value)
    return below(0, len(points) - 1)


def sketch_of(values: np.ndarray) -> tuple[object, float]:
    """Return a sketch of a size that keeps all, and log2(1 + their weight)."""
    rec = sketch(len(values))
    for v in values:
        learn(rec, v)
    return rec, np.log2(1 + rec.tally.total / rec.tally.unit)


@pytest.mark.parametrize("value", QUERIES)
def test_the_depth_in_closed_form_is_the_mean_over_all_ways_to_cut(value: np.float32) -> None:
    rec, largest = sketch_of(SAMPLE)
    law = law_of_depth(tuple(map(float, SAMPLE)), float(value))

    assert sum(law.values()) == pytest.approx(1)
    assert largest / score(rec, value) == pytest.approx(sum(d * p for d, p in law.items()), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "lower"),
    list(zip(QUERIES, [0.064, 0.206, 0.153, 0.087], strict=True)),
    ids=["bulk", "edge", "off", "far off"],
)
def test_the_score_at_the_mean_depth_is_lower_than_the_mean_score_of_trees(value: np.float32, lower: float) -> None:
    rec, largest = sketch_of(SAMPLE)
    law = law_of_depth(tuple(map(float, SAMPLE)), float(value))

    exact = largest * sum(p / d for d, p in law.items())

    assert 1 - score(rec, value) / exact == pytest.approx(lower, abs=0.005)


def test_the_score_at_the_mean_depth_is_never_higher_and_at_most_a_quarter_lower() -> None:
    rng = np.random.default_rng(11)
    for n in (2, 3, 5, 20, 60):
        for kind in (rng.normal, rng.standard_cauchy, rng.exponential):
            values = np.float32(kind(size=n))
            rec, largest = sketch_of(values)
            for value in np.float32([0.0123, values.max() + 1, values.min() - 100]):
                law = law_of_depth(tuple(map(float, values)), float(value))
                lower = 1 - score(rec, value) / (largest * sum(p / d for d, p in law.items()))
                assert -1e-5 < lower < 0.25


@pytest.mark.parametrize("value", QUERIES)
def test_the_trees_of_rrcf_have_this_mean_depth(value: np.float32) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources
        import rrcf
    rec, largest = sketch_of(SAMPLE)
    state = np.random.RandomState(7)
    points = np.append(SAMPLE, value).astype(float)[:, None]

    depths = np.array([rrcf.RCTree(points, random_state=state).leaves[16].d for _ in range(200)])

    assert abs(depths.mean() - largest / score(rec, value)) < 3.5 * depths.std() / np.sqrt(200)


def test_scores_rank_values_as_one_dimensional_forests_of_aws_do() -> None:
    values = np.random.default_rng(12).normal(size=256)
    queries = np.linspace(-6.03, 6.01, 41)
    theirs = np.array([krcf_scores(values, queries, seed) for seed in range(1, 7)])
    rec, _ = sketch_of(values)

    ours = np.array([score(rec, value) for value in queries])

    error = theirs.std(axis=0, ddof=1) / np.sqrt(6)
    ratio = ours / theirs.mean(axis=0)
    assert np.all(ratio < 1 + 3.5 * error / theirs.mean(axis=0) + 0.01)
    assert np.all(ratio > 0.72)
    assert rank_correlation(ours, theirs.mean(axis=0)) > 0.99


def krcf_scores(values: np.ndarray, queries: np.ndarray, seed: int) -> np.ndarray:
    forest = krcf.RandomCutForest(
        {
            "dimensions": 1,
            "shingle_size": 1,
            "num_trees": 50,
            "sample_size": 256,
            "lambda": 1e-9,
            "random_seed": seed,
            "output_after": 1,
            "initial_accept_fraction": 1.0,
            "internal_shingling": False,
            "parallel_execution_enabled": False,
        }
    )
    for value in values.tolist():
        forest.update([value])
    return np.array([forest.score([query]) for query in queries.tolist()])


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(np.argsort(np.argsort(one)), np.argsort(np.argsort(other)))[0, 1])
