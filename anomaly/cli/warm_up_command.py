"""`anomaly warm-up`: compile every kernel now, so that nobody waits for it later; made for images."""

import time

import numpy as np

from anomaly.config import DetectorConfig
from anomaly.detector import Detector
from anomaly.fleet import Fleet
from anomaly.forest import RandomCutForest
from anomaly.kernels.compile import cache_directory


def warm_up() -> None:
    """Run every kernel that Python calls once; print where the machine code is kept and how long it took."""
    start = time.perf_counter()
    fleet = Fleet()
    fleet.process(["warm-up"], [1.0], [0.0])
    fleet.restore("warm-up", fleet.to_bytes("warm-up"))
    Detector(DetectorConfig(features=2)).process([1.0, 1.0])
    forest = RandomCutForest(dimensions=2)
    forest.score_and_update(np.zeros((1, 2)))
    RandomCutForest.from_bytes(forest.to_bytes())
    seconds = time.perf_counter() - start
    directory = cache_directory()
    if directory is None:
        print(
            f"ready after {seconds:.1f} s, and only for now: no directory to keep the machine code in can be written to"
        )
        print("set NUMBA_CACHE_DIR to one")
    else:
        print(f"ready after {seconds:.1f} s; the machine code is kept in {directory}")
