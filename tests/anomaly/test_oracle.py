"""The forest against krcf, a binding of AWS's own Rust Random Cut Forest: the same streams, the same scores."""

import krcf
import numpy as np
import pytest
import streams

from anomaly import _detector_kernels, _forest_kernels, state
from anomaly.config import DetectorConfig

POINTS = 5000
ORACLES = 5
SHINGLE = 8

STREAMS = {
    "seasonal": streams.seasonal(POINTS),
    "autoregressive": streams.autoregressive(POINTS),
    "heavy-tailed": streams.heavy_tailed(POINTS),
    "sales": streams.sales(POINTS),
    "level shift": streams.seasonal(POINTS) + 8.0 * (np.arange(POINTS) > 3500),
}


@pytest.mark.parametrize("name", STREAMS)
def test_scores_rank_points_as_aws_does_as_well_as_one_aws_forest_ranks_them_as_another(name: str) -> None:
    oracles = np.array([oracle_scores(STREAMS[name], seed) for seed in range(1, ORACLES + 1)])
    ours = our_scores(STREAMS[name], seed=7)
    settled = slice(300, None)

    seed_to_seed = np.mean([rank_correlation(oracles[0, settled], other[settled]) for other in oracles[1:]])

    assert rank_correlation(ours[settled], oracles.mean(axis=0)[settled]) >= seed_to_seed
    assert ours[settled].mean() == pytest.approx(oracles[:, settled].mean(), rel=0.03)


def our_scores(stream: np.ndarray, seed: int) -> np.ndarray:
    config = DetectorConfig(seed=seed, shingle_size=SHINGLE)
    shape, arrays = state.forest_shape(config), state.allocate(config)
    every = np.arange(SHINGLE)
    scores = np.zeros(len(stream))
    for i in range(len(stream)):
        _forest_kernels.append_observation(shape, arrays.forest, stream[i : i + 1])
        if i >= SHINGLE:
            point = _detector_kernels.newest_point(shape, arrays)
            scores[i] = _forest_kernels.score_query(shape, arrays.forest, point, every)
        _forest_kernels.learn(shape, arrays.forest)
    return scores


def oracle_scores(stream: np.ndarray, seed: int) -> np.ndarray:
    forest = krcf.RandomCutForest(
        {
            "dimensions": 1,
            "shingle_size": SHINGLE,
            "num_trees": 50,
            "sample_size": 256,
            "lambda": 1 / 2560,
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


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])
