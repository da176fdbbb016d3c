"""What people are told: the user's threshold, LEARNING, episodes, alerts and recoveries, after the scoring.

Nothing here flows back into what is learnt, so a threshold can be changed at any time.
"""

from math import exp

import numpy as np

from anomaly.kernels.arithmetic import Array, Record, clip, i8, record
from anomaly.kernels.clock import DAY
from anomaly.kernels.columns import (
    ALERT,
    CONFIDENCE,
    DIRECTION,
    EPISODE,
    EVIDENCE,
    EXPECTED,
    HELD,
    HIGH,
    INFERENCE,
    IS_ANOMALY,
    LOW,
    POINTS,
    RECOVERED,
    SCORE,
    SIDE,
    STEP,
    STRENGTH,
)
from anomaly.kernels.compile import component
from anomaly.kernels.decision import FAST_SECONDS, LONG_AGO
from anomaly.kernels.start import VALUE_LIMIT

LEARNING_LEAST, LEARNING_MOST = 32.0, 300.0  # points of the LEARNING stage, if not set: those of a day within these
CONFIDENCE_DECAY = 1 / 2560  # a point: how fast the past loses weight in the confidence, as AWS has it
BAR_THRESHOLD = 70.0  # the threshold at which an alert needs just the strength of the fixed bar, 1

episode_record = record(
    ("start", "f8"),  # time of the first point over the threshold
    ("last_over", "i8"),  # point of the last score over the threshold
    ("last_active", "i8"),  # point of the last that was over it, or held back
    ("last_strong", "i8"),  # point of the last with evidence over the fixed bar
    ("missing", "i8"),  # rows without a value
    ("output_after", "i4"),  # length of the LEARNING stage, once it is over; 0 before
    ("open", "u1"),
    ("alerted", "u1"),
    ("let", "u1"),  # the decision let an alert through, and the evidence has not gone since
)
BOUNDS = (("missing", 0, 2**53), ("output_after", 0, 10**9))


def episode_new(rec: Record) -> None:
    """Begin: nothing over the threshold yet."""
    rec["last_over"] = rec["last_active"] = rec["last_strong"] = LONG_AGO


@component
def learning_points(step: float) -> int:
    """Length of the LEARNING stage for this step, in points: a day, at least 32, at most 300."""
    return int(clip(DAY / step, LEARNING_LEAST, LEARNING_MOST) if step > 0 else LEARNING_MOST)


@component
def confidence_of(points: int, missing: int, output_after: int) -> float:
    """How much the model has seen, 0 to 100 (`anomaly.confidence` has the formula)."""
    if points <= output_after:
        return 0.0
    quality = points / (points + missing)
    exponent = CONFIDENCE_DECAY * points
    if exponent >= 20:
        return 100.0 * min(1.0, quality)
    grown = exp(exponent)
    share = (grown - exp(CONFIDENCE_DECAY * output_after)) / (grown - 1.0)
    return max(0.0, 100.0 * quality * share)


@component
def is_alert(rec: Record, out: Array, points: int, apart: float, threshold: float, strength: float) -> bool:
    """Whether a score over the threshold should reach people.

    From the fixed bar on it is the decision there, once it is strong enough for the threshold: at once, or when what
    was let through has grown. Below the bar any first score over the threshold is an alert, but what the decision keeps
    quiet stays quiet.
    """
    if out[STRENGTH] >= strength:
        return True
    if rec.let and not rec.alerted and out[EVIDENCE] >= strength:
        return True
    return threshold < BAR_THRESHOLD and out[EVIDENCE] < 1.0 and points - rec.last_over > apart


@component
def tell(
    rec: Record,
    time: float,
    value: float,
    threshold: float,
    strength: float,
    output_after: int,
    out: Array,
) -> None:
    """Turns what the components found in one row into what people are told."""
    points = int(out[POINTS])
    missing = not abs(value) < VALUE_LIMIT
    if missing:
        rec.missing += 1
    learning = i8(rec.output_after)
    if learning == 0:
        learning = output_after if output_after > 0 else learning_points(out[STEP])
        if points > learning:
            rec.output_after = learning
    out[CONFIDENCE] = confidence_of(points, rec.missing, learning)
    if points <= learning:
        out[SCORE] = 0.0
        out[EXPECTED : HIGH + 1] = np.nan
        return
    out[INFERENCE] = 1.0
    apart = max(1.0, FAST_SECONDS / out[STEP]) if out[STEP] > 0 else 10.0
    over = out[SCORE] > threshold and not missing
    outside = rec.open == 1 and not missing and not out[LOW] <= value <= out[HIGH]
    active = over or outside or (out[HELD] > 0 and not missing)
    if out[EVIDENCE] >= 1:
        rec.let = (rec.let and points - rec.last_strong <= apart) or out[STRENGTH] >= 1
        rec.last_strong = points
    if out[SCORE] > 0:
        out[DIRECTION] = out[SIDE]
    if over:
        out[IS_ANOMALY] = 1.0
        if not rec.open:
            rec.open, rec.alerted, rec.start = 1, 0, time
        if is_alert(rec, out, points, apart, threshold, strength):
            out[ALERT] = 1.0
            rec.alerted = 1
        rec.last_over = points
    if active:
        rec.last_active = points
    if rec.open:
        out[EPISODE] = rec.start
        if points - rec.last_active >= apart:
            out[RECOVERED] = rec.alerted
            rec.open, rec.alerted = 0, 0
