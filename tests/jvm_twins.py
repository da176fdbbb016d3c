"""What only the JVM half does, a second time: bytes and bucket of a series, payloads gathered, results taken apart."""

import struct
import zlib
from collections.abc import Iterable, Mapping

from flink_job.wire import Payload


def encode_series(measure: str, dimensions: Mapping[str, str]) -> bytes:
    names = sorted((name.encode(), value.encode()) for name, value in dimensions.items())
    texts = [measure.encode(), *(text for pair in names for text in pair)]
    return b"".join(struct.pack(">I", len(text)) + text for text in texts)


def bucket_of(key: bytes, buckets: int) -> int:
    return zlib.crc32(key) % buckets


def payload_of(start: int, end: int, pairs: Iterable[tuple[bytes, float]]) -> Payload:
    gathered = sorted(pairs)
    return Payload(start, end, tuple(key for key, _ in gathered), tuple(value for _, value in gathered))


def decode_results(block: bytes) -> list[tuple[bytes, bytes]]:
    """Read a block of results into pairs of Kafka key and value."""
    parts: list[bytes] = []
    offset = 4
    while offset < len(block):
        (length,) = struct.unpack_from(">I", block, offset)
        parts.append(block[offset + 4 : offset + 4 + length])
        offset += 4 + length
    assert (offset, len(parts)) == (len(block), 2 * int.from_bytes(block[:4], "big"))
    return list(zip(parts[0::2], parts[1::2], strict=True))
