"""The forest against krcf, a binding of AWS's own Rust Random Cut Forest: the same streams, the same scores."""

import numpy as np
import pytest
import streams

from anomaly import RandomCutForest
from benchmarks.forest import SETTLED, SHINGLE, krcf_scores, rank_correlation

POINTS = 5000
ORACLES = 5

STREAMS = {
    "seasonal": streams.seasonal(POINTS),
    "autoregressive": streams.autoregressive(POINTS),
    "heavy-tailed": streams.heavy_tailed(POINTS),
    "sales": streams.sales(POINTS),
    "level shift": streams.seasonal(POINTS) + 8.0 * (np.arange(POINTS) > 3500),
}


@pytest.mark.parametrize("name", STREAMS)
def test_scores_rank_points_as_aws_does_as_well_as_one_aws_forest_ranks_them_as_another(name: str) -> None:
    oracles = np.array([krcf_scores(STREAMS[name], seed) for seed in range(1, ORACLES + 1)])
    ours = our_scores(STREAMS[name], seed=7)
    settled = slice(SETTLED, None)

    seed_to_seed = np.mean([rank_correlation(oracles[0], other) for other in oracles[1:]])

    assert rank_correlation(ours, oracles.mean(axis=0)) >= seed_to_seed
    assert ours[settled].mean() == pytest.approx(oracles[:, settled].mean(), rel=0.03)


def our_scores(stream: np.ndarray, seed: int) -> np.ndarray:
    scores = np.zeros(len(stream))
    shingles = np.lib.stride_tricks.sliding_window_view(stream, SHINGLE)
    scores[SHINGLE - 1 :] = RandomCutForest(dimensions=SHINGLE, seed=seed).score_and_update(shingles)
    return scores
