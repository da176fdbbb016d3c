"""The marker: how far rows have been published.

It is one JSON record on the progress topic, of which the last one counts::

    {"position":"2024-08-29T13:35:00Z","table":"public.sales","timestampColumn":"event_time","inputTopic":"sales",
     "recentStart":"2024-08-29T13:25:00Z","recentRows":412}

All rows before `position` have been published. `table`, `timestampColumn` and `inputTopic` say whose marker it is.
`recentRows` is how many rows of [`recentStart`, `position`) the database showed then; the next run counts again, and
if there are more, they were committed too late to be seen. Only `position` is required, so that a person can write a
marker by hand.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from ingest_lambda.errors import ProgressError
from readers.times import moment, written

KEY = b"progress"
"""The record's key: constant, so that a compacted topic keeps the last marker for ever."""


@dataclass(frozen=True, slots=True)
class Marker:
    """How far rows have been published; times in UTC."""

    position: datetime
    table: str | None = None
    timestamp_column: str | None = None
    input_topic: str | None = None
    recent_start: datetime | None = None
    recent_rows: int = 0


def encode(marker: Marker) -> bytes:
    """Write a marker as JSON."""
    fields = {
        "position": written(marker.position),
        "table": marker.table,
        "timestampColumn": marker.timestamp_column,
        "inputTopic": marker.input_topic,
        "recentStart": written(marker.recent_start) if marker.recent_start else None,
        "recentRows": marker.recent_rows,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def decode(data: bytes) -> Marker:
    """Read a marker, skipping unknown fields.

    Parameters
    ----------
    data
        The value of a record of the progress topic.

    Raises
    ------
    ProgressError
        It is not a marker.
    """
    try:
        fields = json.loads(data)
        recent_start = fields.get("recentStart")
        return Marker(
            position=moment(fields["position"]),
            table=_name(fields.get("table")),
            timestamp_column=_name(fields.get("timestampColumn")),
            input_topic=_name(fields.get("inputTopic")),
            recent_start=moment(recent_start) if recent_start else None,
            recent_rows=int(fields.get("recentRows") or 0),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        expected = '{"position":"2024-08-29T13:35:00Z"}, the time with Z or an offset'
        msg = f"the last record of PROGRESS_TOPIC is not a marker, expected {expected}"
        raise ProgressError(msg) from error


def _name(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value
