"""Dead letters and late records: events that were not counted, and why.

Both are JSON on a topic of their own, keyed by `topic-partition-offset` so that a repeat is recognisable.
"""

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
