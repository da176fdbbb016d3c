"""From evidence to alerts, at the user's threshold.

The decision (`anomaly.kernels.decision`) says at the fixed bar how strong an alert is, if it is one: it knows what
recurs, what has become habit and what was told already. `anomaly.kernels.episodes` turns that into the user's alerts,
episodes and recoveries. Nothing flows back: what is learned never depends on the threshold.
"""

import math

from anomaly.kernels.episodes import BAR_THRESHOLD


def strength_for(threshold: float) -> float:
    """Return how strong, in bars, an alert must be for this threshold (0 up to, not including, 100).

    Above 70 it is the evidence whose score is the threshold, score = 100 (1 - .3^((e - .4)/.6)) solved for e; below 70
    the bar itself: what the decision lets through always alerts, and `episodes.is_alert` adds weaker ones.

    >>> [round(strength_for(threshold), 2) for threshold in (50, 70, 91)]
    [1.0, 1.0, 1.6]
    """
    return 0.4 + 0.6 * math.log(1 - threshold / 100) / math.log(0.3) if threshold > BAR_THRESHOLD else 1.0
