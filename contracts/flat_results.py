"""Flat results: a result as one row of a table, with its dimensions both in a map and in columns of their own.

`COLUMNS` is the one description of the table: the JSON rows, the columns of the Glue table, the Arrow schema and the
table in the documentation all derive from it. Columns are only ever added, which raises `FLAT_SCHEMA_VERSION`.

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
from typing import Any

import msgspec

from contracts.results import RecordError, Result

FLAT_SCHEMA_VERSION = 1

PARTITION_COLUMN = "dt"
"""``YYYY-MM-DD``: the UTC date of ``detection_period_start_time``."""


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
    """One fixed column of the table.

    Parameters
    ----------
    name
        In lower case, as Glue wants it.
    kind
        What it holds.
    meaning
        In one line.
    nullable
        Whether a row may have no value.
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("detector_name", Kind.TEXT, "which detector"),
    Column("measure", Kind.TEXT, "what it measures"),
    Column("timeseries_id", Kind.TEXT, "the series: SHA-256 of measure and dimensions, 64 hexadecimal digits"),
    Column("anomaly_decision_threshold", Kind.NUMBER, "the threshold in force"),
    Column("dimensions", Kind.TEXTS, "the series' dimensions, value by name, names as they are"),
    Column("aggregated_measure_value", Kind.NUMBER, "the measure over the period"),
    Column("anomaly_score", Kind.NUMBER, "0 to 100: how rare this is in this series; 0 for noise and while LEARNING"),
    Column("detection_period_start_time", Kind.TIME, "start of the period, UTC"),
    Column("detection_period_end_time", Kind.TIME, "end of the period, UTC"),
    Column("processed_data_points", Kind.COUNT, "points of this series so far, this one included"),
    Column("anomaly_confidence_score", Kind.NUMBER, "0 to 100: how much the model has seen"),
    Column("anomaly_decision", Kind.SMALL, "1 when the score is over the threshold, else 0"),
    Column("model_stage", Kind.TEXT, "LEARNING or INFERENCE"),
    Column("expected_value", Kind.NUMBER, "what was expected; 0 while LEARNING"),
    Column("lower_bound", Kind.NUMBER, "lower end of the expected band"),
    Column("upper_bound", Kind.NUMBER, "upper end of the expected band"),
    Column("raw_score", Kind.NUMBER, "what residual and forest say, over about three points; 1 is the bar of each"),
    Column("direction", Kind.TEXT, "HIGH, LOW, or NONE where the score is 0"),
    Column("attribution", Kind.NUMBERS, "the components that saw it, each with its share; the shares sum to 1"),
    Column("reason", Kind.TEXT, "why, in one sentence, where anomaly_decision is 1", nullable=True),
    Column("alert", Kind.SMALL, "1 on the record that should reach people, else 0"),
    Column("recovered", Kind.SMALL, "1 on the record that ends an episode that alerted, else 0"),
    Column("episode_start_time", Kind.TIME, "when the episode that the period belongs to began, UTC", nullable=True),
    Column("imputed", Kind.SMALL, "1 when the value was filled in rather than measured, else 0"),
    Column("suppressed_by", Kind.TEXT, "the rule that withheld an alert", nullable=True),
    Column("schema_version", Kind.SMALL, "version of the result record that the row was made from"),
)
"""The fixed columns, in their order."""

IDENTITY = ("timeseries_id", "detection_period_start_time", "detector_name")
"""The columns that tell one row from another: rows that agree in these are the same result, repeated."""

Row = dict[str, Any]
"""A row as JSON has it: value by column name; times as text ``YYYY-MM-DD HH:MM:SS``, maps as objects."""

DIMENSION_PREFIX = "dim_"
"""How the names of the columns begin that hold one dimension each; no fixed column begins so."""
_PLAIN = re.compile(r"[a-z0-9_]{1,100}")
_HASH_DIGITS = 8
_ENDS_LIKE_A_HASH = re.compile(rf".*_[0-9a-f]{{{_HASH_DIGITS}}}")
_LONGEST_STEM = 100
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_RANGES = {Kind.COUNT: 63, Kind.SMALL: 31}
_CHECKED = tuple(column for column in COLUMNS if column.kind in {Kind.NUMBER, Kind.COUNT, Kind.SMALL, Kind.TIME})

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Row)


