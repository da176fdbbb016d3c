"""A fleet says of each series what a detector of that series alone says, bit for bit, however the rows arrive."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import MONDAY, eventful, minutes, sales, same

from anomaly import Detections, Detector, DetectorConfig, Fleet, StateError
from anomaly.kernels.step import series_record

SERIES, ROWS = 7, 500
VALUES = np.stack([eventful(ROWS, seed) for seed in range(SERIES)])
TIMES = np.stack([minutes(ROWS, MONDAY + 7.0 * seed) for seed in range(SERIES)])


@pytest.fixture(scope="module")
def alone() -> list[tuple[Detections, bytes]]:
    found = []
    for values, times in zip(VALUES, TIMES, strict=True):
        detector = Detector()
        found.append((detector.process_many(values, times), detector.to_bytes()))
    return found


def arrivals(seed: int) -> np.ndarray:
    """Give the series of every row in the order of arrival: any, but each series' rows in order."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(SERIES), ROWS))


def feed(fleet: Fleet, order: np.ndarray, batch: int) -> np.ndarray:
    """Process in batches; return all that was told, one row per arrival."""
    seen = np.zeros(SERIES, int)
    rows = np.zeros(len(order), int)
    for i, series in enumerate(order):
        rows[i] = seen[series]
        seen[series] += 1
    told = []
    for at in range(0, len(order), batch):
        series, row = order[at : at + batch], rows[at : at + batch]
        told.append(fleet.process(series.tolist(), VALUES[series, row], TIMES[series, row]).told)
    return np.concatenate(told)


@pytest.mark.parametrize("batch", [1, 7, 100, SERIES * ROWS])
def test_a_fleet_equals_detectors_in_any_order_of_series_and_any_size_of_batch(
    batch: int, alone: list[tuple[Detections, bytes]]
) -> None:
    fleet, order = Fleet(), arrivals(batch)

    told = feed(fleet, order, batch)

    for series, (detections, blob) in enumerate(alone):
        assert told[order == series].tobytes() == detections.told.tobytes()
        assert fleet.to_bytes(series) == blob


def test_several_values_of_one_series_in_one_call_are_taken_in_their_order() -> None:
    fleet, detector = Fleet(), Detector()
    values = eventful(400)

    together = fleet.process(["a"] * 400, values)

    assert same(together, detector.process_many(values))


def test_a_series_that_was_forgotten_begins_anew_in_the_place_that_is_used_again() -> None:
    fleet = Fleet()
    fleet.process(["a", "b", "c"] * 400, np.repeat(sales(400), 3))
    kept, size = fleet.to_bytes("b"), fleet.nbytes

    fleet.forget("a")
    fleet.forget("c")
    assert "a" not in fleet
    assert list(fleet) == ["b"]
    assert len(fleet) == 1
    for key in ("d", "e"):
        assert same(fleet.process([key] * 400, eventful(400)), Detector().process_many(eventful(400)))
    assert same(fleet.process(["a"] * 400, eventful(400)), Detector().process_many(eventful(400)))

    assert fleet.to_bytes("b") == kept
    assert fleet.nbytes == pytest.approx(size, abs=2 * series_record.itemsize)


def test_what_was_learned_survives_the_growth_of_the_fleet() -> None:
    fleet, values = Fleet(), sales(60)
    blobs = {}

    for key in range(300):
        fleet.process([key] * (20 + key % 40), values[: 20 + key % 40])
        blobs[key] = fleet.to_bytes(key)

    assert all(fleet.to_bytes(key) == blob for key, blob in blobs.items())
    assert len(fleet) == 300


