"""Streams that break detectors: each a pair of times, in seconds, and values."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from anomaly.kernels.clock import BAR_STEP_LEAST, BAR_STEP_MOST, DAY, GROWN_DAYS, GROWN_LEAST, GROWN_MOST, Pace

START_TIME = 1.7e9 + 13.25  # not at a full anything


class Stream(NamedTuple):
    times: np.ndarray
    values: np.ndarray

    @property
    def centred(self) -> np.ndarray:
        """What components see: float32, less the origin, at most 1e18."""
        origin = np.sort(self.values[:12])[len(self.values[:12]) // 2]
        return np.clip(self.values - origin, -1e18, 1e18).astype(np.float32)


def pace_of(step: float) -> Pace:
    per_day = DAY / step if step > 0 else 1440.0
    grown = min(max(GROWN_DAYS * per_day, GROWN_LEAST), GROWN_MOST)
    return Pace(step, per_day, grown, min(max(step, BAR_STEP_LEAST), BAR_STEP_MOST))


def steady(values: Any, step: float = 60.0) -> Stream:  # noqa: ANN401 - array-like
    values = np.asarray(values, float)
    return Stream(START_TIME + step * np.arange(len(values)), values)


def _streams(n: int) -> dict[str, Stream]:
    rng = np.random.default_rng(1)
    noise, i = rng.normal(size=n), np.arange(n)
    spiky = np.where(rng.random(n) < 0.02, 1e18 * rng.choice([-1, 1], n), noise)
    gaps = rng.choice([60.0, 60.0, 60.0, 61.0, 0.0, 2e3, 9e4], n)
    return {
        "noise": steady(noise),
        "constant": steady(np.full(n, 5.0)),
        "zeros": steady(np.zeros(n)),
        "two values": steady(rng.integers(0, 2, n)),
        "seven values": steady(rng.poisson(1.5, n)),
        "spikes of 1e18": steady(spiky),
        "tiny range": steady(1e6 + 1e-9 * noise),
        "long runs": steady(np.repeat(rng.normal(size=n // 37 + 1), 37)[:n]),
        "sparse": steady(np.where(rng.random(n) < 0.04, rng.exponential(50, n), 0.0)),
        "quarters of an hour": steady(10 * np.sin(i * 2 * np.pi / 96) + noise, 900.0),
        "hours": steady(10 * np.sin(i * 2 * np.pi / 24) + 5 * (i // 24 % 7 > 4) + 0.1 * noise, 3600.0),
        "days": steady(100 + noise, 86400.0),
        "gaps and equal times": Stream(START_TIME + np.cumsum(gaps), 20 + noise),
        "denormals": steady(5e-324 * rng.integers(0, 9, n)),
        "integers beyond 2^53": steady(2.0**53 + 2.0 * rng.integers(0, 1000, n)),
        "counts with an outage": steady(np.where((i > n // 2) & (i < n // 2 + 40), 0, rng.poisson(50, n))),
        "ramp": steady(0.1 * i),
        "step": steady(noise + 8.0 * (i > n // 2)),
        "hardly moving at first": steady(np.where(i < n // 3, 1e-6, 1.0) * noise),
        "heavy tails": steady(rng.standard_cauchy(n)),
    }


N = 400
STREAMS = _streams(N)

# Each example drives a component over up to 300 points: without shrinking a failure takes seconds, not minutes.
few_examples = settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))

_level = st.sampled_from([0.0, 1.0, -3.0, 1e6, 1e18, -1e18, 5e-324, 2.0**53 + 2, 1e-9]) | st.floats(-1e3, 1e3)
_piece = st.tuples(
    _level,
    st.sampled_from([0.0, 0.0, 1e-9, 1.0, 1e3]),  # of the noise
    st.sampled_from([60.0, 60.0, 0.0, 900.0, 3600.0, 1e5]),  # seconds between its values
    st.sampled_from([1, 1, 2, 9, 13, 40]),  # values
    st.integers(0, 99),
)


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Any sequence of constant, noisy and wild pieces, each with a step of its own."""
    values, gaps = [], []
    for level, size, gap, count, seed in draw(st.lists(_piece, min_size=1, max_size=8)):
        values.append(level + size * np.random.default_rng(seed).normal(size=count))
        gaps.append(np.full(count, gap))
    return Stream(START_TIME + np.cumsum(np.concatenate(gaps)), np.concatenate(values))
