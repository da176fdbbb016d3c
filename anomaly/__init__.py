"""Streaming anomaly detection for time series: an online detector with Random Cut Forests and a 0-100 score.

>>> from anomaly import Detector, DetectorConfig
>>> detector = Detector(DetectorConfig(threshold=70))
>>> detection = detector.process(14.0)
>>> detection.stage, detection.score
(<Stage.LEARNING: 'LEARNING'>, 0.0)
"""

from anomaly.config import DetectorConfig
from anomaly.detections import Attribution, Detection, Detections, Direction, Stage
from anomaly.detector import Detector
from anomaly.errors import StateError
from anomaly.fleet import Fleet
from anomaly.forest import RandomCutForest

__all__ = [
    "Attribution",
    "Detection",
    "Detections",
    "Detector",
    "DetectorConfig",
    "Direction",
    "Fleet",
    "RandomCutForest",
    "Stage",
    "StateError",
]
