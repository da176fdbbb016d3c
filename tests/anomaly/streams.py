"""Streams that the tests share, each made from a seed, and what they ask of detections."""

import numpy as np

from anomaly import Detections, Detector, DetectorConfig

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
DAY_ROWS = 1440
MONDAY = 1_724_630_400.0  # 2024-08-26, midnight UTC


def minutes(n: int, start: float = MONDAY) -> np.ndarray:
    return start + MINUTE * np.arange(n)


def seasonal(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 3 * np.sin(np.arange(n) * 2 * np.pi / 24) + rng.normal(size=n)


def autoregressive(n: int, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n)
    values = np.zeros(n)
    for i in range(1, n):
        values[i] = 0.9 * values[i - 1] + noise[i]
    return values


def heavy_tailed(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(3, size=n)


def sales(n: int, seed: int = 1, mean: float = 20) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, size=n).astype(float)


def bookstore(n: int, seed: int = 1) -> np.ndarray:
    level = np.where(np.arange(n) // 60 % 2 == 0, 20.0, 10.0)
    return np.random.default_rng(seed).poisson(level).astype(float)


def eventful(n: int, seed: int = 1) -> np.ndarray:
    """Sales with spikes, long events, a level that stays, a silence, a stuck value and missing values."""
    rng = np.random.default_rng(seed)
    values = sales(n, seed)
    for at in range(320, n, 290):
        length = int(rng.choice([1, 2, 5, 60]))
        values[at : at + length] = rng.choice([0.0, 17.0, 60.0, 90.0, 300.0])
    values[rng.random(n) < 0.03] = np.nan
    return values


def same(one: Detections, other: Detections) -> bool:
    """Whether every number that the kernels wrote is the same, bit for bit, and all that is told in words."""
    return one.told.tobytes() == other.told.tobytes() and list(map(repr, one)) == list(map(repr, other))


def assert_in_range(detections: Detections) -> None:
    """Check that a person can make sense of every number, whatever came."""
    inference = detections.stage == "INFERENCE"
    for name in ("score", "raw_score", "confidence", "expected_value", "lower_bound", "upper_bound"):
        assert np.isfinite(getattr(detections, name)[inference]).all(), name
    assert (detections.lower_bound[inference] <= detections.expected_value[inference]).all()
    assert (detections.expected_value[inference] <= detections.upper_bound[inference]).all()
    assert ((detections.score >= 0) & (detections.score <= 100)).all()
    assert (detections.raw_score >= 0).all()
    assert ((detections.confidence >= 0) & (detections.confidence <= 100)).all()
    assert not detections.score[~inference].any()


def detect(values: np.ndarray, times: np.ndarray | None = None, **config: object) -> Detections:
    return Detector(DetectorConfig(**config)).process_many(values, times)


def with_spike(at: int = 900, height: float = 94.0) -> np.ndarray:
    values = sales(1000)
    values[at] = height
    return values


def daily(days: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = np.arange(days * DAY_ROWS)
    return 100 + 50 * np.sin(rows * 2 * np.pi / DAY_ROWS) + 5 * rng.normal(size=len(rows))


def mostly_zeros(share: float, seed: int) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(6 * DAY_ROWS) < share, 1.0 + rng.poisson(8, size=6 * DAY_ROWS), 0.0)
    events = [DAY_ROWS + 700, 2 * DAY_ROWS + 300, 4 * DAY_ROWS + 77]
    values[events] = 15 * 8
    return values, events
