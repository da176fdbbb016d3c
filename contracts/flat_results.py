"""Flat results: a result as one row of a table, with its dimensions both in a map and in columns of their own.

`COLUMNS` follows from the fields of `contracts.results.Result`; the JSON rows, the columns of the Glue table, the Arrow
schema and the table in the documentation follow from it. Columns are only ever added.

After the fixed columns a row has one text column for each of its dimensions, named by `dimension_column`. The partition
column `dt` is not in the row but in the path.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

import msgspec

from contracts.results import SCHEMA_VERSION, Attribution, Dimension, RecordError, Result

FLAT_SCHEMA_VERSION = SCHEMA_VERSION
"""The rows' version: they change when the record does."""

PARTITION_COLUMN = "dt"
"""`YYYY-MM-DD`: the UTC date of `detection_period_start_time`."""


class Kind(StrEnum):
    """What a column holds; the text is the type's name in Glue and Athena."""

    TEXT = "string"
    NUMBER = "double"
    COUNT = "bigint"
    SMALL = "int"
    TIME = "timestamp"
    TEXTS = "map<string,string>"
    NUMBERS = "map<string,double>"


@dataclass(frozen=True, slots=True)
class Column:
    """One fixed column of the table."""

    name: str
    """In lower case, as Glue wants it."""
    kind: Kind
    """What it holds."""
    meaning: str
    """In one line."""
    nullable: bool = False
    """Whether a row may have no value."""


def _column(field: msgspec.structs.FieldInfo) -> Column:
    hint, meta = get_args(field.type)
    name = {"dimension_list": "dimensions"}.get(field.name, field.name)
    kind = Kind(meta.extra["kind"]) if meta.extra else _kind(hint)
    return Column(name, kind, meta.description, type(None) in get_args(hint))


def _kind(hint: Any) -> Kind:  # noqa: ANN401 - a type
    """Tell what holds values of a type; None counts for nothing, a choice of texts or numbers is text or a number."""
    kinds = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is Literal:
        return _KINDS[type(kinds[0])]
    return _KINDS[kinds[0] if len(kinds) == 1 else hint]


_KINDS: Mapping[Any, Kind] = {
    str: Kind.TEXT,
    float: Kind.NUMBER,
    int | float: Kind.NUMBER,
    int: Kind.SMALL,
    tuple[Dimension, ...]: Kind.TEXTS,
    tuple[Attribution, ...]: Kind.NUMBERS,
}

COLUMNS = tuple(_column(field) for field in msgspec.structs.fields(Result))
"""The fixed columns, in their order: the fields of a result."""

IDENTITY = ("timeseries_id", "detection_period_start_time", "detector_name")
"""The columns that tell one row from another: rows that agree in these are the same result, repeated."""

Row = dict[str, Any]
"""A row as JSON has it: value by column name; times as text `YYYY-MM-DD HH:MM:SS`, maps as objects."""

DIMENSION_PREFIX = "dim_"
"""How the names of the columns begin that hold one dimension each; no fixed column begins so."""
_PLAIN = re.compile(r"[a-z0-9_]{1,100}")
_HASH_DIGITS = 8
_ENDS_LIKE_A_HASH = re.compile(rf".*_[0-9a-f]{{{_HASH_DIGITS}}}")
_LONGEST_STEM = 100
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_RANGES = {Kind.COUNT: 63, Kind.SMALL: 31}
_NAMES = tuple(column.name for column in COLUMNS)
_MAPS = tuple(column.name for column in COLUMNS if column.kind in {Kind.TEXTS, Kind.NUMBERS})
_CHECKED = tuple(column for column in COLUMNS if column.kind in {Kind.NUMBER, Kind.COUNT, Kind.SMALL, Kind.TIME})

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Row)


