"""The Random Cut Forest against its readable twin, and the laws that hold for any such forest."""

import math
import random
import struct
import zlib

import numpy as np
import pytest
from naive import trees

from anomaly import RandomCutForest, StateError

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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.score([1.0]), r"must have the shape \(2,\), got \(1,\)"),
        (lambda f: f.update([1.0, math.nan]), "must be finite"),
        (lambda f: f.score([1.0, math.inf]), "must be finite"),
        (lambda f: f.score_and_update([1.0, 2.0]), r"must have the shape \(n, 2\), got \(2,\)"),
        (lambda f: RandomCutForest(dimensions=0), "dimensions must be at least 1, got 0"),
        (lambda f: RandomCutForest(dimensions=1, time_decay=2.0), "time_decay must be from"),
        (lambda f: RandomCutForest(dimensions=1, seed=-1), "seed must be from 0"),
    ],
)
def test_a_wrong_argument_is_named(call, message: str) -> None:  # noqa: ANN001
    with pytest.raises(ValueError, match=message):
        call(RandomCutForest(dimensions=2))


# ---- bytes


@pytest.mark.parametrize("points", [0, 1, 30, WINDOW, WINDOW + 1, 3 * WINDOW])
def test_a_forest_restored_goes_on_as_if_it_had_never_stopped(points: int) -> None:
    rng = np.random.default_rng(1)
    forest = RandomCutForest(dimensions=3, trees=6, sample_size=20, seed=7, time_decay=DECAY)
    if points:
        forest.score_and_update(rng.normal(size=(points, 3)))

    restored = RandomCutForest.from_bytes(forest.to_bytes())

    assert restored.to_bytes() == forest.to_bytes()
    later = rng.normal(size=(WINDOW + 50, 3))
    assert restored.score_and_update(later).tobytes() == forest.score_and_update(later).tobytes()
    assert restored.to_bytes() == forest.to_bytes()


def test_a_forests_bytes_hold_its_window_and_no_more() -> None:
    forest = RandomCutForest(dimensions=2, trees=3, sample_size=20, time_decay=DECAY)
    sizes = []
    for _ in range(3):
        forest.score_and_update(np.random.default_rng(1).normal(size=(WINDOW, 2)))
        sizes.append(len(forest.to_bytes()))

    assert sizes == [48 + 16 * WINDOW] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b"", "are not a forest's state"),
        (lambda b: b"ANOMALY" + b[7:], "are not a forest's state"),
        (lambda b: b[:47], "are not a forest's state"),
        (lambda b: b[:-1], "damaged: its checksum"),
        (lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:], "damaged: its checksum"),
        (lambda b: sealed(b[:-8]), "must hold 60 finite numbers for 30 points"),
        (lambda b: sealed(b + bytes(8)), "must hold 60 finite numbers for 30 points"),
        (lambda b: sealed(b[:-8] + struct.pack("<d", math.nan)), "must hold 60 finite numbers"),
        (lambda b: sealed(b[:12] + struct.pack("<I", 0) + b[16:]), "impossible setting"),
        (lambda b: sealed(b[:12] + struct.pack("<I", 1025) + b[16:]), "impossible setting"),
        (lambda b: sealed(b[:16] + struct.pack("<I", 10_001) + b[20:]), "impossible setting"),
        (lambda b: sealed(b[:20] + struct.pack("<I", 65_537) + b[24:]), "impossible setting"),
        (lambda b: sealed(b[:32] + struct.pack("<d", math.nan) + b[40:]), "impossible setting"),
        (lambda b: sealed(b[:32] + struct.pack("<d", 0.0) + b[40:]), "impossible setting"),
        (lambda b: sealed(b[:40] + struct.pack("<Q", 2**64 - 1) + b[48:]), "impossibly many points"),
        (lambda b: sealed(b[:40] + struct.pack("<Q", 29) + b[48:]), "must hold 58 finite numbers for 29 points"),
    ],
)
def test_bytes_that_are_no_forest_are_refused_with_the_reason(change, message: str) -> None:  # noqa: ANN001
    forest = RandomCutForest(dimensions=2, trees=3, sample_size=20, time_decay=DECAY)
    forest.score_and_update(np.random.default_rng(1).normal(size=(30, 2)))

    with pytest.raises(StateError, match=message):
        RandomCutForest.from_bytes(change(forest.to_bytes()))


def test_bytes_of_another_number_of_dimensions_than_expected_are_refused() -> None:
    with pytest.raises(StateError, match="of 2 dimensions, expected 3"):
        RandomCutForest.from_bytes(RandomCutForest(dimensions=2).to_bytes(), dimensions=3)


def test_no_mutated_bytes_crash_a_forest() -> None:
    forest = RandomCutForest(dimensions=2, trees=3, sample_size=20, time_decay=DECAY)
    forest.score_and_update(np.random.default_rng(1).normal(size=(30, 2)))
    blob, chance = forest.to_bytes(), random.Random(1)
    refused = 0
    for _ in range(3000):
        body = bytearray(blob)
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(12, chance.choice((48, len(body))))] ^= 1 << chance.randrange(8)
        try:
            restored = RandomCutForest.from_bytes(sealed(bytes(body)))
        except StateError:
            refused += 1
            continue
        assert np.isfinite(restored.score_and_update([[0.0, 0.0], [9.0, -9.0]])).all()

    assert 300 < refused < 2700


def sealed(blob: bytes) -> bytes:
    return blob[:8] + struct.pack("<I", zlib.crc32(blob[12:])) + blob[12:]
