"""Whether scores and bands mean what the documentation says of them."""

from collections.abc import Sequence

import numpy as np

from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import BoolArray, Series

SCORES = (20, 40, 60)
_SETTLED = 2 * 86_400.0


def shares(judged: Sequence[tuple[Series, Verdicts]]) -> dict[str, float]:
    """Return the share of ordinary points with a score of 20, 40, 60 or more: the median over the series.

    Ordinary are points outside labels and windows, after the first two days. Promised are .1, .01 and .001.
    """
    by_series = [
        [float((verdicts.score[ordinary] >= score).mean()) for score in SCORES]
        for series, verdicts in judged
        if verdicts.score is not None and (ordinary := _ordinary(series)).any()
    ]
    medians = np.median(by_series, axis=0).tolist() if by_series else []
    return {f"share_{score}": median for score, median in zip(SCORES, medians, strict=False)}


def coverage(judged: Sequence[tuple[Series, Verdicts]]) -> dict[str, float]:
    """Return the share of ordinary points inside the band: the mean over the series, and their lowest tenth."""
    by_series = []
    for series, verdicts in judged:
        if verdicts.lower is None or verdicts.upper is None:
            continue
        known = _ordinary(series) & ~np.isnan(verdicts.lower) & ~np.isnan(verdicts.upper)
        if known.any():
            inside = (series.values >= verdicts.lower) & (series.values <= verdicts.upper)
            by_series.append(float(inside[known].mean()))
    if not by_series:
        return {}
    return {"coverage": float(np.mean(by_series)), "coverage_tenth": float(np.quantile(by_series, 0.1))}


def _ordinary(series: Series) -> BoolArray:
    ordinary: BoolArray = (series.labels == 0) & ~np.isnan(series.values)
    for first, last in series.windows:
        ordinary[first : last + 1] = False
    ordinary &= series.times >= series.times[0] + _SETTLED
    return ordinary
