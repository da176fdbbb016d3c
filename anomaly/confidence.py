"""How much a model has seen: AWS's data confidence, digit for digit."""

import math

from anomaly.kernels.episodes import CONFIDENCE_DECAY


def confidence(points: int, output_after: int, quality: float = 1.0) -> float:
    """Return how sure the model can be, from what it has seen; it says nothing about how strange a point is.

    The share of the decayed weight of the series that came after the LEARNING stage, times the share of its points
    that were not missing (`AnomalyDescriptor.setDataConfidence` in random-cut-forest-by-aws)::

        100 * quality * (e^(decay*n) - e^(decay*min(n, output_after))) / (e^(decay*n) - 1)

    Parameters
    ----------
    points
        Points processed, n.
    output_after
        Length of the LEARNING stage in points.
    quality
        Share of points that were not missing, 0 to 1.

    Returns
    -------
    float
        0 to 100; higher is surer. 0 in the LEARNING stage.

    Examples
    --------
    >>> confidence(1261, 300)
    80.4674989791107
    """
    if points <= output_after:
        return 0.0
    exponent = CONFIDENCE_DECAY * points
    if exponent >= 20:  # as AWS has it: the formula's value differs from the quality by less than 1e-8 from here on
        return 100.0 * min(1.0, quality)
    grown = math.exp(exponent)
    share = (grown - math.exp(CONFIDENCE_DECAY * min(points, output_after))) / (grown - 1.0)
    return max(0.0, 100.0 * quality * share)
