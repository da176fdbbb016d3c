"""What a series is called: the canonical encoding of measure and dimensions, and the identifier made from it.

Encoding, byte by byte (``u32`` is an unsigned 32-bit integer, most significant byte first)::

    u32 length of the measure's name in bytes, the name in UTF-8
    then for each dimension, in ascending order of the UTF-8 bytes of its name:
        u32 length of the name in bytes, the name in UTF-8
        u32 length of the value in bytes, the value in UTF-8

- ``timeseriesId`` is the SHA-256 of these bytes, as 64 lower-case hexadecimal digits.
- A series' bucket is the CRC-32 (the one of zlib and of java.util.zip) of these bytes, modulo the number of buckets.

Nothing is normalised: ``é`` as one and as two code points are two values. A COUNT without a measure field has the
measure ``*``. This encoding never changes, because identifiers of years ago must stay joinable. The Java front half
writes the same bytes; `tests/contracts/golden/series.json` holds the cases that both must agree on.
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

_LENGTH = struct.Struct(">I")


class SeriesError(ValueError):
    """Bytes that are not the canonical encoding of a series, or text that has none."""


@dataclass(frozen=True, slots=True)
class Series:
    """A measure and its dimensions, in canonical order."""

    measure: str
    dimensions: tuple[tuple[str, str], ...]


def encode_series(measure: str, dimensions: Mapping[str, str]) -> bytes:
    """Write the canonical bytes of a series.

    Parameters
    ----------
    measure
        Name of the measure, not empty.
    dimensions
        Value of each dimension by name; their order makes no difference.

    Raises
    ------
    SeriesError
        If the measure is empty or a text is not valid Unicode (a lone surrogate).
    """
    if not measure:
        msg = "the measure's name is empty, expected a field name or *"
        raise SeriesError(msg)
    try:
        names = sorted((name.encode(), value.encode()) for name, value in dimensions.items())
        texts = [measure.encode(), *(text for pair in names for text in pair)]
    except UnicodeEncodeError as error:
        msg = f"{error.object!r} is not valid Unicode: {error.reason}"
        raise SeriesError(msg) from error
    return b"".join(_LENGTH.pack(len(text)) + text for text in texts)


def decode_series(key: bytes) -> Series:
    """Read the canonical bytes of a series.

    Parameters
    ----------
    key
        What `encode_series` wrote.

    Raises
    ------
    SeriesError
        If the bytes are anything else, a different order of the dimensions included.
    """
    texts: list[bytes] = []
    offset = 0
    while offset < len(key):
        start = offset + _LENGTH.size
        if start > len(key) or (end := start + _LENGTH.unpack_from(key, offset)[0]) > len(key):
            msg = f"a series key of {len(key)} bytes is cut short at byte {offset}"
            raise SeriesError(msg)
        texts.append(key[start:end])
        offset = end
    if len(texts) % 2 == 0 or not texts[0]:
        msg = f"a series key of {len(texts)} texts, expected a measure and then pairs of a name and a value"
        raise SeriesError(msg)
    names = texts[1::2]
    if any(first >= second for first, second in pairwise(names)):
        msg = "the dimensions of a series key are not in ascending order of their names"
        raise SeriesError(msg)
    try:
        measure, *pairs = (text.decode() for text in texts)
    except UnicodeDecodeError as error:
        msg = f"a series key holds bytes that are not UTF-8: {error.reason}"
        raise SeriesError(msg) from error
    return Series(measure, tuple(zip(pairs[0::2], pairs[1::2], strict=True)))


def timeseries_id(key: bytes) -> str:
    """Name a series by the SHA-256 of its canonical bytes, in 64 lower-case hexadecimal digits."""
    return hashlib.sha256(key).hexdigest()


def bucket_of(key: bytes, buckets: int) -> int:
    """Assign a series to one of ``buckets`` buckets, the same one for ever, by the CRC-32 of its canonical bytes."""
    return zlib.crc32(key) % buckets
