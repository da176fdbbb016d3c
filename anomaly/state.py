"""A series' state as bytes: a header, then its records as they lie in memory. Checked before a kernel sees them.

Layout, all numbers little-endian::

    8 bytes   the text "ANOMALY" and a zero byte
    u16       version of the layout: 2
    u16       features
    u32       CRC-32 of everything that follows
    8 bytes   digest of the record's layout: names, types and places of all its fields
    f64       threshold
    u32       output_after; 0 where it follows the step
    u32       bytes of the joint view that follow the records; 0 for one feature
    then      the record of each series (one a feature, and one more for the joint view where there are several),
              the joint view

The records know their components; this module does not.
"""

import hashlib
import struct
import zlib
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from anomaly.config import DetectorConfig
from anomaly.errors import StateError
from anomaly.kernels.check import fault_in, leaves_of, series_checks
from anomaly.kernels.step import series_record

STATE_VERSION = 2
MAGIC = b"ANOMALY\0"

_HEAD = struct.Struct("<8sHHI")
_TERMS = struct.Struct("<8sdII")
HEADER_SIZE = _HEAD.size + _TERMS.size


class Stored(NamedTuple):
    """What bytes describe: settings, the bytes of the records, shape (series, bytes), and of the joint view."""

    features: int
    threshold: float
    output_after: int
    series: npt.NDArray[np.uint8]
    joint: bytes

    def config(self) -> DetectorConfig:
        """Return the settings.

        Raises
        ------
        StateError
            When one is impossible.
        """
        try:
            return DetectorConfig(
                threshold=self.threshold, output_after=self.output_after or None, features=self.features
            )
        except ValueError as error:
            msg = f"the state holds an impossible setting: {error}"
            raise StateError(msg) from error


def series_count(features: int) -> int:
    """Return how many series an observation of so many features has: the joint view is one more."""
    return features + 1 if features > 1 else 1


def encode(config: DetectorConfig, series: bytes, joint: bytes = b"") -> bytes:
    """Return records as bytes behind a header."""
    body = _TERMS.pack(layout_digest(), config.threshold, config.output_after or 0, len(joint)) + series + joint
    return _HEAD.pack(MAGIC, STATE_VERSION, config.features, zlib.crc32(body)) + body


def decode(blob: bytes | bytearray | memoryview) -> Stored:
    """Return what bytes describe; they are trusted in nothing.

    Raises
    ------
    StateError
        When the bytes are no state, are damaged, have another version or layout, or hold what no kernel may see.
    """
    if not isinstance(blob, (bytes, bytearray, memoryview)):
        msg = f"a state is bytes, got {type(blob).__name__}"  # type: ignore[unreachable]
        raise StateError(msg)
    blob = bytes(blob)
    if len(blob) < HEADER_SIZE or not blob.startswith(MAGIC):
        msg = "these bytes are not a series' state: it starts with the text ANOMALY and a zero byte"
        raise StateError(msg)
    _, version, features, checksum = _HEAD.unpack_from(blob)
    if version != STATE_VERSION:
        msg = f"a state of version {version} can't be read: this library reads {STATE_VERSION}"
        raise StateError(msg)
    if zlib.crc32(memoryview(blob)[_HEAD.size :]) != checksum:
        msg = "the state is damaged: its checksum does not fit its content"
        raise StateError(msg)
    digest, threshold, output_after, joint_size = _TERMS.unpack_from(blob, _HEAD.size)
    if digest != layout_digest():
        msg = (
            "the state's records have another layout: it was written by another version of the library, "
            "or on a machine with another order of bytes"
        )
        raise StateError(msg)
    count = series_count(features)
    joint_at = HEADER_SIZE + count * series_record.itemsize
    if not features or len(blob) != joint_at + joint_size:
        msg = f"a state of {features} feature(s) has {joint_at + joint_size} bytes, got {len(blob)}"
        raise StateError(msg)
    if features == 1 and joint_size:
        msg = f"a state of one feature has no joint view, got {joint_size} bytes of one"
        raise StateError(msg)
    series = np.frombuffer(blob, np.uint8, joint_at - HEADER_SIZE, HEADER_SIZE).copy().reshape(count, -1)
    for record in series:
        fault = fault_in(record, series_checks())
        if fault:
            msg = f"the state of a series {fault}"
            raise StateError(msg)
    return Stored(features, threshold, output_after, series, blob[joint_at:])


@cache
def layout_digest() -> bytes:
    """Return 8 bytes that stand for the layout of a series' record."""
    text = "\n".join(f"{path} {kind.str} {first} {count}" for path, kind, first, count in leaves_of(series_record))
    return hashlib.sha256(f"{text}\n{series_record.itemsize}".encode()).digest()[:8]
