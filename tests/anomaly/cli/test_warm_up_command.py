import os
import subprocess
import sys

SCRIPT = """
import numpy as np
from anomaly import Detector, DetectorConfig, Fleet, RandomCutForest
from anomaly.cli.main import main

assert main(["warm-up"]) == 0
print("ready", flush=True)

values = np.random.default_rng(1).normal(size=40)
for features, rows in ((1, values), (2, values.reshape(20, 2))):
    detector = Detector(DetectorConfig(features=features))
    detector.process(rows[0])
    detector.process_many(rows[1:])
    Detector.from_bytes(detector.to_bytes()).process(rows[0])
fleet = Fleet()
fleet.process(["a", "b"], [1.0, 2.0])
fleet.restore("c", fleet.to_bytes("a"))
forest = RandomCutForest(dimensions=2, sample_size=16)
forest.score_and_update(values.reshape(20, 2))
forest.score(values[:2])
forest.update(values[:2])
RandomCutForest.from_bytes(forest.to_bytes()).score(values[:2])
"""


def test_after_it_no_kernel_is_left_to_compile_or_load() -> None:
    environment = {**os.environ, "NUMBA_DEBUG_CACHE": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    before, after = done.stdout.split("ready\n")

    assert "the machine code is kept in" in before
    assert before.count("[cache] data ") >= 5
    assert after == ""
