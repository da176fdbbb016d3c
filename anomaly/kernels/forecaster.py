"""What is expected next: a profile of the day and the week, eight predictors, and their mixture."""

from math import floor

import numpy as np

from anomaly.kernels.arithmetic import Array, Record, clip, f4, f8, i8, rate, record
from anomaly.kernels.clock import DAY, HOUR, NODES, SLOTS, Pace, Place
from anomaly.kernels.compile import component
from anomaly.kernels.start import START

RECENT = 20  # points; a median of 20 is unmoved by nine of them
SIX_HOURS = 21600.0

memory_record = record(
    ("values", "f4", RECENT),  # ring
    ("values_order", "u1", RECENT),  # slots of the ring by rising value
    ("deviations", "f4", 3),  # from the profile, newest first
    ("hour_level", "f8"),  # running mean deviation over an hour
    ("six_hour_level", "f8"),
)


@component
def memory_push(rec: Record, count: int, value: float) -> None:
    """Value number `count` takes the oldest one's slot; the order stays sorted by value."""
    values, order = rec.values, rec.values_order
    slot = count % RECENT
    kept = min(count, RECENT)
    if count >= RECENT:
        kept = RECENT - 1
        i = 0
        while i < kept and order[i] != slot:
            i += 1
        for k in range(i, kept):
            order[k] = order[k + 1]
    values[slot] = value
    newest = values[slot]
    i = kept
    while i > 0 and values[order[i - 1]] > newest:
        order[i] = order[i - 1]
        i -= 1
    order[i] = slot


