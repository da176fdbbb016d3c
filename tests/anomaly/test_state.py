"""A detector's bytes: they continue bit for bit, are read for ever, and are never trusted."""

import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streams
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import eventful, minutes

from anomaly import Detections, Detector, DetectorConfig, StateError
from anomaly.kernels.step import series_record
from anomaly.state import HEADER_SIZE, STATE_VERSION
from anomaly.whitening import size_of

GOLDEN = Path(__file__).parent / "golden"
ROWS = 700
RECORD = series_record.itemsize


def rows_of(features: int) -> np.ndarray:
    """Give rows with events in every feature, missing in one, in all, and from the first rows on."""
    rows = np.column_stack([eventful(ROWS, seed) for seed in range(1, features + 1)])
    rows[[0, 3, 11, 12, 500]] = np.nan
    return rows[:, 0] if features == 1 else rows


CASES = [
    (1, minutes(ROWS), None),
    (1, None, 50),
    (1, 1.7e9 + 3600.0 * np.arange(ROWS), None),
    (3, minutes(ROWS), 30),  # slow: the joint view's forest is drawn anew with each restoring
]
UNDISTURBED: dict[int, tuple[np.ndarray, bytes]] = {}


def undisturbed(case: int) -> tuple[np.ndarray, bytes]:
    if case not in UNDISTURBED:
        features, times, output_after = CASES[case]
        detector = Detector(DetectorConfig(features=features, output_after=output_after))
        told = detector.process_many(rows_of(features), times)
        assert told.alert.any()
        UNDISTURBED[case] = told.told, detector.to_bytes()
    return UNDISTURBED[case]


@pytest.mark.parametrize("case", range(len(CASES)))
@settings(max_examples=6)
@given(cuts=st.lists(st.integers(0, ROWS), max_size=4))
@example(cuts=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
@example(cuts=[320, 321, 330, 350, 380])
def test_restoring_at_any_point_equals_never_having_stopped(case: int, cuts: list[int]) -> None:
    features, times, output_after = CASES[case]
    values = rows_of(features)
    expected, last = undisturbed(case)

    detector = Detector(DetectorConfig(features=features, output_after=output_after))
    told = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), ROWS], strict=True):
        detector = Detector.from_bytes(detector.to_bytes())
        told.append(detector.process_many(values[start:end], None if times is None else times[start:end]).told)

    assert np.concatenate(told).tobytes() == expected.tobytes()
    assert detector.to_bytes() == last


@pytest.mark.parametrize("features", [1, 2])
def test_the_bytes_of_the_restored_are_the_bytes_of_the_stored(features: int) -> None:
    for n in (0, 1, 5, 12, 13, 40, 333, ROWS):
        detector = Detector(DetectorConfig(features=features, threshold=33.3, output_after=40))
        detector.process_many(rows_of(features)[:n])
        blob = detector.to_bytes()

        restored = Detector.from_bytes(blob)

        assert restored.to_bytes() == blob
        assert restored.config == detector.config
        assert restored.processed_points == detector.processed_points


def test_equal_pasts_have_equal_bytes() -> None:
    blobs = set()
    for _ in range(5):
        detector = Detector()
        detector.process_many(eventful(400))
        blobs.add(detector.to_bytes())

    assert len(blobs) == 1


def test_a_state_takes_less_than_ten_kilobytes() -> None:
    assert HEADER_SIZE <= 64
    assert len(Detector().to_bytes()) == HEADER_SIZE + RECORD < 10_240


def test_a_new_threshold_changes_what_is_told_and_nothing_that_is_learned() -> None:
    values = streams.sales(1500)
    values[[950, 1100, 1300]] = 48.0, 55.0, 300.0
    detector = Detector(DetectorConfig(threshold=70))
    detector.process_many(values[:900])
    blob = detector.to_bytes()

    def gone_on(threshold: float | None) -> tuple[Detections, bytes]:
        restored = Detector.from_bytes(blob, threshold=threshold)
        told = restored.process_many(values[900:])
        state, episode = bytearray(restored.to_bytes()[HEADER_SIZE:]), offset("episode") - HEADER_SIZE
        state[episode : episode + series_record["episode"].itemsize] = b""
        return told, bytes(state)

    same, low, high = gone_on(None), gone_on(20), gone_on(99)

    for threshold, (told, learned) in ((70, same), (20, low), (99, high)):
        assert np.array_equal(told.score, same[0].score)
        assert np.array_equal(told.expected_value, same[0].expected_value, equal_nan=True)
        assert np.array_equal(told.is_anomaly, told.score > threshold)
        assert learned == same[1]
    assert low[0].is_anomaly.sum() > same[0].is_anomaly.sum() > high[0].is_anomaly.sum() > 0


