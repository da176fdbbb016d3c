"""Dead letters and late records: events that were not counted, and why.

Both are JSON on a topic of their own, keyed by ``topic-partition-offset`` so that a repeat is recognisable.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from contracts.results import RecordError

MAX_BODY_BYTES = 262_144
"""A body is cut to this many bytes, so that a record at the broker's size limit still fits into its dead letter."""

LATE = "late"
"""The reason of a record whose period had already been emitted when it arrived; such records go to the late topic."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "the value is null or has no bytes",
        "not_utf8": "the bytes are not UTF-8",
        "not_json": "the text is not strict JSON",
        "not_an_object": "the JSON is not an object",
        "missing_timestamp": "the timestamp field is absent or null",
        "bad_timestamp": "the timestamp is neither ISO 8601 text nor epoch seconds or milliseconds",
        "timestamp_in_future": "the timestamp is later than the record's own by more than max.future",
        "missing_measure": "the measure field is absent or null",
        "bad_measure": "the measure is not a JSON number, or is written with more than 400 characters",
        "measure_out_of_range": "the measure is beyond what a double can hold",
        "missing_dimension": "a dimension field is absent or null",
        "bad_dimension": "a dimension is an object or an array, or is not valid Unicode",
    }
)
"""What each reason of a dead letter means; the first that applies, in this order, is given."""


class DeadLetter(msgspec.Struct, frozen=True, rename="camel"):
    """A record that was not counted.

    ``timestamp`` is the Kafka record's own, in milliseconds. ``body`` is its value as text, or in base64 where it is
    not UTF-8 (``body_encoding`` tells), null where the value was null, cut to `MAX_BODY_BYTES`; ``body_bytes`` is the
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


_decoder = msgspec.json.Decoder(DeadLetter)


def decode(data: bytes | str) -> DeadLetter:
    """Read a dead letter or a late record, skipping unknown fields.

    Parameters
    ----------
    data
        The record's JSON.

    Raises
    ------
    RecordError
        If the bytes are not JSON or not a dead letter.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        msg = f"not a dead letter: {error}"
        raise RecordError(msg) from error
