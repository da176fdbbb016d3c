"""The forest beside krcf and rcf3, forests in Rust: CPU time a point, and whether the scores agree.

All score and learn the same streams with 50 trees of 256 points and a shingle of 8, alternating, on one core. Figures
are medians over the seeds.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from anomaly import RandomCutForest
from benchmarks import peers

POINTS = 4000
SETTLED = 300
SHINGLE = peers.SHINGLE
SEEDS = (1, 2, 3)

Stream = npt.NDArray[np.float64]


def add_options(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_options: argparse.Namespace) -> dict[str, Any]:
    """Measure."""
    return measure()


def measure() -> dict[str, Any]:
    """Return, for each kind of stream, CPU microseconds a point and the rank correlation with krcf."""
    _forest(streams(0)["seasonal"][:400], 0)
    return {kind: _measure_kind(kind) for kind in streams(0)}


def table(figures: dict[str, Any]) -> str:
    """Lay out what `measure` returned."""
    heading = (
        f"{'stream':<16}{'krcf µs':>9}{'rcf3 µs':>9}{'forest µs':>11}"
        f"{'forest/krcf':>13}{'correlation':>13}{'rcf3':>8}{'krcf own':>10}"
    )
    rows = [
        f"{kind:<16}{f['krcf_us']:>9.0f}{f['rcf3_us']:>9.0f}{f['forest_us']:>11.0f}"
        f"{f['forest_us'] / f['krcf_us']:>13.1f}{f['forest_correlation']:>13.3f}{f['rcf3_correlation']:>8.3f}"
        f"{f['krcf_correlation']:>10.3f}"
        for kind, f in figures.items()
    ]
    return "\n".join([heading, *rows, "Correlations are with krcf's scores; krcf's own is with another seed of it."])


def krcf_scores(stream: Stream, seed: int) -> Stream:
    """Return krcf's scores of the shingles of a stream, each before it is learned; 0.0 until the first is whole."""
    return peers.krcf_feed(seed)(stream, stream).raw


def rank_correlation(a: Stream, b: Stream) -> float:
    """Return Spearman's correlation of two streams of scores once they have settled."""
    ranks = [values[SETTLED:].argsort().argsort() for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def streams(seed: int, points: int = POINTS) -> dict[str, Stream]:
    """Return four ordinary kinds of streams, each of shape (points,)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=points)
    autoregressive = np.zeros(points)
    for i in range(1, points):
        autoregressive[i] = 0.9 * autoregressive[i - 1] + noise[i]
    return {
        "seasonal": 3 * np.sin(np.arange(points) * 2 * np.pi / 24) + noise,
        "autoregressive": autoregressive,
        "heavy-tailed": rng.standard_t(3, size=points),
        "sales": rng.poisson(20, size=points).astype(float),
    }


def _measure_kind(kind: str) -> dict[str, float]:
    contenders: dict[str, Callable[[Stream, int], Stream]] = {
        "krcf": krcf_scores,
        "rcf3": lambda stream, seed: peers.rcf3_feed(seed)(stream, stream).raw,
        "forest": _forest,
    }
    figures: dict[str, list[float]] = {}
    for seed in SEEDS:
        stream = streams(seed)[kind]
        reference = krcf_scores(stream, seed + 100)
        for name, scores_of in contenders.items():
            began = time.process_time()
            scores = scores_of(stream, seed)
            figures.setdefault(f"{name}_us", []).append((time.process_time() - began) / len(stream) * 1e6)
            figures.setdefault(f"{name}_correlation", []).append(rank_correlation(scores, reference))
    return {name: statistics.median(values) for name, values in figures.items()}


def _forest(stream: Stream, seed: int) -> Stream:
    forest = RandomCutForest(dimensions=SHINGLE, seed=seed)
    scores = np.zeros(len(stream))
    scores[SHINGLE - 1 :] = forest.score_and_update(np.lib.stride_tricks.sliding_window_view(stream, SHINGLE))
    return scores
