"""Kernels that give numbers a meaning: the tail probability of a raw score, the band of an expected value, the episode.

A window keeps the latest numbers twice, in order of arrival and sorted, so that quantiles are a look-up.
"""

from typing import NamedTuple

import numpy as np

from anomaly._forest_kernels import FloatArray, IntArray
from anomaly._jit import kernel

MINIMUM_SCORES = 64
"""Raw scores needed before a tail is estimated."""

TAIL_SHARE = 0.1
"""Share of the raw scores that counts as their tail."""

SMALLEST_TAIL_SCALE = 0.02
"""Floor of the tail's mean excess, in raw score: below it lies the noise of a forest of 50 trees."""

EXCESS_CAP = 4.0
"""No excess counts more than this many times the median excess, so that an anomaly does not hide the next one."""

TAIL_CAUTION = 1.15
"""Factor on the mean excess: it is estimated from some 200 excesses that come in clusters, and errs on both sides."""

EVIDENCE_BAR = 4.0
"""Decimal digits of the tail probability at evidence 1: one point in 10,000."""

EVIDENCE_FLOOR = 0.4
"""Evidence up to which a point is called noise: 10^-1.6, one point in 40."""

SCORE_LEFT_AT_BAR = 0.3
"""How much of the scale is left above evidence 1, which therefore scores 70."""

BAND_SHARE = 0.95
"""Share of the recent differences from the expected value that lie within the band."""

QUIET_POINTS = 60
"""An episode is over after this many points in a row that are no anomalies."""

WORSENING = 1.5
"""Within an episode, an alert needs this many times the evidence of the alert before it."""


class Window(NamedTuple):
    """The latest numbers: ``arrived`` a ring, ``sorted`` the same ascending, ``pushed`` (1,) how many ever came."""

    arrived: FloatArray
    sorted: FloatArray
    pushed: IntArray


class Episode(NamedTuple):
    """The running episode: ``quiet`` (1,) points since the last anomaly, -1 outside an episode.

    ``evidence`` (1,) that of the latest alert. ``start`` (1,) time of the first anomaly, NaN when it had none.
    """

    quiet: IntArray
    evidence: FloatArray
    start: FloatArray


@kernel
def push(window: Window, value: float) -> None:
    """Add a number, dropping the oldest one when the window is full."""
    capacity = window.arrived.size
    held = min(window.pushed[0], capacity)
    slot = window.pushed[0] % capacity
    if held == capacity:
        place = np.searchsorted(window.sorted, window.arrived[slot])
        for j in range(place, held - 1):
            window.sorted[j] = window.sorted[j + 1]
        held -= 1
    place = np.searchsorted(window.sorted[:held], value)
    for j in range(held, place, -1):
        window.sorted[j] = window.sorted[j - 1]
    window.sorted[place] = value
    window.arrived[slot] = value
    window.pushed[0] += 1


@kernel
def evidence_of(window: Window, raw_score: float) -> float:
    """Return how far a raw score lies in the tail of the recent ones: 1 where one point in 10,000 does, 0 in the bulk.

    Peaks over threshold with an exponential tail (Pickands 1975; the raw scores of ordinary streams have one):
    P(S > s) = TAIL_SHARE * exp(-(s - u)/b), u the quantile, b the mean excess over it; evidence = -log10(P)/4.
    """
    held = min(window.pushed[0], window.arrived.size)
    if held < MINIMUM_SCORES:
        return 0.0
    first = int((1.0 - TAIL_SHARE) * held)
    start_of_tail = window.sorted[first]
    if raw_score <= start_of_tail:
        return 0.0
    cap = EXCESS_CAP * (window.sorted[first + (held - first) // 2] - start_of_tail)
    excess = 0.0
    for j in range(first, held):
        excess += min(window.sorted[j] - start_of_tail, cap)
    scale = max(TAIL_CAUTION * excess / (held - first), SMALLEST_TAIL_SCALE)
    share = (held - first) / held
    digits = ((raw_score - start_of_tail) / scale - np.log(share)) / np.log(10.0)
    return float(digits / EVIDENCE_BAR)


@kernel
def score_of(evidence: float) -> float:
    """Turn evidence into the score: 0 up to the floor, 70 at evidence 1, towards 100 beyond."""
    if evidence <= EVIDENCE_FLOOR:
        return 0.0
    return float(100.0 * (1.0 - SCORE_LEFT_AT_BAR ** ((evidence - EVIDENCE_FLOOR) / (1.0 - EVIDENCE_FLOOR))))


@kernel
def band_of(window: Window) -> tuple[float, float]:
    """Return the band around an expected value as two differences from it, from the recent ones."""
    held = min(window.pushed[0], window.arrived.size)
    if held == 0:
        return 0.0, 0.0
    outside = int((1.0 - BAND_SHARE) / 2.0 * held)
    return window.sorted[outside], window.sorted[held - 1 - outside]


@kernel
def follow_episode(episode: Episode, anomalous: bool, evidence: float, time: float) -> bool:
    """Move the episode on by one point; return whether the point alerts."""
    if not anomalous:
        if episode.quiet[0] >= 0:
            episode.quiet[0] += 1
            if episode.quiet[0] >= QUIET_POINTS:
                episode.quiet[0] = -1
        return False
    if episode.quiet[0] < 0:
        episode.start[0] = time
        alert = True
    else:
        alert = evidence >= WORSENING * episode.evidence[0]
    episode.quiet[0] = 0
    if alert:
        episode.evidence[0] = evidence
    return alert
