"""What the evidence means: a score from 0 to 100, and an unbounded rank."""

from math import log10

from anomaly.kernels.arithmetic import Record, clip, record
from anomaly.kernels.compile import component
from anomaly.kernels.histogram import BINS, bin_of, histogram_new, histogram_record

SCORE_MEMORY = 10000.0  # points
SCORE_BELOW = 69.0  # the most that a point below the bar can score
RANK_SHARE = 0.3  # the rank follows the evidence of about three points

score_record = record(
    ("evidence", histogram_record),  # of all points
    ("rank", "f8"),  # running mean of surprise and of the value forest's evidence
)


def score_new(rec: Record) -> None:
    """Begin: nothing counted."""
    histogram_new(rec["evidence"])


@component
def score_of(rec: Record, evidence: float) -> float:
    """From the bar on 70 to 100; below it how rare this much evidence is here: 20 one point in 10, 40 one in 100."""
    if evidence >= 1:
        return 100 * (1 - 0.3 ** ((evidence - 0.4) / 0.6))
    here = bin_of(evidence)
    if here == 0:
        return 0.0
    more = 0.0
    for k in range(here + 1, BINS):
        more += rec.evidence.bins[0, k]
    more += 0.5 * rec.evidence.bins[0, here]
    share = (more + rec.evidence.unit) / (rec.evidence.total + rec.evidence.unit)
    return clip(20 * log10(1 / share), 0.0, SCORE_BELOW)  # a sum in float32 may exceed the total


@component
def score_rank(rec: Record, surprise: float, forest_value: float) -> float:
    """Unbounded, for ordering points and one threshold over many series: what residual and forest say, smoothed."""
    rec.rank += RANK_SHARE * (surprise + forest_value - rec.rank)
    return rec.rank
