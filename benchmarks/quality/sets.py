"""The sets of series, each with the scorer that fits its labels, and what a contender reaches on one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import contenders, episodes, made, meaning, ranking, series, windows
from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import BoolArray, FloatArray, Series

_THRESHOLDS = 1 - np.logspace(-5, -2, 31)
"""Quantiles of a bare score among which the best threshold is looked for."""
TWIN = "NAB, twin"
TWINS = (1, 2, 3)

Judged = list[tuple[Series, Verdicts]]


@dataclass(frozen=True)
class Set:
    """A labelled set at one step, in minutes; None leaves each series at its own."""

    name: str
    step: int | None
    windowed: bool
    read: Callable[[], list[Series]]

    def series(self) -> list[Series]:
        """Read, or make, the series."""
        found = self.read()
        return found if self.step is None else [episodes.coarse(one, self.step) for one in found]


def shipped() -> list[Set]:
    """Return the sets that need nothing but the project."""
    twins = [Set(f"{TWIN} {seed}", None, True, partial(_twins, seed)) for seed in TWINS]
    return [
        Set("NAB", None, True, series.nab),
        *twins,
        Set("cloud", None, True, series.cloud),
        *[Set("kpi", step, False, partial(_folder, series.DATA / "kpi")) for step in episodes.STEPS],
        Set("bookstore", None, True, made.bookstore),
    ]


def of_folder(path: Path) -> list[Set]:
    """Return the sets of a folder of labelled CSV files, at each step."""
    return [Set(path.name, step, False, partial(_folder, path)) for step in episodes.STEPS]


def reach(name: str, labelled: Set) -> dict[str, Any]:
    """Judge every series of a set, and return the figures that its labels allow.

    Raises
    ------
    benchmarks.peers.PeerMissingError
        When the contender is not installed.
    """
    judge = contenders.judge(name)
    judged = [(one, judge(one)) for one in labelled.series()]
    alerts, threshold = _alerts(judged, labelled)
    return {
        "set": labelled.name,
        "step": labelled.step,
        "detector": name,
        "series": len(judged),
        "best_threshold": threshold,
        **_counted(judged, alerts, labelled),
        **_ranked(judged, labelled),
        **meaning.shares(judged),
        **meaning.coverage(judged),
    }


def quiet(name: str, seeds: Sequence[int] = (0, 1)) -> dict[str, list[float]]:
    """Return, for each kind of stream in which nothing happens, the alerts of the first week and of a later one.

    Raises
    ------
    ValueError
        When the contender has no alerts of its own: nothing is labelled by which a threshold could be found.
    """
    judge = contenders.judge(name)
    by_kind: dict[str, list[list[float]]] = {}
    for seed in seeds:
        for stream in made.quiet_streams(seed):
            alert = judge(stream).alert
            if alert is None:
                msg = f"{name} has no alerts of its own"
                raise ValueError(msg)
            first = stream.times < stream.times[0] + series.WEEK
            later = float(alert[~first].sum()) / (made.STREAM_WEEKS - 1)
            by_kind.setdefault(stream.name, []).append([float(alert[first].sum()), later])
    return {kind: np.mean(each, axis=0).tolist() for kind, each in by_kind.items()}


def _alerts(judged: Judged, labelled: Set) -> tuple[list[BoolArray], float | None]:
    """Return the alerts; of a bare score those at the one threshold that is best on this very set."""
    own = [verdicts.alert for _, verdicts in judged if verdicts.alert is not None]
    if len(own) == len(judged):
        return own, None
    raws = [verdicts.raw for _, verdicts in judged]
    candidates: list[float] = np.unique(np.quantile(np.concatenate(raws), _THRESHOLDS)).tolist()

    def f1(threshold: float) -> float:
        return float(_counted(judged, [contenders.onsets(raw, threshold) for raw in raws], labelled)["f1"])

    best = max(candidates, key=f1)
    return [contenders.onsets(raw, best) for raw in raws], best


def _counted(judged: Judged, alerts: list[BoolArray], labelled: Set) -> dict[str, float]:
    if labelled.windowed:
        scored = [windows.Judged(one, alert) for (one, _), alert in zip(judged, alerts, strict=True)]
        seen = sum((one.counts() for one in scored), windows.WindowCounts())
        return {
            "f1": seen.f1,
            "events": seen.hit + seen.missed,
            "found": seen.hit,
            "false": seen.false,
            "false_a_week": seen.false / seen.weeks,
            "nab_standard": windows.score(scored, windows.STANDARD),
            "nab_low_false": windows.score(scored, windows.LOW_FALSE),
        }
    counts = [episodes.count(one, alert, labelled.step or 1) for (one, _), alert in zip(judged, alerts, strict=True)]
    total = sum(counts, episodes.EpisodeCounts())
    return {
        "f1": total.f1,
        "events": total.episodes,
        "found": total.found,
        "false": total.false,
        "false_a_week": total.false / total.weeks,
        "challenge_f1": total.challenge_f1,
    }


def _ranked(judged: Judged, labelled: Set) -> dict[str, float]:
    areas = []
    for one, verdicts in judged:
        first = windows.probation(len(one.times)) if labelled.windowed else episodes.PROBATION // (labelled.step or 1)
        labels, raw = one.labels[first:] == 1, verdicts.raw[first:]
        if labels.any():
            areas.append((ranking.vus_pr(raw, labels), ranking.auc_pr(raw, labels)))
    means: FloatArray = np.mean(areas, axis=0)
    return {"vus_pr": float(means[0]), "auc_pr": float(means[1])}


def _twins(seed: int) -> list[Series]:
    rng = np.random.default_rng(seed)
    return [made.twin(one, rng) for one in series.nab()]


@cache
def _folder(path: Path) -> list[Series]:
    return series.folder(path)
