"""Rows as Arrow tables: their schema, how repeats merge, and the bytes of a Parquet file. Pure."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.arrow_types import ARROW_TYPES
from contracts.flat_results import COLUMNS, DIMENSION_PREFIX, FLAT_SCHEMA_VERSION, IDENTITY, Kind, Row

START = "detection_period_start_time"

_ROW_GROUP = 32_768  # a few hundred series of a day: what a reader of one series has to read
_VERSION_KEY = b"flat_schema_version"
_ORDER = [(name, "ascending") for name in IDENTITY]

# Every field may be null for Arrow, or a file of an older version could not take a column that was added since.
FIXED_SCHEMA = pa.schema([pa.field(column.name, ARROW_TYPES[column.kind]) for column in COLUMNS])
"""The fixed columns."""


class ForeignTableError(ValueError):
    """A table whose columns are not those of the rows."""


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Make rows a table: the fixed columns, then a column for each dimension of any row.

    Parameters
    ----------
    rows
        From `contracts.flat_results.flatten`.
    """
    arrays = [_array([row[column.name] for row in rows], column.kind) for column in COLUMNS]
    names = sorted({name for row in rows for name in row if name.startswith(DIMENSION_PREFIX)})
    arrays += [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
    return pa.table(arrays, schema=_schema(names))


def conform(table: pa.Table) -> pa.Table:
    """Give the fixed columns of another writer's table their types.

    Raises
    ------
    ForeignTableError
        If a column is missing or cannot be converted, or the identity of a row is null.
    """
    missing = [name for name in FIXED_SCHEMA.names if name not in table.column_names]
    if missing:
        msg = f"no column {', '.join(missing)}"
        raise ForeignTableError(msg)
    others = sorted(name for name in table.column_names if name.startswith(DIMENSION_PREFIX))
    try:
        fixed = table.select(FIXED_SCHEMA.names + others).cast(_schema(others))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        msg = f"its columns have other types: {error}"
        raise ForeignTableError(msg) from error
    if any(fixed[name].null_count for name in IDENTITY):
        msg = f"a row without {', '.join(IDENTITY)}"
        raise ForeignTableError(msg)
    return fixed


def merge(tables: Sequence[pa.Table]) -> pa.Table:
    """Put the rows of tables into one, of several with the same identity the first.

    Returns
    -------
    The rows in the order of their identity, so that equal rows make equal tables however they came.
    """
    rows = _first_of_each(pa.concat_tables(tables, promote_options="default"))
    others = sorted(set(rows.column_names) - set(FIXED_SCHEMA.names))
    return rows.select([name for name in FIXED_SCHEMA.names if name in rows.column_names] + others).sort_by(_ORDER)


def identities(data: bytes) -> pa.Table:
    """Read of a Parquet file what tells its rows from others."""
    return pq.read_table(pa.BufferReader(data), columns=list(IDENTITY))


def without(rows: pa.Table, others: pa.Table) -> pa.Table:
    """Select the rows whose identity is not among those of others."""
    keys = rows.select(IDENTITY).append_column("index", pa.array(range(rows.num_rows), pa.int64()))
    return rows.take(keys.join(others, list(IDENTITY), join_type="left anti")["index"].sort())


def span(rows: pa.Table) -> tuple[datetime, datetime]:
    """Find the first and the last start of the periods of some rows."""
    ends = pc.min_max(rows[START]).as_py()
    return ends["min"], ends["max"]


def by_hour(table: pa.Table) -> Iterator[tuple[datetime, pa.Table]]:
    """Part rows by the hour in which their periods start."""
    hours = pc.floor_temporal(table[START], unit="hour")
    for hour in sorted(pc.unique(hours).to_pylist()):
        yield hour, table.filter(pc.equal(hours, pa.scalar(hour, hours.type)))


def encode_file(table: pa.Table) -> bytes:
    """Write a Parquet file."""
    sink = io.BytesIO()
    named = table.replace_schema_metadata({_VERSION_KEY: str(FLAT_SCHEMA_VERSION).encode()})
    pq.write_table(named, sink, compression="zstd", row_group_size=_ROW_GROUP)
    return sink.getvalue()


def decode_file(data: bytes) -> pa.Table:
    """Read a Parquet file.

    Raises
    ------
    ForeignTableError
        If the bytes are not Parquet.
    """
    try:
        return pq.read_table(pa.BufferReader(data)).replace_schema_metadata()
    except (pa.ArrowInvalid, OSError) as error:
        msg = "not a Parquet file"
        raise ForeignTableError(msg) from error


def _schema(dimensions: Sequence[str]) -> pa.Schema:
    return pa.schema([*FIXED_SCHEMA, *(pa.field(name, pa.string()) for name in dimensions)])


def _array(values: Sequence[Any], kind: Kind) -> pa.Array:
    if kind is Kind.TIME:
        return pa.array(values, pa.string()).cast(ARROW_TYPES[kind])
    if kind in {Kind.TEXTS, Kind.NUMBERS}:
        return pa.array([list(value.items()) for value in values], ARROW_TYPES[kind])
    return pa.array(values, ARROW_TYPES[kind])


def _first_of_each(rows: pa.Table) -> pa.Table:
    keys = rows.select(IDENTITY).append_column("index", pa.array(range(rows.num_rows), pa.int64()))
    first = keys.group_by(list(IDENTITY)).aggregate([("index", "min")])["index_min"]
    return rows if len(first) == rows.num_rows else rows.take(first.sort())
