"""A detector's bytes: they continue bit for bit, are read for ever, and are never trusted."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import streams
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anomaly import Detector, DetectorConfig, StateError

GOLDEN = Path(__file__).parent / "golden"
CONFIG = DetectorConfig(seed=7, trees=10, sample_size=32, time_decay=0.01, output_after=50)  # a window of 320 points


def hostile_stream(n: int) -> np.ndarray:
    values = streams.sales(n)
    values[::61] *= 9
    values[100:140] = 5.0
    values[::83] = np.nan
    return values


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 900), max_size=4))
@example(cuts=[0, 1, 7, 8])
@example(cuts=[320, 327, 328, 400])
def test_restoring_equals_never_having_stopped(cuts: list[int]) -> None:
    values = hostile_stream(900)
    undisturbed = Detector(CONFIG).process_many(values, np.arange(900.0))

    detector = Detector(CONFIG)
    parts = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 900], strict=True):
        detector = Detector.from_bytes(detector.to_bytes())
        parts.append(detector.process_many(values[start:end], np.arange(float(start), float(end))))

    for name in ("score", "raw_score", "alert", "expected_value", "lower_bound", "confidence", "episode_start"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(undisturbed, name).tobytes()


def test_bytes_of_the_restored_are_the_bytes_of_the_stored() -> None:
    for n in (0, 5, 40, 700):
        detector = Detector(CONFIG)
        detector.process_many(hostile_stream(n))

        blob = detector.to_bytes()

        assert Detector.from_bytes(blob).to_bytes() == blob


def test_several_features_are_restored_too() -> None:
    config = DetectorConfig(features=2, trees=5, sample_size=32, time_decay=0.01, output_after=50)
    rows = np.random.default_rng(1).normal(size=(300, 2)) * [1, 1e5]
    detector = Detector(config)
    detector.process_many(rows[:200])

    restored = Detector.from_bytes(detector.to_bytes())

    assert restored.process_many(rows[200:]).score.tobytes() == detector.process_many(rows[200:]).score.tobytes()


def test_a_restored_detector_may_get_another_threshold() -> None:
    values = hostile_stream(700)
    detector = Detector(CONFIG)
    detector.process_many(values[:400])
    blob = detector.to_bytes()

    low = Detector.from_bytes(blob, threshold=1).process_many(values[400:])
    same = Detector.from_bytes(blob).process_many(values[400:])

    assert np.array_equal(low.score, same.score)
    assert np.array_equal(low.is_anomaly, low.score > 1)
    assert low.is_anomaly.sum() > same.is_anomaly.sum()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("state_v*.bin")), ids=lambda path: path.name)
def test_states_of_every_released_version_are_read_and_go_on_as_they_did(path: Path) -> None:
    detector = Detector.from_bytes(path.read_bytes())
    expected = np.loadtxt(path.with_suffix(".csv"), delimiter=",")

    detections = detector.process_many(expected[:, 0])

    assert detections.raw_score == pytest.approx(expected[:, 1], rel=1e-12)
    assert detections.score == pytest.approx(expected[:, 2], rel=1e-9)
    assert detections.score.any()


def test_there_is_a_golden_state() -> None:
    assert list(GOLDEN.glob("state_v*.bin"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b"", "not a detector's state"),
        (lambda b: b"PK" + b[2:], "not a detector's state"),
        (lambda b: b[:8] + b"\xff\0\0\0" + b[12:], "version 255 can't be read: this library reads 1"),
        (lambda b: b[:-1], "damaged"),
        (lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:], "damaged"),
        (lambda b: sealed(b[16:-8]), "ends 8 bytes too early"),
        (lambda b: sealed(b[16:] + b"\0" * 8), "8 bytes too many"),
        (lambda b: sealed(b[16:20]), "at least"),
        (lambda b: sealed(b[16:-8] + struct.pack("<d", float("nan"))), "not finite"),
        (lambda b: sealed(b"\xff" * 8 + b[24:]), "impossible setting: threshold"),
    ],
)
def test_damaged_bytes_are_refused_with_the_reason(damage, message: str) -> None:  # noqa: ANN001
    detector = Detector(CONFIG)
    detector.process_many(streams.sales(100))

    with pytest.raises(StateError, match=message):
        Detector.from_bytes(damage(detector.to_bytes()))


def sealed(body: bytes) -> bytes:
    return struct.pack("<8sII", b"ANOMALY\0", 1, zlib.crc32(body)) + body


@settings(max_examples=150)
@given(data=st.data())
def test_no_bytes_whatever_crash_the_decoder(data: st.DataObject) -> None:
    detector = Detector(CONFIG)
    detector.process_many(streams.sales(60))
    body = bytearray(detector.to_bytes()[16:])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, min(len(body) - 1, 400)))] = data.draw(st.integers(0, 255))

    try:
        restored = Detector.from_bytes(sealed(bytes(body)))
    except StateError:
        return
    restored.process(20.0)
