"""The kernels' source runs uncompiled, too, and says the same."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json
import numpy as np
from anomaly import Detector, DetectorConfig

values = np.random.default_rng(1).poisson(20, size=130).astype(float)
values[120] = 90
config = DetectorConfig(seed=7, trees=4, sample_size=16, output_after=100, time_decay=0.02)
with np.errstate(over="ignore"):  # the hash multiplies modulo 2**64 on purpose
    detector = Detector(config)
    detections = detector.process_many(values)
    restored = Detector.from_bytes(detector.to_bytes())
    last = restored.process(21.0)
print(json.dumps([detections.raw_score.tolist(), detections.score.tolist(), last.raw_score, detections.alert.tolist()]))
"""


def run(**environment: str) -> list[list[float]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_uncompiled_kernels_give_the_same_numbers() -> None:
    compiled, plain = run(), run(NUMBA_DISABLE_JIT="1")

    assert plain[0] == pytest.approx(compiled[0], rel=1e-12)
    assert plain[1] == pytest.approx(compiled[1], rel=1e-9)
    assert plain[2] == pytest.approx(compiled[2], rel=1e-12)
    assert plain[3] == compiled[3]
    assert plain[3][120]
