"""A point's way through the components: what was expected, what they say of the value, what is learnt."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from anomaly.kernels.arithmetic import Array, Record, clip, f4, i8, record
from anomaly.kernels.clock import (
    BREAK,
    TIME_LIMIT,
    clock_before,
    clock_look,
    clock_new,
    clock_pace,
    clock_place,
    clock_record,
    clock_weeks,
)
from anomaly.kernels.columns import (
    ABSENCE,
    AGE,
    COMPONENTS,
    DRIFT,
    EVIDENCE,
    EXPECTED,
    EXTREME,
    FIRST_COMPONENT,
    HELD,
    HIGH,
    HOUR_SUM,
    LOW,
    LOW_ROWS,
    OUTAGE,
    POINTS,
    RAW,
    RESIDUAL,
    RUN,
    RUN_OF,
    SCORE,
    SIDE,
    STEP,
    STRENGTH,
    SUM,
    USUAL,
)
from anomaly.kernels.compile import component, inlined
from anomaly.kernels.decision import decision_look, decision_new, decision_record, decision_weekly
from anomaly.kernels.episodes import episode_new, episode_record
from anomaly.kernels.expectation import expect, judge_residual
from anomaly.kernels.forecaster import (
    PREDICTORS,
    forecaster_record,
    forecaster_tame,
)
from anomaly.kernels.forests import (
    LAGS,
    RING,
    forests_bar,
    forests_learn,
    forests_look,
    forests_new,
    forests_record,
    is_few,
)
from anomaly.kernels.histogram import histogram_learn
from anomaly.kernels.hold import hold_record
from anomaly.kernels.hour_residual import hour_residual_look, hour_residual_new, hour_residual_record
from anomaly.kernels.outage import outage_new, outage_record
from anomaly.kernels.recurrence import EVENT_EVIDENCE, EVENT_GROWN, recurrence_look, recurrence_new, recurrence_record
from anomaly.kernels.residual import (
    EARLY_POINTS,
    residual_extremes,
    residual_new,
    residual_record,
)
from anomaly.kernels.runs import runs_look, runs_record
from anomaly.kernels.score import SCORE_MEMORY, score_new, score_of, score_rank, score_record
from anomaly.kernels.sparse import sparse_look, sparse_record
from anomaly.kernels.start import START, VALUE_LIMIT, start_origin, start_record
from anomaly.kernels.sums import SUM_LONG, sums_new, sums_record

series_record = record(
    ("clock", clock_record),
    ("forecaster", forecaster_record),
    ("hold", hold_record),
    ("residual", residual_record),
    ("sums", sums_record),
    ("outage", outage_record),
    ("hour_residual", hour_residual_record),
    ("forests", forests_record),
    ("runs", runs_record),
    ("sparse", sparse_record),
    ("recurrence", recurrence_record),
    ("decision", decision_record),
    ("score", score_record),
    ("start", start_record),
    ("episode", episode_record),
    ("origin", "f8"),  # median of the first twelve values
)

VALUE_MOST = 1e18  # distance from the origin; farther values count as this far, so that squares fit in float32

scratch_record = record(  # what one step needs and no step keeps
    ("predictions", "f8", (2, PREDICTORS)), ("past", "f4", RING + 1), ("distances", "f4", LAGS), ("start", "f8", START)
)


def series_new() -> npt.NDArray[np.void]:
    """The record of a series that has seen nothing, shape (1,); zeros between the fields, so that bytes are equal."""
    records = np.zeros(1, series_record)
    rec = records[0]
    for name, new in (
        ("clock", clock_new),
        ("residual", residual_new),
        ("sums", sums_new),
        ("outage", outage_new),
        ("score", score_new),
        ("hour_residual", hour_residual_new),
        ("forests", forests_new),
        ("recurrence", recurrence_new),
        ("decision", decision_new),
        ("episode", episode_new),
    ):
        new(rec[name])
    return records


@component
def begin(s: Record, time: float, raw_value: float, scratch: Record) -> int:
    """How many steps a row makes: one; none if it is nonsense or the series still starts; with the twelfth value 12."""
    if not abs(time) < TIME_LIMIT:
        return 0
    if s.start.kept >= START:
        return 1
    clock_before(s.clock, time)
    if not abs(raw_value) < VALUE_LIMIT:
        return 0
    s.start.times[s.start.kept], s.start.values[s.start.kept] = time, raw_value
    s.start.kept += 1
    if s.start.kept < START:
        return 0
    s.origin = start_origin(s.start, scratch.start[:])
    return START


@component
def mean_of_last(s: Record, points: int, hour_scale: float) -> float:
    """Mean of the residuals that the long sum holds, as far as they count, in units of the value."""
    total = 0.0
    for k in range(SUM_LONG):
        total += s.sums.last[(points - k) % 16]
    return total / SUM_LONG * s.residual.scale * hour_scale


@component
def side_of(out: Array, shown: float, at_lowest: bool) -> float:
    """Where what the strongest component saw lies: 1 above what is expected, -1 below, 0 on it."""
    strongest = 0
    for k in range(len(COMPONENTS)):
        if out[FIRST_COMPONENT + k] > out[FIRST_COMPONENT + strongest]:
            strongest = k
    off = shown
    if strongest in (SUM, HOUR_SUM) and out[DRIFT] != 0:
        off = out[DRIFT]
    if strongest == OUTAGE or (strongest == RUN_OF and at_lowest) or (strongest == ABSENCE and off == 0):
        off = -1.0
    return 1.0 if off > 0 else (-1.0 if off < 0 else 0.0)


@inlined
def step(s: Record, time: float, raw_value: float, scratch: Record, out: Array) -> None:
    """One row of one series: what was expected, what is said of the value, what is learnt."""
    if not abs(time) < TIME_LIMIT:  # not even in mutated bytes
        return
    points = s.clock.points
    missing = not abs(raw_value) < VALUE_LIMIT

    # what is to be expected, before looking
    clock_before(s.clock, time)
    place, age = clock_place(s.clock, time), time - s.clock.first_time
    outlook = expect(s, place, clock_pace(s.clock), age, points, scratch)
    out[EXPECTED], out[LOW], out[HIGH] = outlook.expected + s.origin, outlook.low + s.origin, outlook.high + s.origin
    out[POINTS], out[STEP], out[AGE] = points, s.clock.step, age
    if missing:
        return
    exact = clip(raw_value - s.origin, -VALUE_MOST, VALUE_MOST)
    value = f4(exact)
    new_extreme = residual_extremes(s.residual, exact)
    gap = clock_look(s.clock, time)
    pace = clock_pace(s.clock)
    if gap > BREAK * pace.step:
        s.sums.since_gap = 0
        s.runs.length = 0

    # seen before?  as its hour has it?  as was expected?  the same again?
    few = is_few(s.forests)
    silent = few or outlook.sparse
    seen = forests_look(s.forests, points, value, new_extreme, outlook.sparse, scratch)
    tamed = forecaster_tame(s.forecaster, points, value)
    hour_one, hour_many = hour_residual_look(s.hour_residual, place, pace, points, tamed, s.hold.skipped == 1, silent)
    judged = judge_residual(s, place, pace, age, points, value, tamed, outlook, few, scratch)
    by_run = runs_look(s.runs, points, value, exact == s.residual.lowest, seen.share, seen.weight)

    # evidence, 1 = the bar; on a predictable series the unseen counts only if it is unexpected, too
    forests_at_bar = forests_bar(pace.bar_step)
    forest_value, forest_mean = seen.value * sqrt(seen.shape_factor) / forests_at_bar, seen.mean / forests_at_bar
    by_forest = max(forest_value, forest_mean)
    if not silent:
        by_forest *= min(1.0, judged.surprise) ** (2.0 / judged.noise**2.0)
    weeks = clock_weeks(age)
    rare, by_rareness = sparse_look(s.sparse, points, judged.off_median, decision_weekly(s.decision, weeks))
    fast = max(max(judged.evidence, hour_one), by_rareness)
    slow = max(max(hour_many, judged.by_sum), max(by_run, judged.by_outage))
    evidence = max(max(by_forest, fast), slow)
    is_event = evidence >= EVENT_EVIDENCE and points >= EVENT_GROWN and by_run < evidence
    known, by_absence = recurrence_look(s.recurrence, age, gap, pace, points, is_event, judged.shown)
    evidence, slow = max(evidence, by_absence), max(slow, by_absence)

    # decision, scores; while young only the residual may call
    strength = decision_look(s.decision, pace, points, weeks, by_forest, fast, slow, rare, known)
    s.hold.suspicious = judged.flagged or strength > 0
    out[RAW] = score_rank(s.score, judged.surprise, forest_value)
    if points >= pace.grown:
        out[SCORE], out[STRENGTH], out[EVIDENCE] = score_of(s.score, evidence), strength, evidence
        histogram_learn(s.score.evidence, i8(0), evidence, SCORE_MEMORY)
    elif points >= EARLY_POINTS and judged.evidence >= 1:
        out[SCORE], out[EVIDENCE] = score_of(s.score, judged.evidence), judged.evidence
        out[STRENGTH] = min(strength, judged.evidence)
    components = (
        by_forest, judged.evidence, hour_one, hour_many,
        judged.by_sum, by_run, by_rareness, by_absence, judged.by_outage,
    )  # fmt: skip
    for k in range(len(components)):
        out[FIRST_COMPONENT + k] = components[k] if points >= pace.grown or k == RESIDUAL else 0.0
    out[HELD] = judged.flagged
    out[RUN] = s.runs.length
    if new_extreme:
        out[EXTREME] = 1.0 if exact == s.residual.highest else -1.0
    if slow >= 1:
        out[DRIFT] = mean_of_last(s, points, outlook.hour_scale)
    out[SIDE] = side_of(out, judged.shown, exact == s.residual.lowest)
    out[LOW_ROWS] = s.outage.rows
    if s.forecaster.profile.ready:
        out[USUAL] = outlook.profile + s.origin

    # the forests learn last
    forests_learn(s.forests, points, value, seen, few)
    s.clock.points += 1
    out[POINTS] = points + 1


@component
def process_row(s: Record, time: float, value: float, scratch: Record, out: Array) -> None:
    """One row of a series that may still be starting: the first twelve values are learnt together, with the twelfth."""
    steps = begin(s, time, value, scratch)
    for k in range(steps):
        if steps > 1:
            time, value = s.start.times[k], s.start.values[k]
        step(s, time, value, scratch, out)
    if steps != 1:  # not judged, and nor are those that came before
        out[:] = 0.0
        out[EXPECTED : HIGH + 1] = np.nan
        out[POINTS], out[STEP] = s.start.kept, s.clock.step