def dimension_column(name: str) -> str:
    """Name the column of a dimension.

    The same name gives the same column for ever, whatever other dimensions there are, and no two names share one: a
    name of 1 to 100 characters out of ``a-z``, ``0-9`` and ``_`` stays as it is behind ``dim_``; any other is
    lower-cased, its other characters become ``_``, it is cut to 100, and ``_`` with the first 8 hexadecimal digits of
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
        If the row cannot hold it: a time that is not ``YYYY-MM-DD HH:MM:SS``, a number that is not finite or too
        large for its column, a dimension or component that is listed twice.
    """
    dimensions = {dimension.name: dimension.value for dimension in result.dimension_list}
    attribution = {part.name: part.share for part in result.attribution}
    if len(dimensions) != len(result.dimension_list) or len(attribution) != len(result.attribution):
        raise RecordError("not a result record: a dimension or a component is listed twice")
    row: Row = {
        "detector_name": result.detector_name,
        "measure": result.measure,
        "timeseries_id": result.timeseries_id,
        "anomaly_decision_threshold": _as_float(result.anomaly_decision_threshold),
        "dimensions": dimensions,
        "aggregated_measure_value": result.aggregated_measure_value,
        "anomaly_score": result.anomaly_score,
        "detection_period_start_time": result.detection_period_start_time,
        "detection_period_end_time": result.detection_period_end_time,
        "processed_data_points": result.processed_data_points,
        "anomaly_confidence_score": result.anomaly_confidence_score,
        "anomaly_decision": result.anomaly_decision,
        "model_stage": result.model_stage,
        "expected_value": result.expected_value,
        "lower_bound": result.lower_bound,
        "upper_bound": result.upper_bound,
        "raw_score": result.raw_score,
        "direction": result.direction,
        "attribution": attribution,
        "reason": result.reason,
        "alert": result.alert,
        "recovered": result.recovered,
        "episode_start_time": result.episode_start_time,
        "imputed": result.imputed,
        "suppressed_by": result.suppressed_by,
        "schema_version": result.schema_version,
    }
    for column in _CHECKED:
        _check(column, row[column.name])
    if not all(map(math.isfinite, attribution.values())):
        raise RecordError("not a result record: attribution holds a number that is not finite")
    for name, value in dimensions.items():
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
        fields = {_CAMEL[name]: value for name, value in row.items() if name in _CAMEL}
        fields["dimensionList"] = [{"name": name, "value": value} for name, value in row["dimensions"].items()]
        fields["attribution"] = [{"name": name, "share": share} for name, share in row["attribution"].items()]
        return msgspec.convert(fields, Result)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError, AttributeError) as error:
        msg = f"not a flat result: {error}"
        raise RecordError(msg) from error


def partition_of(row: Mapping[str, Any]) -> str:
    """Name a row's partition: the date of its period's start, ``YYYY-MM-DD``."""
    return str(row["detection_period_start_time"])[:10]


def glue_columns(dimensions: Iterable[str] = ()) -> list[dict[str, str]]:
    """List the columns as a Glue table's ``StorageDescriptor`` has them, the partition column left out.

    Parameters
    ----------
    dimensions
        Names of the dimensions that the table shall have columns for; all are in the map.

    Returns
    -------
    For each column its ``Name``, ``Type`` and ``Comment``.
    """
    fixed = [{"Name": column.name, "Type": column.kind.value, "Comment": column.meaning} for column in COLUMNS]
    names = sorted({dimension_column(name) for name in dimensions})
    return fixed + [{"Name": name, "Type": Kind.TEXT.value, "Comment": "a dimension"} for name in names]


def docs_table() -> str:
    """Write the columns as the Markdown table of the documentation."""
    lines = ["| column | type | may be null | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.kind} | {'yes' if column.nullable else 'no'} | {column.meaning} |"
        for column in COLUMNS
    ]
    return "\n".join(lines) + "\n"


_CAMEL = {field.name: field.encode_name for field in msgspec.structs.fields(Result)}


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
