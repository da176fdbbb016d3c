"""What the JVM half and the Python half hand each other: binary blocks, most significant byte first.

Payload, one per bucket and period (`i64` a signed, `u32` an unsigned integer, `f64` an IEEE double)::

    i64 start of the period, i64 its end, in milliseconds since 1970-01-01 UTC
    u32 number of series, then for each, in strictly ascending order of its key:
        u32 length of the key, the key (`contracts.series`), f64 aggregated measure, finite

Block of results, one per payload::

    u32 number of records, then for each: u32 length of the Kafka key, the key, u32 length of the value, the value
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

_PAYLOAD_HEAD = struct.Struct(">qqI")
_U32 = struct.Struct(">I")
_F64 = struct.Struct(">d")


class BlockError(ValueError):
    """Bytes that are not a payload or a block of results; the text tells where they go wrong."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The aggregated measures of a bucket's series in one period.

    `start` and `end` are in milliseconds since 1970-01-01 UTC; `keys` are in ascending order, each with the value
    at its place.
    """

    start: int
    end: int
    keys: tuple[bytes, ...]
    values: tuple[float, ...]

    def of(self, places: Sequence[int]) -> "Payload":
        """Give the payload of some of its series, by their places."""
        return Payload(self.start, self.end, tuple(self.keys[i] for i in places), tuple(self.values[i] for i in places))


def encode_payload(payload: Payload) -> bytes:
    """Write a payload; its series must be in ascending order."""
    parts = [_PAYLOAD_HEAD.pack(payload.start, payload.end, len(payload.keys))]
    for key, value in zip(payload.keys, payload.values, strict=True):
        parts += (_U32.pack(len(key)), key, _F64.pack(value))
    return b"".join(parts)


def decode_payload(data: bytes) -> Payload:
    """Read a payload.

    Parameters
    ----------
    data
        What the JVM half wrote.

    Raises
    ------
    BlockError
        If the bytes are cut short or too long, the period is empty, a value is not finite, or the series are not in
        strictly ascending order.
    """
    if len(data) < _PAYLOAD_HEAD.size:
        msg = f"a payload of {len(data)} bytes, expected at least {_PAYLOAD_HEAD.size}"
        raise BlockError(msg)
    start, end, count = _PAYLOAD_HEAD.unpack_from(data)
    if start >= end:
        msg = f"a payload's period ends at {end}, not after its start at {start}"
        raise BlockError(msg)
    keys: list[bytes] = []
    values: list[float] = []
    offset, previous = _PAYLOAD_HEAD.size, b""
    for _ in range(count):
        key, offset = _take(data, offset)
        if offset + _F64.size > len(data):
            msg = f"a payload of {len(data)} bytes is cut short at byte {offset}"
            raise BlockError(msg)
        (value,) = _F64.unpack_from(data, offset)
        offset += _F64.size
        if not math.isfinite(value):
            msg = f"a payload holds the value {value}, expected finite numbers"
            raise BlockError(msg)
        if key <= previous:
            msg = "a payload's series are not in strictly ascending order of their keys"
            raise BlockError(msg)
        keys.append(key)
        values.append(value)
        previous = key
    _expect_end(data, offset)
    return Payload(start, end, tuple(keys), tuple(values))


def encode_results(records: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write a block of results from pairs of Kafka key and value."""
    parts = [_U32.pack(len(records))]
    for key, value in records:
        parts += (_U32.pack(len(key)), key, _U32.pack(len(value)), value)
    return b"".join(parts)


def _take(data: bytes, offset: int) -> tuple[bytes, int]:
    start = offset + _U32.size
    if start > len(data) or (end := start + _U32.unpack_from(data, offset)[0]) > len(data):
        msg = f"a block of {len(data)} bytes is cut short at byte {offset}"
        raise BlockError(msg)
    return data[start:end], end


def _expect_end(data: bytes, offset: int) -> None:
    if offset != len(data):
        msg = f"a block of {len(data)} bytes has {len(data) - offset} bytes too many"
        raise BlockError(msg)
