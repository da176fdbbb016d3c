"""Streaming anomaly detection for time series: an online Random Cut Forest with a 0-100 score.

>>> from anomaly import Detector, DetectorConfig
>>> detector = Detector(DetectorConfig(threshold=70, seed=7))
>>> detection = detector.process(14.0)
>>> detection.stage, detection.score
(<Stage.LEARNING: 'LEARNING'>, 0.0)
"""

from anomaly.config import DetectorConfig
from anomaly.detector import Detection, Detections, Detector, Direction, Stage
from anomaly.errors import StateError
from anomaly.forest import RandomCutForest

__all__ = [
    "Detection",
    "Detections",
    "Detector",
    "DetectorConfig",
    "Direction",
    "RandomCutForest",
    "Stage",
    "StateError",
]
