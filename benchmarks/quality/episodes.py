"""Alerts against labelled episodes, at the step of the data or summed to a coarser one.

Counted after the first two days. An episode is found by an alert from 2 points before its start to 5 after its end; an
alert is false when no episode (with 30 points after it) contains it. At a step of s minutes these margins are divided
by s, and are at least one point. A coarse point belongs to an episode when half of its points do; one with fewer
counts neither way.

The challenge's F1 counts points as the AIOps challenge of 2018 did: an episode counts whole when one of its first 8
points has an alert, else it is missed whole; an alert outside counts as one point.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.series import UNKNOWN, WEEK, BoolArray, IntArray, Series, runs

PROBATION = 2880
"""Points of a minute."""
STEPS = (1, 5, 10, 30)
_BEFORE, _AFTER, _GRACE = 2, 5, 30
_IN_TIME = 8


@dataclass(frozen=True)
class EpisodeCounts:
    """What one or more series' alerts found.

    `caught`, `length` and `outside` are points, as the challenge counts; the rest episodes and alerts.
    """

    episodes: int = 0
    found: int = 0
    alerts: int = 0
    false: int = 0
    weeks: float = 0.0
    caught: int = 0
    length: int = 0
    outside: int = 0

    def __add__(self, other: "EpisodeCounts") -> "EpisodeCounts":
        mine, theirs = vars(self), vars(other)
        return EpisodeCounts(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def f1(self) -> float:
        """Harmonic mean of the share of alerts that are right and the share of episodes found."""
        recall = self.found / max(1, self.episodes)
        precision = 1 - self.false / max(1, self.alerts)
        return 2 * recall * precision / max(1e-9, recall + precision)

    @property
    def challenge_f1(self) -> float:
        """F1 over points, by the challenge's rule."""
        return 2 * self.caught / max(1, self.caught + self.length + self.outside)


def coarse(series: Series, step: int) -> Series:
    """Sum a series over steps of so many minutes; a step of which half of the points is missing becomes NaN.

    A series whose own step is not shorter stays as it is.
    """
    rows = round(step * 60 / series.step)
    if rows <= 1:
        return series
    bucket = ((series.times - series.times[0]) // (60 * step)).astype(np.int64)
    count = int(bucket[-1]) + 1
    there = ~np.isnan(series.values)
    known = np.bincount(bucket, there, count)
    total = np.bincount(bucket, np.nan_to_num(series.values), count) / np.maximum(known, 1) * rows
    share = np.bincount(bucket, series.labels, count) / np.maximum(np.bincount(bucket, minlength=count), 1)
    labels = np.where(share >= 0.5, 1, np.where(share > 0, UNKNOWN, 0))
    return Series(
        name=series.name,
        times=series.times[0] + 60.0 * step * np.arange(count),
        values=np.where(known >= rows / 2, total, np.nan),
        labels=labels,
        windows=tuple(runs(labels == 1)),
    )


def count(series: Series, alerts: BoolArray, step: int = 1) -> EpisodeCounts:
    """Count what the alerts of one series found.

    Parameters
    ----------
    series
        At the step at which it was judged.
    alerts
        As many points: whether there was an alert.
    step
        Minutes, by which the margins shrink.
    """
    first = PROBATION // step
    before, after, grace = margins(step)
    labelled = runs(series.labels == 1)
    episodes = [(a, b) for a, b in labelled if a >= first]
    at = np.flatnonzero(alerts)
    at = at[at >= first]
    near = _near(at, labelled, before, grace)
    doubtful = _near(at, [(i, i) for i in np.flatnonzero(series.labels == UNKNOWN).tolist()], 0, grace)
    counted = near | ~doubtful
    at, near = at[counted], near[counted]
    found = sum(bool(((at >= a - before) & (at <= b + after)).any()) for a, b in episodes)
    in_time = [(a, b) for a, b in episodes if ((at >= a) & (at <= min(b, a + _IN_TIME - 1))).any()]
    return EpisodeCounts(
        episodes=len(episodes),
        found=found,
        alerts=len(at),
        false=int((~near).sum()),
        weeks=(len(series.times) - first) * series.step / WEEK,
        caught=sum(b - a + 1 for a, b in in_time),
        length=sum(b - a + 1 for a, b in episodes),
        outside=int((series.labels[at] == 0).sum()),
    )


def margins(step: int) -> tuple[int, int, int]:
    """Return how many points an alert may come early, late, and late without being false, at a step of minutes."""
    return -(-_BEFORE // step), -(-_AFTER // step), -(-_GRACE // step)


def _near(at: IntArray, spans: list[tuple[int, int]], before: int, after: int) -> BoolArray:
    near = np.zeros(len(at), dtype=np.bool_)
    for first, last in spans:
        near |= (at >= first - before) & (at <= last + after)
    return near