@pytest.mark.parametrize("name", ["state_v2", "state_v2_two"])
def test_states_of_this_version_are_read_and_go_on_as_they_did(name: str) -> None:
    detector = Detector.from_bytes((GOLDEN / f"{name}.bin").read_bytes())
    features = detector.config.features
    rows = np.loadtxt(GOLDEN / f"{name}.csv", delimiter=",")
    times, values, (score, raw_score), expected = np.split(rows.T, [1, 1 + features, 3 + features])

    detections = detector.process_many(values.T if features > 1 else values[0], times[0])

    # As far as another machine's logarithm lets them be the same.
    assert detections.score == pytest.approx(score, rel=1e-5, abs=1e-4)
    assert detections.raw_score == pytest.approx(raw_score, rel=1e-5, abs=1e-6)
    assert detections.expected_value.T.reshape(features, -1) == pytest.approx(expected, rel=1e-5)
    assert detections.is_anomaly.any()
    assert detections.recovered.any()


def test_there_is_a_golden_state_of_this_version() -> None:
    assert (GOLDEN / f"state_v{STATE_VERSION}.bin").exists()


# ---- bytes that are no state


def sealed(blob: bytes) -> bytes:
    """Give it the checksum that fits, so that it reaches the checks behind."""
    return blob[:12] + struct.pack("<I", zlib.crc32(blob[16:])) + blob[16:]


def put(at: int, kind: str, value: float) -> Callable[[bytes], bytes]:
    return lambda blob: sealed(blob[:at] + struct.pack(kind, value) + blob[at + struct.calcsize(kind) :])


def offset(*path: str) -> int:
    """Where a field begins in a state."""
    at, layout = HEADER_SIZE, series_record
    for name in path:
        layout, begin = layout.fields[name][:2]
        at += begin
    return at


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b"", "these bytes are not a series' state: it starts with the text ANOMALY"),
        (lambda b: b"PK" + b[2:], "these bytes are not a series' state"),
        (lambda b: b[: HEADER_SIZE - 1], "these bytes are not a series' state"),
        (lambda b: b[:8] + b"\xff\0" + b[10:], "a state of version 255 can't be read: this library reads 2"),
        (lambda b: b[:8] + b"\1\0" + b[10:], "a state of version 1 can't be read"),
        (lambda b: b[:-1], "the state is damaged: its checksum does not fit its content"),
        (lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:], "damaged"),
        (
            lambda b: sealed(b[:-8]),
            f"a state of 1 feature(s) has {HEADER_SIZE + RECORD} bytes, got {HEADER_SIZE + RECORD - 8}",
        ),
        (lambda b: sealed(b + b"\0" * 8), f"has {HEADER_SIZE + RECORD} bytes, got {HEADER_SIZE + RECORD + 8}"),
        (
            lambda b: put(HEADER_SIZE - 4, "<I", 8)(b + b"\0" * 8),
            "a state of one feature has no joint view, got 8 bytes",
        ),
        (put(10, "<H", 0), "a state of 0 feature(s)"),
        (put(10, "<H", 65535), "a state of 65535 feature(s) has"),
        (put(16, "<q", 0), "the state's records have another layout"),
        (put(24, "<d", 100.0), "the state holds an impossible setting: threshold must be"),
        (put(24, "<d", float("nan")), "the state holds an impossible setting: threshold must be"),
        (put(32, "<I", 3), "the state holds an impossible setting: output_after must be"),
        (put(offset("residual", "scale"), "<d", float("nan")), "holds a number that is not finite"),
        (put(offset("forests", "ring"), "<f", float("inf")), "holds a number that is not finite"),
        (put(offset("clock", "points"), "<q", -1), f"has clock.points outside of 0 to {2**53}"),
        (put(offset("start", "kept"), "<B", 13), "has start.kept outside of 0 to 12"),
        (put(offset("recurrence", "current"), "<i", 32), "has recurrence.current outside of -1 to 31"),
        (put(offset("forecaster", "recent", "values_order"), "<B", 20), "outside of 0 to 19"),
        (put(offset("forests", "value_sketch", "tally", "count"), "<q", 113), "outside of 0 to 112"),
        (lambda b: "text", "a state is bytes, got str"),
        (lambda b: None, "a state is bytes, got NoneType"),
    ],
)
def test_damaged_bytes_are_refused_with_the_reason(damage: Callable[[bytes], bytes], message: str) -> None:
    detector = Detector()
    detector.process_many(streams.sales(100))

    with pytest.raises(StateError, match=re.escape(message)):
        Detector.from_bytes(damage(detector.to_bytes()))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda joint: joint[:-8], "damaged: its checksum"),
        (lambda joint: joint[:12] + struct.pack("<I", 3) + joint[16:], "joint view has other settings"),
        (
            lambda joint: forest_sealed(joint[:12] + struct.pack("<IIIQdQ", 2, 10_000, 65_536, 0, 1e-6, 0)),
            "other settings",
        ),
        (lambda joint: forest_sealed(joint[:40] + struct.pack("<Q", 2**63) + joint[48:]), "impossibly many points"),
        (lambda joint: forest_sealed(joint[:40] + struct.pack("<Q", 101) + joint[48:]), "must hold 202 finite numbers"),
        (lambda joint: forest_sealed(joint[:-8] + struct.pack("<d", float("inf"))), "must hold 200 finite numbers"),
        (lambda joint: b"", "joint view has other settings"),
    ],
)
def test_a_damaged_forest_of_a_joint_view_is_refused_with_the_reason(
    damage: Callable[[bytes], bytes], message: str
) -> None:
    refuse_joint(lambda joint: joint[: size_of(2)] + damage(joint[size_of(2) :]), message)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda joint: b"", "the joint view of 2 features begins with 76 bytes"),
        (lambda joint: joint[:75], "begins with 76 bytes"),
        (lambda joint: struct.pack("<I", 3) + joint[4:], "moments are those of other features, or none that rows have"),
        (lambda joint: joint[:12] + struct.pack("<d", float("nan")) + joint[20:], "or none that rows have"),
    ],
)
def test_a_damaged_whitening_of_a_joint_view_is_refused_with_the_reason(
    damage: Callable[[bytes], bytes], message: str
) -> None:
    refuse_joint(damage, message)


