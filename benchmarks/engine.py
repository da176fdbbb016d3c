"""The forest and the detector beside krcf, AWS's Rust forest: CPU time a point, and whether the scores agree.

Both score and learn the same streams with 50 trees of 256 points and a shingle of 8, alternating, on one core. Figures
are medians over the seeds. The detector does more than a forest: expected value, band, calibration, alerts.
"""

import statistics
import time
from typing import Any

import krcf
import numpy as np
import numpy.typing as npt

from anomaly import Detector, DetectorConfig, RandomCutForest

POINTS = 4000
SETTLED = 300
SHINGLE = 8
SEEDS = (1, 2, 3)

Stream = npt.NDArray[np.float64]


def measure() -> dict[str, Any]:
    """Return, for each kind of stream, CPU microseconds a point and the rank correlation with krcf."""
    warm_up = _streams(0)["seasonal"][:400]
    _forest(warm_up, 0)
    _detector(warm_up, 0)
    return {kind: _measure_kind(kind) for kind in _streams(0)}


def table(figures: dict[str, Any]) -> str:
    """Lay out what `measure` returned."""
    heading = (
        f"{'stream':<16}{'krcf µs':>9}{'forest µs':>11}{'detector µs':>13}"
        f"{'forest/krcf':>13}{'correlation':>13}{'krcf own':>10}"
    )
    rows = [
        f"{kind:<16}{f['krcf_us']:>9.0f}{f['forest_us']:>11.0f}{f['detector_us']:>13.0f}"
        f"{f['forest_us'] / f['krcf_us']:>13.1f}{f['correlation']:>13.3f}{f['krcf_seed_to_seed']:>10.3f}"
        for kind, f in figures.items()
    ]
    return "\n".join([heading, *rows])


def krcf_scores(stream: Stream, seed: int) -> Stream:
    """Return krcf's scores of the shingles of a stream, each before it is learned; 0.0 until the first is whole."""
    forest = krcf.RandomCutForest(
        {
            "dimensions": 1,
            "shingle_size": SHINGLE,
            "num_trees": 50,
            "sample_size": 256,
            "lambda": 1 / 2560,  # type: ignore[typeddict-unknown-key] # a keyword that its types cannot spell
            "random_seed": seed,
            "output_after": 1,
            "initial_accept_fraction": 1.0,
            "internal_shingling": True,
            "parallel_execution_enabled": False,
        }
    )
    scores = np.zeros(len(stream))
    for i, value in enumerate(stream.tolist()):
        if i >= SHINGLE:
            scores[i] = forest.score(forest.shingled_point([value]))
        forest.update([value])
    return scores


def rank_correlation(a: Stream, b: Stream) -> float:
    """Return Spearman's correlation of two streams of scores once they have settled."""
    ranks = [values[SETTLED:].argsort().argsort() for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _measure_kind(kind: str) -> dict[str, float]:
    times: dict[str, list[float]] = {"krcf": [], "forest": [], "detector": []}
    agreement, own = [], []
    for seed in SEEDS:
        stream = _streams(seed)[kind]
        scores = {}
        for name, run in (("krcf", krcf_scores), ("forest", _forest), ("detector", _detector)):
            began = time.process_time()
            scores[name] = run(stream, seed)
            times[name].append((time.process_time() - began) / len(stream) * 1e6)
        agreement.append(rank_correlation(scores["forest"], scores["krcf"]))
        own.append(rank_correlation(krcf_scores(stream, seed + 100), scores["krcf"]))
    medians = {f"{name}_us": statistics.median(values) for name, values in times.items()}
    return {**medians, "correlation": statistics.median(agreement), "krcf_seed_to_seed": statistics.median(own)}


def _streams(seed: int) -> dict[str, Stream]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=POINTS)
    autoregressive = np.zeros(POINTS)
    for i in range(1, POINTS):
        autoregressive[i] = 0.9 * autoregressive[i - 1] + noise[i]
    return {
        "seasonal": 3 * np.sin(np.arange(POINTS) * 2 * np.pi / 24) + noise,
        "autoregressive": autoregressive,
        "heavy-tailed": rng.standard_t(3, size=POINTS),
        "sales": rng.poisson(20, size=POINTS).astype(float),
    }


def _forest(stream: Stream, seed: int) -> Stream:
    forest = RandomCutForest(dimensions=SHINGLE, seed=seed)
    scores = np.zeros(len(stream))
    scores[SHINGLE - 1 :] = forest.score_and_update(np.lib.stride_tricks.sliding_window_view(stream, SHINGLE))
    return scores


def _detector(stream: Stream, seed: int) -> Stream:  # noqa: ARG001 - nothing in it is random
    return Detector(DetectorConfig()).process_many(stream).raw_score
