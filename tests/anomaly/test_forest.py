"""The Random Cut Forest against its readable twin, and the laws that hold for any such forest."""

import math

import numpy as np
import pytest
from naive import trees

from anomaly import RandomCutForest

DECAY = 0.02
WINDOW = 160  # 3.2 / DECAY

HOSTILE = {
    "one dimension": np.random.default_rng(1).normal(size=(60, 1)),
    "three dimensions": np.random.default_rng(2).normal(size=(60, 3)),
    "constant": np.full((60, 2), 5.0),
    "two values": np.random.default_rng(3).integers(0, 2, size=(60, 2)).astype(float),
    "many duplicates": np.random.default_rng(4).poisson(1.5, size=(60, 3)).astype(float),
    "one dimension constant": np.column_stack([np.full(60, 7.0), np.random.default_rng(5).normal(size=60)]),
    "tiny range": 1e6 + 1e-9 * np.random.default_rng(6).normal(size=(60, 2)),
    "neighbouring doubles": np.nextafter(1.0, 2.0) ** np.random.default_rng(7).integers(0, 3, size=(60, 2)),
    "huge range": 10.0 ** np.random.default_rng(8).uniform(-150, 150, size=(60, 2)),
    "denormal": 5e-324 * np.random.default_rng(9).integers(0, 9, size=(60, 2)),
    "growing": np.exp(np.arange(120.0) / 4)[:, None],
    "longer than the window": np.random.default_rng(10).normal(size=(400, 2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_scores_equal_those_of_trees_built_whole_and_scored_from_leaf_to_root(name: str) -> None:
    points = HOSTILE[name]
    forest = RandomCutForest(dimensions=points.shape[1], trees=4, sample_size=20, seed=7, time_decay=DECAY)
    twin = {"seed": 7, "trees": 4, "sample_size": 20, "window": WINDOW, "decay": DECAY}

    scores = forest.score_and_update(points)

    for i in range(len(points) - 12, len(points)):
        expected = trees.forest_score(points[:i], points[i], **twin)
        assert scores[i] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_same_points_are_held_as_the_sampling_law_says() -> None:
    forest = RandomCutForest(dimensions=1, trees=3, sample_size=20, seed=3, time_decay=DECAY)

    for i in range(500):
        forest.update([float(i)])

        if i % 37 == 0:
            for tree in range(3):
                held = forest._arrays.members[tree, : forest._arrays.sizes[tree]].tolist()
                assert held == trees.sample(3, tree, i + 1, 20, WINDOW, DECAY)


def test_a_point_is_held_in_proportion_to_the_exponential_of_its_age() -> None:
    forest = RandomCutForest(dimensions=1, trees=2000, sample_size=64, seed=1, time_decay=1 / 640)
    for i in range(2500):
        forest.update([float(i)])

    arrays = forest._arrays
    ages = np.concatenate([2499 - arrays.members[tree, : arrays.sizes[tree]] for tree in range(2000)])
    held, _ = np.histogram(ages, bins=[0, 320, 640, 1280, 1920])

    assert arrays.sizes.mean() == pytest.approx(64, rel=0.02)
    law = [math.exp(-a / 640) - math.exp(-b / 640) for a, b in ((0, 320), (320, 640), (640, 1280), (1280, 1920))]
    assert held / held[0] == pytest.approx(np.array(law) / law[0], rel=0.05)


def test_scoring_changes_nothing() -> None:
    forest = RandomCutForest(dimensions=2, seed=7)
    forest.score_and_update(np.random.default_rng(1).normal(size=(300, 2)))
    before = [array.copy() for array in forest._arrays]

    first = forest.score([3.0, 3.0])
    second = forest.score([3.0, 3.0])

    assert first == second
    assert all(np.array_equal(a, b) for a, b in zip(before, forest._arrays, strict=True))


def test_an_empty_forest_scores_zero() -> None:
    assert RandomCutForest(dimensions=2).score([1.0, 2.0]) == 0.0


def test_a_constant_stream_scores_half_and_anything_else_the_maximum() -> None:
    # facts of AWS's formula: a leaf that holds the whole tree is damped by one half; a stranger is cut off at the root
    forest = RandomCutForest(dimensions=1, seed=7)
    for _ in range(200):
        forest.update([5.0])

    size = forest._arrays.sizes[0]
    assert forest.score([5.0]) == pytest.approx(0.5, abs=1e-3)
    assert forest.score([5.0001]) == forest.score([500.0]) == pytest.approx(math.log2(1 + size), rel=1e-2)


def test_scores_stay_below_their_bound_whatever_the_point() -> None:
    forest = RandomCutForest(dimensions=2, sample_size=64, seed=7)
    forest.score_and_update(np.random.default_rng(1).normal(size=(1000, 2)))
    bound = math.log2(1 + forest._arrays.members.shape[1])

    for point in ([1e300, -1e300], [1e-300, 0.0], [np.nextafter(0.0, 1.0), 1.0]):
        assert 0.0 < forest.score(point) <= bound


def test_the_order_of_dimensions_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(1200, 3)) * [1.0, 3.0, 0.3]
    points[::97] += 6

    def scores(order: list[int]) -> np.ndarray:
        forests = (RandomCutForest(dimensions=3, seed=seed) for seed in range(6))
        return np.mean([forest.score_and_update(points[:, order]) for forest in forests], axis=0)[300:]

    one, other = scores([0, 1, 2]), scores([2, 0, 1])

    assert one.mean() == pytest.approx(other.mean(), rel=0.025)
    assert np.corrcoef(one, other)[0, 1] > 0.98


def test_the_seed_alone_decides_the_scores() -> None:
    points = np.random.default_rng(1).normal(size=(400, 2))

    one, same, other = (RandomCutForest(dimensions=2, seed=seed).score_and_update(points) for seed in (1, 1, 2))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_missing_coordinate_is_filled_in_from_like_points() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 10, size=1000)
    forest = RandomCutForest(dimensions=2, seed=7)
    forest.score_and_update(np.column_stack([x, 3 * x]))

    filled = forest.impute([4.0, math.nan], missing=[1])

    assert filled[0] == 4.0
    assert filled[1] == pytest.approx(12.0, abs=0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.score([1.0]), r"must have the shape \(2,\), got \(1,\)"),
        (lambda f: f.update([1.0, math.nan]), "must be finite"),
        (lambda f: f.score([1.0, math.inf]), "must be finite"),
        (lambda f: f.score_and_update([1.0, 2.0]), r"must have the shape \(n, 2\), got \(2,\)"),
        (lambda f: f.impute([1.0, 2.0], [0, 1]), "some, not all"),
        (lambda f: f.impute([1.0, 2.0], [2]), "some, not all"),
        (lambda f: f.impute([1.0, 2.0], [1]), "has learned no point yet"),
        (lambda f: RandomCutForest(dimensions=0), "dimensions must be at least 1, got 0"),
        (lambda f: RandomCutForest(dimensions=1, time_decay=2.0), "time_decay must be from"),
    ],
)
def test_a_wrong_argument_is_named(call, message: str) -> None:  # noqa: ANN001
    with pytest.raises(ValueError, match=message):
        call(RandomCutForest(dimensions=2))
