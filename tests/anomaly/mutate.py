"""Feeds mutated states to the decoder, and what it lets pass to the kernels: a crash or an index out of bounds ends it.

Run by `test_state.py` in a process of its own whose kernels check every index. Prints how many were refused and how
many were processed.
"""

import random
import struct
import sys
import zlib

import numpy as np

from anomaly import Detector, DetectorConfig, StateError
from anomaly.kernels.clock import LATEST_TIME

ROWS = 50
WORDS = tuple(
    struct.pack(kind, value)
    for kind, value in (
        ("<q", -1), ("<q", 2**63 - 1), ("<q", -(2**63)), ("<q", 2**31), ("<i", -1), ("<i", 2**31 - 1), ("<i", -(2**31)),
        ("<d", float("nan")), ("<d", float("inf")), ("<d", 1e308), ("<d", -1e308), ("<d", 5e-324), ("<d", -0.0),
        ("<d", 1e18), ("<f", 3e38), ("<f", float("nan")), ("<f", -1.0), ("<B", 255), ("<B", 97), ("<H", 65535),
    )
)  # fmt: skip


def states() -> list[bytes]:
    """Give states of series of every age, in the middle of an event, with times and without, of one feature and two."""
    rng = np.random.default_rng(1)
    values = rng.poisson(20, size=3000).astype(float)
    values[690:] = np.where(np.arange(2310) < 60, 200.0, values[690:])
    values[::83] = np.nan
    found = []
    for count, step in ((0, None), (5, None), (13, 60.0), (200, 3600.0), (700, 60.0), (700, None), (3000, 600.0)):
        detector = Detector()
        detector.process_many(values[:count], None if step is None else 1.7e9 + step * np.arange(count))
        found.append(detector.to_bytes())
    two = Detector(DetectorConfig(features=2))
    two.process_many(rng.normal(size=(60, 2)))
    return [*found, two.to_bytes()]


def mutated(blob: bytes, chance: random.Random) -> bytes:
    """Truncate, extend, or overwrite; mostly with a checksum that fits again, so that it reaches the checks behind."""
    kind = chance.random()
    if kind < 0.02:
        return blob[: chance.randrange(len(blob))]
    if kind < 0.04:
        return sealed(blob + chance.randbytes(chance.randrange(1, 40)))
    body = bytearray(blob)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at = chance.randrange(len(body))
        if chance.random() < 0.5:
            body[at] ^= 1 << chance.randrange(8)
        else:
            word = chance.choice(WORDS)
            at -= at % len(word)
            body[at : at + len(word)] = word
    return bytes(body[: len(blob)]) if kind < 0.06 else sealed(bytes(body[: len(blob)]))


def sealed(blob: bytes) -> bytes:
    """Give it the checksum that fits."""
    return blob[:12] + struct.pack("<I", zlib.crc32(blob[16:])) + blob[16:]


def go_on(detector: Detector, chance: random.Random) -> bool:
    """Process some rows after the last one; false where no time is left."""
    clock = detector._records.series["clock"][: detector.config.features + (detector.config.features > 1)]
    values = np.array([chance.choice((20.0, 19.0, 1e9, np.nan, -5.0)) for _ in range(ROWS * detector.config.features)])
    rows = values.reshape(ROWS, -1) if detector.config.features > 1 else values
    times = None
    if not (clock["untimed"] == 1).all():
        last = max(float(clock["last_row"].max()), -1e11)
        if not last + 60.0 * ROWS < LATEST_TIME or (clock["untimed"] == 1).any():
            return False
        times = last + 60.0 * np.arange(ROWS)
    told = detector.process_many(rows, times)
    for number in range(0, ROWS, 10):  # reasons are slow
        repr(told[number])
    detector.to_bytes()
    return True


def main() -> None:
    """Mutate as often as the first argument says, beginning with the seed of the second."""
    chance = random.Random(int(sys.argv[2]))
    originals = states()
    refused, processed = 0, 0
    for _ in range(int(sys.argv[1])):
        original = originals[-1] if chance.random() < 0.01 else chance.choice(originals[:-1])  # a joint view is slow
        blob = mutated(original, chance)
        try:
            detector = Detector.from_bytes(blob)
        except StateError:
            refused += 1
            continue
        processed += go_on(detector, chance)
    print(refused, processed)


if __name__ == "__main__":
    main()
