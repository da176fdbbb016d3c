"""How well a score ranks points, whatever its scale: areas under precision and recall."""

import numpy as np

from benchmarks.quality.series import BoolArray, FloatArray, runs

_BUFFER = 100
_LEVELS = 250


def auc_pr(score: FloatArray, labels: BoolArray) -> float:
    """Return the average precision of points, ties taken together.

    Parameters
    ----------
    score
        Higher is more anomalous, of shape (n,).
    labels
        Whether a point is anomalous, of shape (n,); at least one is.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    found = np.cumsum(labels[order])[last]
    return float(np.sum(np.diff(found, prepend=0) / labels.sum() * found / (last + 1)))


def vus_pr(score: FloatArray, labels: BoolArray, buffer: int = _BUFFER, levels: int = _LEVELS) -> float:
    """Return the volume under the precision-recall surface (Paparrizos et al., VLDB 2022), as TSB-AD counts it.

    The mean, over buffers of 0 to `buffer` points, of the area under the curve of ranges at `levels` thresholds of
    equal rank. A label fades out as sqrt(1 - distance/buffer) over half a buffer on both sides. Recall's denominator
    counts half of the faded label that was found, and recall is multiplied by the share of ranges that were hit.
    """
    points = len(labels)
    spans = runs(labels)
    cuts = -np.sort(-score)[np.linspace(0, points - 1, levels).astype(np.int64)]
    order = np.argsort(-score, kind="stable")
    last = np.searchsorted(-score[order], -cuts, side="right") - 1
    sure = np.cumsum(labels[order])[last]
    rank = np.empty(points, dtype=np.int64)
    rank[order] = np.arange(points)
    areas = []
    for width in range(buffer + 1):
        faded, wide = _fade(labels, spans, width)
        # Few points are faded: summing those by rank is what summing all of them would give.
        at = np.flatnonzero(faded)
        by_rank = at[np.argsort(rank[at])]
        sums = np.append(0.0, np.cumsum(faded[by_rank]))
        part = sums[np.searchsorted(rank[by_rank], last, side="right")]
        peaks = np.sort([score[a : b + 1].max() for a, b in wide])
        hit = 1 - np.searchsorted(peaks, cuts, side="left") / len(peaks)
        recall = np.minimum((sure + part) / (labels.sum() + part / 2), 1.0) * hit
        areas.append(float(np.dot(np.diff(recall, prepend=0.0), (sure + part) / (last + 1))))
    return float(np.mean(areas))


def _fade(labels: BoolArray, spans: list[tuple[int, int]], width: int) -> tuple[FloatArray, list[list[int]]]:
    """Return each unlabelled point's share of a label, and the ranges as they grew, joined where they touch."""
    half = width // 2
    faded = np.zeros(len(labels))
    wide: list[list[int]] = []
    for first, last in spans:
        left, right = max(first - half, 0), min(last + half, len(labels) - 1)
        after = np.arange(last + 1, right + 1)
        faded[after] += np.sqrt(1 - (after - last) / max(width, 1))
        before = np.arange(left, first)
        faded[before] += np.sqrt(1 - (first - before) / max(width, 1))
        if wide and left <= wide[-1][1]:
            wide[-1][1] = right
        else:
            wide.append([left, right])
    return np.where(labels, 0.0, np.minimum(faded, 1.0)), wide