@component
def memory_median(rec: Record, count: int) -> float:
    """Median of the last 20, or of as many as there are."""
    n = min(count, RECENT)
    return 0.5 * (rec.values[rec.values_order[(n - 1) // 2]] + rec.values[rec.values_order[n // 2]])


@component
def memory_spread(rec: Record, count: int) -> float:
    """Distance between the quartiles of the last 20."""
    n = min(count, RECENT)
    return rec.values[rec.values_order[3 * n // 4]] - rec.values[rec.values_order[n // 4]] if n > 0 else f4(0.0)


@component
def usual_most(usual: float, spread: float) -> float:
    """The most that counts where `usual` is the mean so far: 8 of it.

    Unless half of the last 20 values lie much farther apart: then the mean is that of a start that was nearly constant.
    """
    return f8(spread) if spread > FROZEN * usual else 8 * usual


@component
def memory_deviation(rec: Record, pace: Pace, count: int, deviation: float) -> None:
    """Deviation number `count` (from 1) from the profile."""
    rec.deviations[2], rec.deviations[1], rec.deviations[0] = rec.deviations[1], rec.deviations[0], deviation
    rec.hour_level += min(0.5, pace.step / HOUR) * (deviation - rec.hour_level)
    rec.six_hour_level += max(min(0.5, pace.step / SIX_HOURS), 1.0 / count) * (deviation - rec.six_hour_level)


PREDICTORS = 8
VISITS_USED = 0.9  # a node of the week counts after about one visit,
VISITS_HALF = 1.0  # is believed by half after one,
VISITS_MOST = 20.0  # and remembers no more than twenty
SHAPE_GAIN_LEAST = 1 / 7.0  # the shape of the day follows a week
NODE_GAIN_LEAST = 0.25  # the correction of the week four weeks
EVENT_CLIP = 2.0  # a flagged deviation teaches the profile at most 2 of its mean sizes, another at most 4
FROZEN = 50.0  # a mean error that the quartiles of the last 20 values exceed 50 times was learnt while nothing moved
YOUNG = 50  # until the profile is 50 points old, it and the hours have no scale of their own to clip by,
YOUNG_CLIP = 100.0  # and learn a value as at most 100 mean errors from the median of the last 20
TRUST_DAYS = 3.0  # predictors are compared by their errors over three days

profile_record = record(
    ("level", "f8"),  # profile = level + shape of the day + correction of the week
    ("deviation", "f8"),  # running mean size of deviations from the profile
    ("points", "i8"),  # since the profile is ready, that is after the first 24 hours
    ("filled", "u1", SLOTS // 8),  # bit by bit: slots with a value, on the first day
    ("slots", "f4", SLOTS),
    ("nodes", "f4", NODES),
    ("visits", "f4", NODES),  # of the nodes of the week
    ("ready", "u1"),
)

forecaster_record = record(
    ("profile", profile_record),
    ("recent", memory_record),
    ("errors", "f8", PREDICTORS),  # running mean error of each predictor
    ("error", "f8"),  # and of the mixture
    ("tried", "i4", PREDICTORS),
)
BOUNDS = (("profile.points", 0, 2**53), ("recent.values_order", 0, RECENT - 1))


@component
def is_filled(rec: Record, slot: int) -> bool:
    """Whether the slot has a value, on the first day."""
    return (rec.filled[slot // 8] >> (slot % 8)) & 1 == 1


@component
def fill_slot(rec: Record, slot: int, value: float, gain: float) -> None:
    """First day: the slot moves by `gain` towards the value, or takes it."""
    if is_filled(rec, slot):
        rec.slots[slot] += gain * (value - rec.slots[slot])
    else:
        rec.slots[slot] = value
        rec.filled[slot // 8] |= 1 << (slot % 8)


@component
def profile_begin(rec: Record) -> None:
    """The first day is over: its mean is the level, the rest the shape; empty slots take what the last full one has."""
    total, count = 0.0, 0
    last = SLOTS - 1
    for k in range(SLOTS):
        if is_filled(rec, k):
            total += rec.slots[k]
            count += 1
            last = k
    rec.level = total / max(count, 1)
    before = rec.slots[last]
    for k in range(SLOTS):
        if is_filled(rec, k):
            before = rec.slots[k]
        rec.slots[k] = before
        rec.slots[k] -= rec.level
    rec.ready = 1


@component
def node_value(rec: Record, node: int, share: float) -> float:
    """What a node of the week adds, believed by its visits."""
    visits = rec.visits[node]
    return rec.nodes[node] * share * visits / (visits + VISITS_HALF) if visits >= VISITS_USED else 0.0


@component
def profile_before(rec: Record, place: Place, age: float, points: int) -> float:
    """The profile at this time, 0 on the first day and without a calendar."""
    if not rec.ready and place.calendar and age >= DAY and points > 3:
        profile_begin(rec)
    if not rec.ready:
        return 0.0
    correction = node_value(rec, place.node, 1 - place.node_share) + node_value(rec, place.next_node, place.node_share)
    shape = rec.slots[place.slot] * (1 - place.slot_share), rec.slots[place.next_slot] * place.slot_share
    return rec.level + shape[0] + shape[1] + correction


@component
def profile_first_day(rec: Record, place: Place, value: float, per_day: float) -> None:
    """Lets the two nearest slots learn a value of the first day."""
    density = 0.75 * SLOTS / per_day if per_day > SLOTS else 0.5
    for slot, share in ((place.slot, 1 - place.slot_share), (place.next_slot, place.slot_share)):
        if share > 0.05:
            fill_slot(rec, slot, value, min(1.0, share * share * density))


@component
def node_learn(rec: Record, node: int, share: float, error: float, per_hour: float) -> None:
    """Moves a node of the week by its share of the error."""
    gain = max(1.0 / (floor(rec.visits[node]) + 1.0), NODE_GAIN_LEAST) / per_hour * (1.5 if per_hour > 1.5 else 1.0)
    rec.nodes[node] += gain * share * error
    rec.visits[node] = min(rec.visits[node] + share / per_hour, VISITS_MOST)


@component
def profile_learn(
    rec: Record, place: Place, pace: Pace, age: float, deviation: float, spread: float, flagged: bool
) -> None:
    """Moves level, shape of the day and correction of the week by a clipped deviation (units of the value)."""
    count = rec.points
    usual = rec.deviation
    settled = count > 50 and usual > 0
    rec.deviation += rate(count, max(7 * pace.per_day, 500.0)) * (
        min(abs(deviation), usual_most(usual, spread) if settled else 1e300) - usual
    )
    usual = rec.deviation
    error = clip(deviation, -4 * usual, 4 * usual) if count > 50 and usual > 0 else deviation
    if flagged:
        error = clip(error, -EVENT_CLIP * usual, EVENT_CLIP * usual)
    rec.level += error / pace.per_day if pace.per_day > 1 else 0.3 * error
    gain = max(DAY / (age + DAY), SHAPE_GAIN_LEAST) / max(1.0, pace.per_day / SLOTS * 2 / 3.0)
    rec.slots[place.slot] += gain * (1 - place.slot_share) * error
    rec.slots[place.next_slot] += gain * place.slot_share * error
    per_hour = max(1.0, pace.per_day / 24.0)
    node_learn(rec, place.node, 1 - place.node_share, error, per_hour)
    node_learn(rec, place.next_node, place.node_share, error, per_hour)


@component
def median_of_3(a: float, b: float, c: float) -> float:
    """The middle one."""
    return max(min(a, b), min(max(a, b), c))


@component
def predict(recent: Record, points: int, prof: Record, expected: float, predictions: Array) -> None:
    """Eight predictions from one memory, NaN where there is too little past; `expected` is the profile now."""
    for k in range(PREDICTORS):
        predictions[k] = np.nan
    values, deviations = recent.values, recent.deviations
    predictions[0] = values[(points - 1) % RECENT]
    if points >= 3:
        predictions[1] = median_of_3(
            values[(points - 1) % RECENT], values[(points - 2) % RECENT], values[(points - 3) % RECENT]
        )
    if points >= 5:
        predictions[2] = memory_median(recent, points)
    if prof.ready and prof.points >= 3:
        predictions[3] = expected + deviations[0]
        predictions[4] = expected + median_of_3(deviations[0], deviations[1], deviations[2])
        predictions[5] = expected + recent.hour_level
        predictions[6] = expected + recent.six_hour_level
        predictions[7] = expected


@component
def mix(rec: Record, predictions: Array) -> float:
    """Mean of the predictions, weighted by the eighth power of how good each was."""
    best = 1e300
    for k in range(PREDICTORS):
        if rec.tried[k] >= 10 and not np.isnan(predictions[k]):
            best = min(best, rec.errors[k])
    if best > 1e299:
        return predictions[0]
    weights, total = 0.0, 0.0
    for k in range(PREDICTORS):
        if rec.tried[k] >= 10 and not np.isnan(predictions[k]):
            weight = (best + 1e-30) / (rec.errors[k] + 1e-30)
            weight *= weight
            weight *= weight
            weight *= weight
            weights += weight
            total += weight * predictions[k]
    return total / weights


@component
def forecaster_before(
    rec: Record, recent: Record, points: int, sparse: bool, expected: float, predictions: Array
) -> float:
    """What is expected of the next value, told from one memory: the mixture, or the median where a series is sparse."""
    predict(recent, points, rec.profile, expected, predictions)
    if sparse:
        return memory_median(recent, points)
    return mix(rec, predictions)


@component
def forecaster_learn(
    rec: Record, predictions: Array, value: float, residual: float, spread: float, points: int, per_day: float
) -> None:
    """Running errors of each predictor and of the mixture, each error clipped at 8 usual ones."""
    most = usual_most(rec.error, spread) if points >= START and rec.error > 0 else 1e300
    longest = max(TRUST_DAYS * per_day, 200.0)
    for k in range(PREDICTORS):
        if not np.isnan(predictions[k]):
            rec.tried[k] += 1
            rec.errors[k] += rate(i8(rec.tried[k]), longest) * (min(abs(value - predictions[k]), most) - rec.errors[k])
    rec.error += rate(points, max(7 * per_day, 500.0)) * (min(abs(residual), most) - rec.error)


@component
def forecaster_tame(rec: Record, points: int, value: float) -> float:
    """The value as profile and hours may learn it while they know nothing: not so far off that it takes days."""
    if rec.profile.points > YOUNG or points < START or rec.error <= 0:
        return f8(value)
    middle, most = memory_median(rec.recent, points), YOUNG_CLIP * rec.error
    return clip(f8(value), middle - most, middle + most)
