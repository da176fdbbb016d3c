"""The one call that scores a period of thousands of series: admit every row, judge each, tell what people need."""

import numpy as np

from anomaly.kernels.arithmetic import Array
from anomaly.kernels.clock import ADMITTED, clock_admit
from anomaly.kernels.columns import EPISODE
from anomaly.kernels.compile import component, entry
from anomaly.kernels.episodes import tell
from anomaly.kernels.step import process_row


@component
def admit_rows(fleet: Array, rows: Array, times: Array, before: Array) -> tuple[int, int]:
    """Checks the times of all rows before any is judged: (what is wrong, with which), and nothing is noted then.

    A series without times gets them here, a minute apart.
    """
    for i in range(rows.size):
        clock = fleet[rows[i]].clock
        before[i, 0], before[i, 1] = clock.last_row, clock.untimed
        wrong = clock_admit(clock, times[i])
        if wrong != ADMITTED:
            for k in range(i - 1, -1, -1):
                clock = fleet[rows[k]].clock
                clock.last_row, clock.untimed = before[k, 0], before[k, 1]
            return wrong, i
        times[i] = clock.last_row
    return ADMITTED, 0


@entry
def process_rows(
    fleet: Array,
    rows: Array,
    times: Array,
    values: Array,
    threshold: float,
    strength: float,
    output_after: int,
    scratch: Array,
    out: Array,
) -> tuple[int, int]:
    """Judges one value for each entry, in this order; returns (what is wrong with the times, of which entry).

    Parameters
    ----------
    fleet
        The records of all series.
    rows
        For each entry, its series' place among them.
    times
        Seconds since 1970, NaN for a series without; those get theirs written here.
    values
        NaN where missing.
    threshold, strength
        What a score must pass, and an alert's strength at the fixed bar must reach; strength 0: tell nothing.
    output_after
        Length of the LEARNING stage in points; 0: by the step.
    out
        Shape (entries, `columns.COLUMNS`), zeros.
    """
    wrong, where = admit_rows(fleet, rows, times, out)
    if wrong != ADMITTED:
        return wrong, where
    for i in range(rows.size):
        series = fleet[rows[i]]
        out[i, 0] = out[i, 1] = 0.0
        process_row(series, times[i], values[i], scratch[0], out[i])
        out[i, EPISODE] = np.nan
        if strength > 0:
            tell(series.episode, times[i], values[i], threshold, strength, output_after, out[i])
    return ADMITTED, 0


@entry
def tell_rows(
    fleet: Array,
    times: Array,
    present: Array,
    threshold: float,
    strength: float,
    output_after: int,
    out: Array,
) -> None:
    """Tells what people need of rows that several series judged together; `present`: NaN where all are missing.

    The first series keeps the episode.
    """
    for i in range(times.size):
        tell(fleet[0].episode, times[i], present[i], threshold, strength, output_after, out[i])