def dimension_column(name: str) -> str:
    """Name the column of a dimension.

    The same name gives the same column for ever, whatever other dimensions there are, and no two names share one: a
    name of 1 to 100 characters out of `a-z`, `0-9` and `_` stays as it is behind `dim_`; any other is
    lower-cased, its other characters become `_`, it is cut to 100, and `_` with the first 8 hexadecimal digits of
    its SHA-256 follow. So do they behind a plain name that ends as if they did already.

    >>> dimension_column("product_name")
    'dim_product_name'
    >>> dimension_column("Product name")
    'dim_product_name_bfa93eb4'

    Parameters
    ----------
    name
        Any text.
    """
    if _PLAIN.fullmatch(name) and not _ENDS_LIKE_A_HASH.fullmatch(name):
        return DIMENSION_PREFIX + name
    # Lower-casing by hand: `lower` would turn some other letters into ASCII ones, and one letter into two.
    stem = re.sub("[^a-z0-9_]", "_", re.sub("[A-Z]", lambda letter: letter[0].lower(), name[:_LONGEST_STEM]))
    return f"{DIMENSION_PREFIX}{stem}_{hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]}"


def flatten(result: Result) -> Row:
    """Make a result a row.

    Parameters
    ----------
    result
        As `contracts.results.decode` gives it.

    Returns
    -------
    The fixed columns in their order, then those of the dimensions in the dimensions' order.

    Raises
    ------
    RecordError
        If the row cannot hold it: a time that is not `YYYY-MM-DD HH:MM:SS`, a number that is not finite or too
        large for its column, a dimension or component that is listed twice.
    """
    row: Row = dict(zip(_NAMES, msgspec.structs.astuple(result), strict=True))
    for name in _MAPS:
        parts = row[name]
        row[name] = dict(map(msgspec.structs.astuple, parts))
        if len(row[name]) != len(parts):
            msg = f"not a result record: a name is twice in {name}"
            raise RecordError(msg)
    row["anomaly_decision_threshold"] = _as_float(result.anomaly_decision_threshold)
    for column in _CHECKED:
        _check(column, row[column.name])
    if not all(map(math.isfinite, row["attribution"].values())):
        msg = "not a result record: attribution holds a number that is not finite"
        raise RecordError(msg)
    for name, value in row["dimensions"].items():
        row[dimension_column(name)] = value
    return row


def encode_row(row: Row) -> bytes:
    """Write a row as compact JSON in UTF-8, one line with its line feed; equal rows give equal bytes."""
    return _encoder.encode(row) + b"\n"


def decode_row(data: bytes | str) -> Result:
    """Read what `encode_row` wrote of a flattened result, skipping columns it does not know.

    Parameters
    ----------
    data
        One row of JSON.

    Returns
    -------
    The result that the row was made from.

    Raises
    ------
    RecordError
        If it is not JSON or not such a row.
    """
    try:
        row = _decoder.decode(data)
        fields = {_ENCODED[name]: value for name, value in row.items() if name in _ENCODED}
        fields["dimensionList"] = [{"name": name, "value": value} for name, value in row["dimensions"].items()]
        fields["attribution"] = [{"name": name, "share": share} for name, share in row["attribution"].items()]
        return msgspec.convert(fields, Result)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError, AttributeError) as error:
        msg = f"not a flat result: {error}"
        raise RecordError(msg) from error


def partition_of(row: Mapping[str, Any]) -> str:
    """Name a row's partition: the date of its period's start, `YYYY-MM-DD`."""
    return str(row["detection_period_start_time"])[:10]


def glue_columns(dimensions: Iterable[str] = ()) -> list[dict[str, str]]:
    """List the columns as a Glue table's `StorageDescriptor` has them, the partition column left out.

    Parameters
    ----------
    dimensions
        Names of the dimensions that the table shall have columns for; all are in the map.

    Returns
    -------
    For each column its `Name`, `Type` and `Comment`.
    """
    fixed = [{"Name": column.name, "Type": column.kind.value, "Comment": column.meaning} for column in COLUMNS]
    names = sorted({dimension_column(name) for name in dimensions})
    return fixed + [{"Name": name, "Type": Kind.TEXT.value, "Comment": "a dimension"} for name in names]


_ENCODED = {field.name: field.encode_name for field in msgspec.structs.fields(Result)}


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _check(column: Column, value: Any) -> None:  # noqa: ANN401 - a column of any kind
    if column.kind is Kind.TIME:
        good = (value is None and column.nullable) or (isinstance(value, str) and _is_time(value))
    elif column.kind is Kind.NUMBER:
        good = math.isfinite(value)
    else:
        bits = _RANGES[column.kind]
        good = -(2**bits) <= value < 2**bits
    if not good:
        msg = f"not a result record: {column.name} is no {column.kind}"
        raise RecordError(msg)


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
