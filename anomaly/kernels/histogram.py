"""Fading counts of positive sizes on a logarithmic scale, and the sizes that lie at their top."""

from math import log2

import numpy as np

from anomaly.kernels.arithmetic import Array, Record, f4, record
from anomaly.kernels.compile import component

BINS, BINS_AN_OCTAVE, FIRST_EDGE = 80, 5, 0.0625  # from 1/16 to 3,500; all below the first edge is in bin 0
LAST_EDGE = FIRST_EDGE * 2.0 ** ((BINS - 1) / BINS_AN_OCTAVE)
UNIT_LIMIT = 1e6  # weights are rescaled before float32 loses the newest


def histogram_of(sides: int) -> np.dtype[np.void]:
    """Return the dtype of a histogram of one or two sides."""
    return record(("unit", "f8"), ("total", "f8"), ("bins", "f4", (sides, BINS)))  # unit = weight of the newest


histogram_record, sided_histogram_record = histogram_of(1), histogram_of(2)
BELOW, ABOVE = 0, 1


def histogram_new(rec: Record) -> None:
    """Begin: the newest weighs 1."""
    rec["unit"] = 1.0


@component
def bin_of(size: float) -> int:
    """The bin of a size."""
    if not size >= FIRST_EDGE:
        return 0
    return 1 + int(BINS_AN_OCTAVE * log2(size / FIRST_EDGE)) if size < LAST_EDGE else BINS - 1


@component
def histogram_learn(rec: Record, side: int, size: float, memory: float) -> None:
    """Counts one size; a weight falls to 1/e in `memory` points because the newest weighs more each time."""
    rec.unit *= 1.0 + 1.0 / memory
    rec.bins[side, bin_of(size)] += rec.unit
    rec.total += rec.unit
    if rec.unit > UNIT_LIMIT:
        rec.total = 0.0
        for k in range(BINS):
            both = f4(0.0)
            for i in range(rec.bins.shape[0]):
                rec.bins[i, k] /= rec.unit
                both += rec.bins[i, k]
            rec.total += both
        rec.unit = 1.0


@component
def top(bins: Array, weight: float) -> float:
    """The size over which the topmost `weight` of the histogram lies."""
    above = 0.0
    for k in range(BINS - 1, 0, -1):
        if bins[k] > 0:
            if above + bins[k] >= weight:
                return FIRST_EDGE * 2 ** ((k - (weight - above) / bins[k]) / BINS_AN_OCTAVE)
            above += bins[k]
    return FIRST_EDGE


@component
def top_of_both(bins: Array, weight: float) -> float:
    """The same over both sides of a sided histogram."""
    above = 0.0
    for k in range(BINS - 1, 0, -1):
        both = bins[0, k] + bins[1, k]
        if both > 0:
            if above + both >= weight:
                return FIRST_EDGE * 2 ** ((k - (weight - above) / both) / BINS_AN_OCTAVE)
            above += both
    return FIRST_EDGE
