"""Alerts against windows, as the Numenta Anomaly Benchmark scores them.

An independent implementation of its published rules. The first 15 % of a series, at most 750 points, are not scored.
A window gives the reward of its earliest alert, which falls along a sigmoid from 1 at its first point to almost 0 at
its last, or costs `missed` when it has none. An alert outside costs `false` times what a sigmoid says: nothing just
after a window, 1 far from it and before the first. The sum is scaled so that no alert at all gives 0, a perfect
detector 100.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.series import WEEK, BoolArray, FloatArray, IntArray, Series, runs

_PROBATION_SHARE = 0.15
_PROBATION_OF = 5000


@dataclass(frozen=True)
class Profile:
    """Weights of what goes wrong: of an alert outside the windows, of a window without one."""

    false: float
    missed: float


STANDARD = Profile(0.11, 1.0)
LOW_FALSE = Profile(0.22, 1.0)


@dataclass(frozen=True)
class WindowCounts:
    """Windows with and without an alert, runs of alerts that touch none, and how long the series were watched."""

    hit: int = 0
    missed: int = 0
    false: int = 0
    weeks: float = 0.0

    def __add__(self, other: "WindowCounts") -> "WindowCounts":
        return WindowCounts(
            self.hit + other.hit, self.missed + other.missed, self.false + other.false, self.weeks + other.weeks
        )

    @property
    def f1(self) -> float:
        """Harmonic mean of precision (windows hit among them and the false runs) and recall."""
        return 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)


class Judged:
    """The alerts of one series beside its windows, probation cut off.

    Parameters
    ----------
    series
        With its windows.
    alerts
        As many points as the series: whether there was one.
    """

    def __init__(self, series: Series, alerts: BoolArray) -> None:
        rows = len(series.times)
        cut = probation(rows)
        window, gain = _places(rows, series.windows)
        window = window[cut:]
        # A window that ends within probation cannot be found, and does not count.
        counted = np.unique(window[window >= 0])
        self.windows = len(counted)
        self.window = np.where(window >= 0, np.searchsorted(counted, window), -1)
        self.gain = gain[cut:]
        self.alerts = alerts[cut:]
        self.weeks = (rows - cut) * series.step / WEEK

    def counts(self) -> WindowCounts:
        """Count windows and false runs."""
        hit = len(set(self.window[self.alerts].tolist()) - {-1})
        false = sum((self.window[a : b + 1] < 0).all() for a, b in runs(self.alerts))
        return WindowCounts(hit, self.windows - hit, int(false), self.weeks)

    def raw_score(self, profile: Profile) -> float:
        """Return rewards less costs, not yet scaled."""
        total = profile.false * float(self.gain[self.alerts & (self.window < 0)].sum())
        for k in range(self.windows):
            rewards = self.gain[self.alerts & (self.window == k)]
            total += max(-profile.missed, float(rewards.max())) if rewards.size else -profile.missed
        return total


def score(judged: Sequence[Judged], profile: Profile) -> float:
    """Return NAB's score of a whole set: 0 as good as silence, 100 perfect, negative without end.

    Raises
    ------
    ValueError
        When no series has a window after its probation.
    """
    windows = sum(one.windows for one in judged)
    if windows == 0:
        msg = "the score needs at least one window after the first 15 % of its series"
        raise ValueError(msg)
    raw = sum(one.raw_score(profile) for one in judged)
    return 100 * (raw + profile.missed * windows) / (windows * (1 + profile.missed))


def probation(rows: int) -> int:
    """Return how many points at the beginning are not scored."""
    return math.ceil(min(math.floor(_PROBATION_SHARE * rows), _PROBATION_SHARE * _PROBATION_OF))


def sigmoid(position: FloatArray) -> FloatArray:
    """Return NAB's scaled sigmoid: almost 1 at -1, 0 at 0, almost -1 at 1, and -1 past 3."""
    value = 2 / (1 + np.exp(5 * np.minimum(position, 3.0))) - 1
    return np.where(position > 3, -1.0, value)


def _places(rows: int, windows: Sequence[tuple[int, int]]) -> tuple[IntArray, FloatArray]:
    """Return for each point its window (-1 outside), and its reward there or its (negative) cost outside."""
    window = np.full(rows, -1, dtype=np.int64)
    gain = np.full(rows, -1.0)
    full = float(sigmoid(np.array(-1.0)))
    nexts = [first for first, _ in windows[1:]] + [rows]
    for k, ((first, last), end) in enumerate(zip(windows, nexts, strict=False)):
        width = last - first + 1
        inside = np.arange(first, last + 1)
        window[inside] = k
        gain[inside] = sigmoid((inside - last - 1) / width) / full
        after = np.arange(last + 1, end)
        gain[after] = sigmoid((after - last) / max(width - 1, 1))
    return window, gain
