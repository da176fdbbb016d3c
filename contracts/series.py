"""What a series is called: the canonical encoding of measure and dimensions, and the identifier made from it.

Encoding, byte by byte (`u32` is an unsigned 32-bit integer, most significant byte first)::

    u32 length of the measure's name in bytes, the name in UTF-8
    then for each dimension, in ascending order of the UTF-8 bytes of its name:
        u32 length of the name in bytes, the name in UTF-8
        u32 length of the value in bytes, the value in UTF-8

- `timeseriesId` is the SHA-256 of these bytes, as 64 lower-case hexadecimal digits.
- A series' bucket is the CRC-32 (the one of zlib and of java.util.zip) of these bytes, modulo the number of buckets.

Nothing is normalised: `é` as one and as two code points are two values. A COUNT without a measure field has the
measure `*`. This encoding never changes, because identifiers of years ago must stay joinable. The job's JVM half
(`SeriesKey`) writes the bytes; `tests/contracts/golden/series.json` holds cases of them.
"""

import hashlib
import struct
from dataclasses import dataclass
from itertools import pairwise

_LENGTH = struct.Struct(">I")


class SeriesError(ValueError):
    """Bytes that are not the canonical encoding of a series."""


@dataclass(frozen=True, slots=True)
class Series:
    """A measure and its dimensions, in canonical order."""

    measure: str
    dimensions: tuple[tuple[str, str], ...]


def decode_series(key: bytes) -> Series:
    """Read the canonical bytes of a series.

    Parameters
    ----------
    key
        As the JVM half wrote it.

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
