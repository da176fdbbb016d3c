"""Dead letters and late records: events that were not counted, and why.

Both are JSON on a topic of their own, keyed by `topic-partition-offset` so that a repeat is recognisable.
"""

import base64
from typing import Literal

import msgspec

MAX_BODY_BYTES = 262_144
"""A body is cut to this many bytes, so that a record at the broker's size limit still fits into its dead letter."""


class DeadLetter(msgspec.Struct, frozen=True, rename="camel"):
    """A record that was not counted.

    `timestamp` is the Kafka record's own, in milliseconds. `body` is its value as text, or in base64 where it is
    not UTF-8 (`body_encoding` tells), null where the value was null, cut to `MAX_BODY_BYTES`; `body_bytes` is the
    size it had.
    """

    reason: str
    topic: str
    partition: int
    offset: int
    timestamp: int
    body: str | None
    body_encoding: Literal["utf-8", "base64"] = "utf-8"
    body_bytes: int = 0


def body_of(
    value: bytes | str | None, most: int = MAX_BODY_BYTES
) -> tuple[str | None, Literal["utf-8", "base64"], int]:
    """Give the body of a letter, its encoding, and the size that the value had.

    Parameters
    ----------
    value
        Of the Kafka record; text where it came as text that should have been base64.
    most
        How many bytes are kept.
    """
    if value is None:
        return None, "utf-8", 0
    # What JSON can hold and UTF-8 cannot, half a character, would make a letter that nobody can write.
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(data[:most]).decode("ascii"), "base64", len(data)
    return data[:most].decode("utf-8", "ignore"), "utf-8", len(data)  # a character may be cut in two
