"""From a row, as PostgreSQL writes its values in text, to a flat JSON record and its key.

Nothing is converted through Python's own numbers and dates, so nothing is rounded and no value is too large, too early
or infinite to be read: the digits of a numeric, a bigint or a double go into the JSON as they are.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

_NUMBER_TYPES = {20, 21, 23, 26, 700, 701, 1700}  # int8, int2, int4, oid, float4, float8, numeric
_BOOLEAN_TYPE = 16
_TIMESTAMP_TYPE, _TIMESTAMP_WITH_ZONE_TYPE = 1114, 1184

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Record:
    """One row on its way; `time` is the timestamp column as PostgreSQL writes it."""

    key: bytes | None
    value: bytes
    time: str

    @property
    def size(self) -> int:
        """Bytes of the value."""
        return len(self.value)


class RecordWriter:
    """Writes the rows of one query.

    Parameters
    ----------
    columns
        Name and type (PostgreSQL's oid) of each column of the query, in order.
    timestamp_column
        The name of the one that selects rows.
    dimensions
        The names of those that make the key.
    """

    def __init__(self, columns: Sequence[tuple[str, int]], timestamp_column: str, dimensions: Collection[str]) -> None:
        names = [name for name, _ in columns]
        self._renderers = [_renderer(oid) for _, oid in columns]
        self._labels = [_text(name) + ":" for name in names]
        self._time = names.index(timestamp_column)
        # In order of name, so that the order of the settings has no say in the key.
        self._key = [names.index(name) for name in sorted(dimensions)]

    def write(self, row: Row) -> Record:
        """Write a row as compact JSON in the query's order of columns; NULL becomes null.

        The key is the JSON object of the dimensions in order of their names, absent where there are none.
        """
        fields = [
            label + ("null" if value is None else render(value))
            for label, render, value in zip(self._labels, self._renderers, row, strict=True)
        ]
        key = ("{" + ",".join([fields[index] for index in self._key]) + "}").encode() if self._key else None
        return Record(key, ("{" + ",".join(fields) + "}").encode(), row[self._time] or "")


def _renderer(oid: int) -> Callable[[str], str]:
    if oid in _NUMBER_TYPES:
        return _number
    if oid == _BOOLEAN_TYPE:
        return _boolean
    if oid in (_TIMESTAMP_TYPE, _TIMESTAMP_WITH_ZONE_TYPE):
        return _timestamp
    return _text


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: str) -> str:
    """Leave digits as they are; NaN and the infinities, which JSON has no numbers for, become text."""
    return value if value[-1].isdigit() else _text(value)


def _boolean(value: str) -> str:
    return "true" if value == "t" else "false"


def _timestamp(value: str) -> str:
    """Write `2024-08-29 13:35:12.5+00`, and the same without a zone, as ISO 8601; years BC and infinities stay."""
    date, space, time = value.removesuffix("+00").partition(" ")
    return f'"{date}T{time}Z"' if space and time[-1].isdigit() else _text(value)
