"""The first twelve values, kept until the wild ones among them can be told."""

from anomaly.kernels.arithmetic import Array, Record, clip, record
from anomaly.kernels.compile import component

VALUE_LIMIT = 1e30  # a value beyond is taken for nonsense (an infinity, a largest number), its row for missing
START = 12  # values; until the twelfth nothing is expected, judged or learnt
START_USUAL = 9  # three of the twelve may be wild; if more are far off, being far off is usual
START_CLIP = 10.0  # wild: more than ten times as far from the median as nine of the twelve

start_record = record(
    ("times", "f8", START),
    ("values", "f8", START),  # as they came, the wild ones clipped when the series begins
    ("kept", "u1"),  # so far; START = the series has begun
)
BOUNDS = (("kept", 0, START),)


@component
def start_ranked(values: Array, rank: int) -> float:
    """The value that takes this rank (from 0) among the twelve."""
    for k in range(START):
        less, equal = 0, 0
        for i in range(START):
            less += values[i] < values[k]
            equal += values[i] == values[k]
        if less <= rank < less + equal:
            return values[k]
    return values[0]


@component
def start_origin(rec: Record, distances: Array) -> float:
    """The median of the twelve; clips the wild ones.

    Where nine are equal whatever happens is far from the median: then the farthest is measured against the second, and
    a single one says nothing yet.
    """
    values = rec.values[:]
    origin = start_ranked(values, START // 2)
    for k in range(START):
        distances[k] = abs(values[k] - origin)
    usual = start_ranked(distances, START_USUAL - 1)
    if usual == 0:
        usual = start_ranked(distances, START - 2)
    for k in range(START):
        values[k] = clip(values[k], origin - START_CLIP * usual, origin + START_CLIP * usual)
    return origin
