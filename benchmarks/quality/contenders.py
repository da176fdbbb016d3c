"""Who is judged: our detector, its peers, a simple rule, and a function of your own."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anomaly import Detector, DetectorConfig
from benchmarks import peers
from benchmarks.quality.series import BoolArray, FloatArray, Series

OURS = "anomaly"
OURS_RAW = "anomaly, raw_score > 0.5"
"""One lower threshold for all series, as the AIOps challenge's competitors had."""
RULE = "rolling 4 sigma"
_RAW = 0.5
_APART = 10
"""Points without a high score after which the next high one is an alert."""
_SIGMAS = 4.0
_LOOK_BACK = 86_400.0
_LEAST = 30


@dataclass(frozen=True)
class Verdicts:
    """What a contender says of a series; each array is as long as the series."""

    raw: FloatArray
    """Ranks points; higher is more anomalous."""
    alert: BoolArray | None = None
    """Whether people should hear of the point; None where users must choose a threshold on `raw`."""
    score: FloatArray | None = None
    """0 to 100, with the meaning that our scores have; None for others."""
    expected: FloatArray | None = None
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    """What was expected, and its band; NaN while too little is known; None for others."""
    reason: Callable[[int], str | None] = lambda _row: None
    """Says why there was an alert at a row."""


Judge = Callable[[Series], Verdicts]


def ours(series: Series) -> Verdicts:
    """Judge a series by our detector as it is by default."""
    found = Detector(DetectorConfig()).process_many(series.values, series.times)
    return Verdicts(
        raw=np.nan_to_num(found.raw_score),
        alert=found.alert,
        score=found.score,
        expected=found.expected_value,
        lower=found.lower_bound,
        upper=found.upper_bound,
        reason=lambda row: found[row].reason,
    )


def _ours_raw(series: Series) -> Verdicts:
    found = ours(series)
    return Verdicts(found.raw, onsets(found.raw, _RAW))


def rolling_sigma(series: Series) -> Verdicts:
    """Judge a series by the rule that everybody writes first: four standard deviations off the mean of the last day."""
    window = max(_LEAST, round(_LOOK_BACK / series.step))
    there = ~np.isnan(series.values)
    # Less the first value, so that the sums of squares keep their digits.
    values = np.where(there, series.values - series.values[there][0], 0.0)
    sums = [np.append(0.0, np.cumsum(each)) for each in (there, values, values**2)]
    rows = np.arange(len(values))
    begin = np.maximum(rows - window, 0)
    count, total, squares = (each[rows] - each[begin] for each in sums)
    mean = total / np.maximum(count, 1)
    deviation = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
    usable = there & (count >= _LEAST) & (deviation > 0)
    raw = np.where(usable, np.abs(values - mean) / np.where(usable, deviation, 1.0), 0.0)
    return Verdicts(raw, onsets(raw, _SIGMAS))


def onsets(raw: FloatArray, threshold: float) -> BoolArray:
    """Return the alerts of a bare score: its first point over the threshold after ten points without."""
    over = np.flatnonzero(raw > threshold)
    alert = np.zeros(len(raw), dtype=np.bool_)
    alert[over[np.diff(over, prepend=-_APART - 1) > _APART]] = True
    return alert


def judge(name: str) -> Judge:
    """Return the contender of this name, or the function that `MODULE:FUNCTION` names.

    Such a function takes times (epoch seconds) and values (NaN where missing), and returns a mapping with the arrays
    `raw` and, if it has them, `alert`, `score`, `expected`, `lower` and `upper`.

    Raises
    ------
    benchmarks.peers.PeerMissingError
        When it is not installed.
    ValueError
        When there is none of this name; the message lists the names.
    """
    if name == OURS:
        return ours
    if name == OURS_RAW:
        return _ours_raw
    if name == RULE:
        return rolling_sigma
    if name in PEERS:
        return _of_peer(PEERS[name].load())
    if ":" in name:
        module, _, function = name.partition(":")
        return _of_function(getattr(importlib.import_module(module), function))
    msg = f"there is no detector {name!r}; there are {', '.join(NAMES)}, and MODULE:FUNCTION"
    raise ValueError(msg)


PEERS = {
    "TRCF (Java)": peers.TRCF,
    "krcf": peers.KRCF,
    "rcf3": peers.RCF3,
    "HalfSpaceTrees": peers.HALF_SPACE_TREES,
    "rrcf": peers.RRCF,
}
NAMES: Sequence[str] = (OURS, OURS_RAW, RULE, *PEERS)
ALERTING: Sequence[str] = (OURS, RULE, "TRCF (Java)")
"""Those with alerts of their own."""
BY_DEFAULT: Sequence[str] = tuple(name for name in NAMES if name != "rrcf")
"""All but rrcf, which would take hours."""


def _of_peer(start: Callable[[], peers.Feed]) -> Judge:
    def judged(series: Series) -> Verdicts:
        # Some refuse a time that is there already.
        there = ~np.isnan(series.values) & (np.diff(series.times, prepend=-np.inf) > 0)
        said = start()(series.times[there], series.values[there])
        raw, alert = np.zeros(len(there)), np.zeros(len(there), dtype=np.bool_)
        raw[there] = said.raw
        if said.alert is None:
            return Verdicts(raw)
        alert[there] = said.alert
        return Verdicts(raw, alert)

    return judged


def _of_function(function: Callable[[FloatArray, FloatArray], Any]) -> Judge:
    def judged(series: Series) -> Verdicts:
        said = function(series.times, series.values)
        given = {name: np.asarray(array) for name, array in said.items()}
        return Verdicts(
            raw=np.nan_to_num(given["raw"].astype(np.float64)),
            alert=given["alert"].astype(np.bool_) if "alert" in given else None,
            score=given.get("score"),
            expected=given.get("expected"),
            lower=given.get("lower"),
            upper=given.get("upper"),
        )

    return judged
