"""Writes the golden states of this version: `python tests/anomaly/write_golden.py` from the root of the project.

For one feature and for two, a state (`.bin`) in the middle of an event, and what came next (`.csv`: the features,
then score, raw score and expected values, as the detector that goes on says them). Files of released versions stay.
"""

from pathlib import Path

import numpy as np

from anomaly import Detector, DetectorConfig
from anomaly.state import STATE_VERSION

GOLDEN = Path(__file__).parent / "golden"
MINUTE, START = 60.0, 1_724_630_400.0


def main() -> None:
    """Write both."""
    for name, features, before, after in (("", 1, 4000, 600), ("_two", 2, 400, 200)):
        rng = np.random.default_rng(2)
        values = rng.poisson(20, size=(before + after, features)).astype(float)
        values[before - 20 : before + 40] += 50
        values[before + 100, 0] = 300
        values[50::83] = np.nan
        times = START + MINUTE * np.arange(before + after)
        detector = Detector(DetectorConfig(features=features))
        detector.process_many(values[:before], times[:before])
        GOLDEN.mkdir(exist_ok=True)
        path = GOLDEN / f"state_v{STATE_VERSION}{name}.bin"
        path.write_bytes(detector.to_bytes())
        told = detector.process_many(values[before:], times[before:])
        columns = times[before:], values[before:], told.score, told.raw_score, told.expected_value
        np.savetxt(path.with_suffix(".csv"), np.column_stack(columns), "%.9g", ",")


if __name__ == "__main__":
    main()