def test_a_joint_view_with_moments_that_no_rows_have_is_refused_or_goes_on() -> None:
    detector = Detector(DetectorConfig(features=2))
    detector.process_many(np.random.default_rng(1).normal(size=(100, 2)))
    blob, at = detector.to_bytes(), HEADER_SIZE + 3 * RECORD + 12

    damaged = sealed(blob[:at] + struct.pack("<4d", 1.0, 5.0, 5.0, 1.0) + blob[at + 32 :])

    try:
        restored = Detector.from_bytes(damaged)
    except StateError:
        return
    restored.process_many(np.random.default_rng(2).normal(size=(10, 2)))


def refuse_joint(damage: Callable[[bytes], bytes], message: str) -> None:
    detector = Detector(DetectorConfig(features=2))
    detector.process_many(np.random.default_rng(1).normal(size=(100, 2)))
    blob = detector.to_bytes()
    begin = HEADER_SIZE + 3 * RECORD

    joint = damage(blob[begin:])

    with pytest.raises(StateError, match=message):
        Detector.from_bytes(put(HEADER_SIZE - 4, "<I", len(joint))(blob[:begin] + joint))


def forest_sealed(blob: bytes) -> bytes:
    return blob[:8] + struct.pack("<I", zlib.crc32(blob[12:])) + blob[12:]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_state_is_read_from_any_bytes(kind: type) -> None:
    blob = Detector().to_bytes()

    assert Detector.from_bytes(kind(blob)).to_bytes() == blob


@pytest.mark.parametrize(
    "mutations", [20_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)
def test_no_mutated_state_crashes_the_decoder_or_a_kernel(mutations: int, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_CACHE_DIR": str(tmp_path),  # kernels that check no index may lie elsewhere
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONWARNINGS": "error",
    }
    script = Path(__file__).with_name("mutate.py")

    done = subprocess.run(
        [sys.executable, script, str(mutations), "1"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-3000:]
    refused, processed = map(int, done.stdout.split())
    assert min(refused, processed) > mutations / 10
