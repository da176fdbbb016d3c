"""Expectation first: what is expected of the next value, and what the residual says of it."""

from typing import NamedTuple

import numpy as np

from anomaly.kernels.arithmetic import Record, clip, f8
from anomaly.kernels.clock import (
    Pace,
    Place,
)
from anomaly.kernels.compile import inlined
from anomaly.kernels.forecaster import (
    fill_slot,
    forecaster_before,
    forecaster_learn,
    memory_deviation,
    memory_median,
    memory_push,
    memory_spread,
    profile_before,
    profile_first_day,
    profile_learn,
)
from anomaly.kernels.hold import hold_learn, hold_look
from anomaly.kernels.outage import outage_look
from anomaly.kernels.residual import (
    HOUR_SHARE,
    residual_band,
    residual_hour,
    residual_learn,
    residual_look,
    residual_spread,
    residual_walls,
)
from anomaly.kernels.sparse import sparse_before, sparse_learn
from anomaly.kernels.start import START
from anomaly.kernels.sums import sums_look


class Outlook(NamedTuple):
    """What is expected of the next value, less the origin."""

    expected: float  # as it would be without the event that lasts
    expected_now: float  # what the event has changed it to
    low: float
    high: float
    profile: float  # the ordinary course of this hour
    hour_scale: float
    held: bool  # does an event last?
    sparse: bool


@inlined
def expect(s: Record, place: Place, pace: Pace, age: float, points: int, scratch: Record) -> Outlook:
    """What is expected of the next value, and its band, less the origin."""
    profile_now = profile_before(s.forecaster.profile, place, age, points)
    is_sparse, held = sparse_before(s.sparse, points), s.hold.points_left > 0
    hour_scale = residual_hour(s.residual, place, pace, is_sparse)
    expected_now, expected, low, high = np.nan, np.nan, np.nan, np.nan
    if points > 0:
        recent, clean, predictions = s.forecaster.recent, s.hold.clean, scratch.predictions
        walls = residual_walls(s.residual, points, s.origin)
        expected = forecaster_before(s.forecaster, recent, points, is_sparse, profile_now, predictions[0])
        expected_now = clip(expected, walls.low, walls.high)
        if held:
            expected = forecaster_before(s.forecaster, clean, points, is_sparse, profile_now, predictions[1])
        expected = clip(expected, walls.low, walls.high)
        if points >= START:
            below, above = residual_band(s.residual, hour_scale)
            low, high = max(expected - below, walls.low), min(expected + above, walls.high)
    return Outlook(expected, expected_now, low, high, profile_now, hour_scale, held, is_sparse)


@inlined
def forecaster_point(
    s: Record,
    place: Place,
    pace: Pace,
    age: float,
    points: int,
    value: float,
    tamed: float,
    outlook: Outlook,
    spread: float,
    flagged: bool,
) -> None:
    """The newest value goes into the memories and the profile."""
    prof, recent, clean = s.forecaster.profile, s.forecaster.recent, s.hold.clean
    over = hold_learn(s.hold, recent, pace, points, flagged, value, outlook.expected)
    deviation = tamed - outlook.profile
    if prof.ready:
        prof.points += 1
        count = prof.points
        memory_deviation(recent, pace, count, deviation)
        if s.hold.points_left > 0:
            memory_deviation(clean, pace, count, outlook.expected - outlook.profile if flagged else deviation)
        profile_learn(prof, place, pace, age, deviation, spread, flagged)
    else:
        profile_first_day(prof, place, tamed, pace.per_day)
    if over:  # the event leaves no trace in the levels
        recent.hour_level = clean.hour_level
        recent.six_hour_level = clean.six_hour_level


class Judged(NamedTuple):
    """What the residual says of the newest value."""

    shown: float  # residual against the expectation shown
    surprise: float
    noise: float
    evidence: float
    by_sum: float
    by_outage: float
    off_median: bool
    flagged: bool


@inlined
def judge_residual(
    s: Record,
    place: Place,
    pace: Pace,
    age: float,
    points: int,
    value: float,
    tamed: float,
    outlook: Outlook,
    few: bool,
    scratch: Record,
) -> Judged:
    """Is the value as was expected?  What is not held back as part of an event is learnt at once."""
    if points == 0:  # nothing was expected; the value opens the memories and the first day
        memory_push(s.forecaster.recent, points, f8(value))
        fill_slot(s.forecaster.profile, place.slot, f8(value), 1.0)
        profile_first_day(s.forecaster.profile, place, f8(value), pace.per_day)
        residual_spread(s.residual, pace, points, f8(value))
        return Judged(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, False, False)
    shown = value - outlook.expected
    agreed = shown
    if outlook.held:  # before the event and now: both must be left in the same direction
        now = value - outlook.expected_now
        agreed = 0.0 if now * shown <= 0 else (now if abs(now) < abs(shown) else shown)
    recent = s.forecaster.recent
    off_median = value != memory_median(recent, points)
    sizes = residual_look(s.residual, pace, points, outlook.hour_scale, shown, agreed, outlook.sparse)
    evidence = 0.0 if few else sizes.evidence
    # It must be off the ordinary of this hour, too.
    if s.forecaster.profile.ready and not outlook.sparse and agreed != 0:
        evidence *= clip((value - outlook.profile) / agreed / HOUR_SHARE, 0.0, 1.0)
    may_skip = points > pace.grown and not few and not outlook.sparse
    flagged, skip = hold_look(s.hold, pace, sizes.surprise, may_skip)
    sparse_learn(s.sparse, points, off_median)
    by_sum = 0.0
    if s.residual.scale > 0 and s.residual.top_both > 0:
        by_sum = sums_look(s.sums, s.residual, pace, points, sizes.shown, skip, outlook.sparse)
    prof = s.forecaster.profile
    possible = may_skip and prof.ready == 1 and s.residual.lowest + s.origin >= 0
    by_outage = outage_look(s.outage, pace, points, value, outlook.profile, prof.deviation, s.origin, possible)
    spread = memory_spread(recent, points)
    if not skip:
        predictions = scratch.predictions[1 if outlook.held else 0]
        forecaster_learn(s.forecaster, predictions, value, agreed, spread, points, pace.per_day)
        residual_learn(s.residual, place, pace, points, sizes, agreed, spread, flagged, outlook.sparse)
    residual_spread(s.residual, pace, points, tamed)
    forecaster_point(s, place, pace, age, points, value, tamed, outlook, spread, flagged)
    return Judged(shown, sizes.surprise, sizes.noise, evidence, by_sum, by_outage, off_median, flagged)