def test_nbytes_is_the_records_and_at_most_a_sixteenth_more() -> None:
    fleet = Fleet()
    record = series_record.itemsize
    assert record <= 9_750
    for n in (1, 2, 60, 300, 301, 1000, 1001, 1002):
        fleet.process(range(n), np.ones(n))
        assert n * record <= fleet.nbytes <= (n + n // 16 + 1) * record


@pytest.mark.parametrize(
    "keys",
    [
        ["a", "b"], "ab", [1, 2], [("shop", 1), ("shop", 2)], [None, b"x"], [1.5, frozenset({1})], np.array([3, 4]),
        np.array(["x", "y"]), (key for key in "ab"), {"a": 1, "b": 2}, range(2),
    ],
    ids=lambda keys: type(keys).__name__,
)  # fmt: skip
def test_keys_are_anything_hashable_in_any_iterable(keys: object) -> None:
    fleet = Fleet()

    detections = fleet.process(keys, [1.0, 2.0])

    assert len(detections) == len(fleet) == 2


def test_equal_keys_are_one_series_whatever_their_type() -> None:
    fleet = Fleet()
    fleet.process([1, 1.0, np.int64(1), True], np.arange(4.0))

    assert len(fleet) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f.process(["a", "b", "new"], [1, 2, 3], [9e9, 9e9, np.inf]), ValueError, "got inf at 2"),
        (lambda f: f.process(["new", "a", "a"], [1, 2, 3], [9e9, 9e9, 8e9]), ValueError, "at 2 is earlier than"),
        (lambda f: f.process(["a", "b"], [1, 2], [9e9, None]), ValueError, "got none at 1"),
        (lambda f: f.process(["a", "b"], [1, 2]), ValueError, "got none at 0 after rows with"),
        (
            lambda f: f.process(["a", "b"], [1], 9e9),
            ValueError,
            r"one value per key, got values of the shape \(1,\) for 2",
        ),
        (lambda f: f.process(["a", "b"], [[1, 2]], 9e9), ValueError, r"one value per key, got .* \(1, 2\) for 2"),
        (lambda f: f.process(["a", "b"], [1, 2], [9e9]), ValueError, "one time per observation, got 1 for 2"),
        (lambda f: f.process(["a", "b"], [1, "x"], 9e9), ValueError, "must be numbers, NaN where missing, got 'x'"),
        (lambda f: f.process(["new", ["b"]], [1, 2], 9e9), TypeError, "unhashable"),
        (lambda f: f.restore("a", b"nonsense"), StateError, "not a series' state"),
        (
            lambda f: f.restore("new", Detector(DetectorConfig(features=2)).to_bytes()),
            StateError,
            "has one feature, .* 2",
        ),
        (lambda f: f.forget("new"), KeyError, "new"),
        (lambda f: f.to_bytes("new"), KeyError, "new"),
    ],
)
def test_a_refused_call_leaves_nothing_learned_in_any_series(
    call: Callable[[Fleet], object], error: type[Exception], message: str
) -> None:
    fleet = Fleet()
    fleet.process(["a", "b"] * 30, np.arange(60.0), np.repeat(minutes(30), 2))
    before = {key: fleet.to_bytes(key) for key in fleet}

    with pytest.raises(error, match=message):
        call(fleet)

    assert {key: fleet.to_bytes(key) for key in fleet} == before
    fleet.process(["new"], [1.0])
    assert fleet.to_bytes("new") == blob_after_one()


def blob_after_one() -> bytes:
    detector = Detector()
    detector.process(1.0)
    return detector.to_bytes()


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, ROWS), max_size=3), key=st.integers(0, SERIES - 1))
def test_a_series_restored_into_a_fleet_goes_on_as_if_it_had_never_left(cuts: list[int], key: int) -> None:
    undisturbed = Detector()
    undisturbed.process_many(VALUES[key], TIMES[key])
    blob = Detector().to_bytes()

    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), ROWS], strict=True):
        fleet = Fleet()
        fleet.process(range(key), np.arange(float(key)))
        fleet.restore("it", blob)
        fleet.process(["it"] * (end - start), VALUES[key, start:end], TIMES[key, start:end])
        blob = fleet.to_bytes("it")

    assert blob == undisturbed.to_bytes()


def test_restoring_takes_the_place_of_the_series_that_has_the_key() -> None:
    fleet, detector = Fleet(), Detector()
    fleet.process(["a"] * 100, sales(100))
    detector.process_many(eventful(400))

    fleet.restore("a", detector.to_bytes())

    assert len(fleet) == 1
    assert fleet.to_bytes("a") == detector.to_bytes()


def test_fleets_in_two_threads_say_what_they_say_one_after_the_other() -> None:
    def scored(seed: int) -> tuple[bytes, list[bytes]]:
        fleet, rng = Fleet(), np.random.default_rng(seed)
        told = b""
        for minute in range(400):
            told += fleet.process(range(50), rng.poisson(20, size=50), 60.0 * minute).told[:, 0].tobytes()
        return told, [fleet.to_bytes(key) for key in fleet]

    with ThreadPoolExecutor(2) as pool:
        parallel = list(pool.map(scored, (1, 2)))

    assert parallel == [scored(1), scored(2)]


def test_an_empty_call_changes_nothing() -> None:
    fleet = Fleet()

    assert len(fleet.process([], [])) == 0
    assert len(fleet) == 0
