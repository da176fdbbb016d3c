"""Checking the settings against PostgreSQL's catalogue: which table, which columns, which of them make the key."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest_lambda.errors import SourceError
from ingest_lambda.settings import Settings
from readers.near_misses import did_you_mean

# PostgreSQL itself reads the table's name, by the rules of SQL: what is not in double quotes is folded to lower case.
COLUMNS_QUERY = """
    SELECT namespace.nspname, relation.relname, relation.relkind, attribute.attname,
           coalesce(nullif(type.typbasetype, 0), type.oid), format_type(attribute.atttypid, attribute.atttypmod),
           type.typcategory, attribute.attnotnull
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid
    JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
    WHERE relation.oid = to_regclass(%s) AND attribute.attnum > 0 AND NOT attribute.attisdropped
    ORDER BY attribute.attnum
"""

TABLES_QUERY = """
    SELECT relation.oid::regclass FROM pg_catalog.pg_class AS relation
    WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.pg_table_is_visible(relation.oid)
      AND relation.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    ORDER BY 1 LIMIT 20
"""

_TIMESTAMP_TYPES = ("1114", "1184")  # timestamp without and with time zone
_TEXT_CATEGORIES = ("S", "E")  # strings and enumerations
_UUID = "2950"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the catalogue has it."""

    name: str
    type_oid: str
    type_name: str
    category: str
    not_null: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The table, its columns known to exist, and which of them make the key."""

    schema: str
    name: str
    dimensions: tuple[str, ...]
    timestamps_may_be_null: bool

    @property
    def qualified(self) -> str:
        """Schema and name, for people and markers."""
        return f"{self.schema}.{self.name}"


def check(settings: Settings, rows: Sequence[Sequence[str | None]], tables: Sequence[str]) -> Table:
    """Find everything that the settings name in the catalogue.

    Parameters
    ----------
    settings
        The function's settings.
    rows
        What `COLUMNS_QUERY` found; nothing if there is no such table.
    tables
        What `TABLES_QUERY` found, for the error.

    Raises
    ------
    SourceError
        Something is not there, or the timestamp column holds no timestamps. The text names it, the setting, and what
        there is instead.
    """
    if not rows:
        near = did_you_mean(settings.table, tables)
        msg = (
            f"SOURCE_TABLE is {settings.table!r}, but the database has no such table{near}; "
            f"it has {', '.join(tables) or 'none'}"
        )
        raise SourceError(msg)
    schema, name, kind = (str(value) for value in rows[0][:3])
    if kind not in ("r", "p", "v", "m", "f"):
        msg = f"SOURCE_TABLE is {settings.table!r}, which is neither a table nor a view"
        raise SourceError(msg)
    columns = {
        str(row[3]): Column(str(row[3]), str(row[4]), str(row[5]), str(row[6]), not_null=row[7] == "t") for row in rows
    }
    for setting, wanted in (("TIMESTAMP_COLUMN", (settings.timestamp_column,)), ("SOURCE_COLUMNS", settings.columns)):
        for column in wanted:
            if column not in columns:
                msg = (
                    f"{setting} names {column!r}, but the table {schema}.{name} has no such column"
                    f"{did_you_mean(column, list(columns))}; it has {', '.join(columns)}"
                )
                raise SourceError(msg)
    timestamp = columns[settings.timestamp_column]
    if timestamp.type_oid not in _TIMESTAMP_TYPES:
        others = [column.name for column in columns.values() if column.type_oid in _TIMESTAMP_TYPES]
        msg = (
            f"TIMESTAMP_COLUMN names {timestamp.name!r}, which is of type {timestamp.type_name}, expected a timestamp "
            f"with or without time zone; such columns of {schema}.{name}: {', '.join(others) or 'none'}"
        )
        raise SourceError(msg)
    dimensions = settings.source_columns.marked
    if dimensions is None:
        dimensions = tuple(column for column in settings.columns if _is_text(columns[column]))
    return Table(schema, name, dimensions, timestamps_may_be_null=not timestamp.not_null)


def _is_text(column: Column) -> bool:
    return column.category in _TEXT_CATEGORIES or column.type_oid == _UUID
