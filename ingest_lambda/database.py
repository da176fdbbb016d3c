"""PostgreSQL: one read-only connection, kept from run to run, and snapshots of a window of rows."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.adapt import AdaptersMap
from psycopg.types.numeric import IntDumper
from psycopg.types.string import StrDumperUnknown, TextLoader

from ingest_lambda.catalogue import COLUMNS_QUERY, TABLES_QUERY, Table, check
from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import IngestError, RefusedError, SourceError, UnavailableError
from ingest_lambda.records import Record, RecordWriter
from ingest_lambda.settings import Settings
from ingest_lambda.windows import Window

_ROWS_PER_FETCH = 1000
_MAX_CONNECT_SECONDS = 10

# Values come as PostgreSQL writes them in text; these settings decide how it does.
_SESSION = """
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET default_transaction_read_only = on
"""

# A peer that is gone without a word is noticed within half a minute, whatever the statement time-out on its side.
_TRANSPORT = {
    "application_name": "ingest_lambda",
    "client_encoding": "utf8",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}

_STALE = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName, errors.UndefinedObject)
_GONE = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.SerializationFailure)


class _TextAdapters:
    """What psycopg is told of types: nothing, so that every value is the text that the server wrote."""

    def __init__(self) -> None:
        self.connection = None
        self.adapters = AdaptersMap(types=psycopg.adapters.types)
        self.adapters.register_dumper(str, StrDumperUnknown)
        self.adapters.register_dumper(int, IntDumper)
        self.adapters.register_loader(0, TextLoader)


class Source:
    """The table and the connection to its database.

    Parameters
    ----------
    settings
        The function's settings.
    read_secret
        Reads a secret by its ARN.
    """

    def __init__(self, settings: Settings, read_secret: Callable[[str], Mapping[str, str]]) -> None:
        self._settings = settings
        self._read_secret = read_secret
        self._connection: psycopg.Connection[tuple[str | None, ...]] | None = None
        self._table: Table | None = None

    def open(self, deadline: Deadline) -> Table:
        """Connect and look the table up, unless that was done in an earlier run.

        Raises
        ------
        UnavailableError
            The database does not answer, or (`RefusedError`) not to these credentials.
        SourceError
            It answers, but has no such table or column.
        """
        if self._connection is not None and self._table is not None:
            return self._table
        self.close()
        self._connection = self._connect(deadline)
        with self._reporting(), self._transaction(deadline):
            rows = self._execute(COLUMNS_QUERY, [self._settings.table])
            tables = [] if rows else [str(row[0]) for row in self._execute(TABLES_QUERY, [])]
        self._table = check(self._settings, rows, tables)
        return self._table

    def has_column(self, table: str, column: str) -> bool:
        """Say whether a table, by schema and name, exists and has a column."""
        query = """
            SELECT 1 FROM pg_catalog.pg_attribute AS attribute
            JOIN pg_catalog.pg_class AS relation ON relation.oid = attribute.attrelid
            JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
            WHERE namespace.nspname || '.' || relation.relname = %s AND attribute.attname = %s
              AND NOT attribute.attisdropped
        """
        with self._reporting():
            return bool(self._execute(query, [table, column]))

    @contextlib.contextmanager
    def snapshot(self, deadline: Deadline) -> Iterator["Snapshot"]:
        """Hold the database still: everything read in the block is of one moment.

        Raises
        ------
        UnavailableError
            The connection is lost or the table has changed; the next `open` starts anew.
        SourceError
            The database refuses a query, or takes longer than the deadline allows.
        """
        table = self.open(deadline)
        with self._reporting(), self._transaction(deadline):
            yield Snapshot(self._connected(), self._settings, table, deadline)

    def close(self) -> None:
        """Drop the connection; the next `open` makes a new one."""
        connection, self._connection, self._table = self._connection, None, None
        if connection is not None:
            connection.close()

    def _connected(self) -> "psycopg.Connection[tuple[str | None, ...]]":
        if self._connection is None:
            msg = "the connection to the database is closed"
            raise UnavailableError(msg)
        return self._connection

    def _execute(self, query: Any, parameters: list[str]) -> list[tuple[str | None, ...]]:  # noqa: ANN401 - psycopg's
        return self._connected().execute(query, parameters).fetchall()

    @contextlib.contextmanager
    def _transaction(self, deadline: Deadline) -> Iterator[None]:
        connection = self._connected()
        with connection.transaction():
            _limit(connection, deadline)
            yield

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn the driver's errors into ours, and give the connection up when it is of no more use."""
        try:
            yield
        except psycopg.Error as error:
            ours = self._ours(error)
            if isinstance(ours, UnavailableError):
                self.close()
            raise ours from error

    def _ours(self, error: psycopg.Error) -> IngestError:
        reason = error.diag.message_primary or type(error).__name__
        if isinstance(error, _STALE):
            return UnavailableError(f"the table is not what it was: {reason}")
        if isinstance(error, errors.QueryCanceled):
            return SourceError(
                f"the database did not answer within the time that was left ({reason}); is there an index on "
                f"{self._settings.timestamp_column!r} of {self._settings.table}?"
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return SourceError(f"{reason}: grant SELECT on {self._settings.table} to the user of this function")
        if isinstance(error, _GONE) or self._connection is None or self._connection.broken:
            return UnavailableError(f"the connection to the database was lost: {reason}")
        return SourceError(f"the database refused a query ({error.sqlstate}): {reason}")

    def _connect(self, deadline: Deadline) -> "psycopg.Connection[tuple[str | None, ...]]":
        url, parameters = self._address()
        password = parameters.get("password", "")
        connection = problem = None
        try:
            password = password or str(psycopg.conninfo.conninfo_to_dict(url).get("password") or "")
            connection = psycopg.Connection.connect(
                psycopg.conninfo.make_conninfo(url, **parameters, **_TRANSPORT),
                context=_TextAdapters(),
                autocommit=True,
                connect_timeout=max(2, min(_MAX_CONNECT_SECONDS, int(deadline.remaining()))),
            )
            connection.execute(_SESSION)
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        except psycopg.Error as error:
            problem = error
        # Raised outside of the handler: what psycopg says of a malformed URL may quote the password in it.
        if connection is not None and problem is None:
            return connection
        if connection is not None:
            connection.close()
        if isinstance(problem, psycopg.ProgrammingError):
            msg = "the address of the database is not one that PostgreSQL's client can read (not shown)"
            raise SourceError(msg)
        reason = str(problem).replace(password, "***") if password else str(problem)
        refused = "authentication failed" in reason
        msg = f"cannot connect to the database: {reason}"
        raise (RefusedError if refused else UnavailableError)(msg)

    def _address(self) -> tuple[str, dict[str, str]]:
        """Look up a URL, or nothing, and what it does not say."""
        arn = self._settings.database_secret_arn
        if arn is None:
            return self._settings.database_url or "", {}
        secret = self._read_secret(arn)
        missing = [name for name in ("host", "dbname", "username", "password") if not secret.get(name)]
        if missing:
            msg = f"the secret {arn} has no {' and no '.join(missing)}"
            raise SourceError(msg)
        parameters = {
            "host": secret["host"],
            "port": secret.get("port", "5432"),
            "dbname": secret["dbname"],
            "user": secret["username"],
            "password": secret["password"],
            "sslmode": secret.get("sslmode", "require"),
        }
        if "sslrootcert" in secret:
            parameters["sslrootcert"] = secret["sslrootcert"]
        return "", parameters


class Snapshot:
    """One moment of the table.

    Parameters
    ----------
    connection
        In a transaction.
    settings, table
        What to read.
    deadline
        No statement runs longer than this.
    """

    def __init__(
        self,
        connection: "psycopg.Connection[tuple[str | None, ...]]",
        settings: Settings,
        table: Table,
        deadline: Deadline,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._table = table
        self._deadline = deadline
        self._name = sql.Identifier(table.schema, table.name)
        self._time = sql.Identifier(settings.timestamp_column)

    def count(self, start: datetime, end: datetime) -> int:
        """Count the rows of `start` <= time < `end`."""
        query = sql.SQL("SELECT count(*) FROM {table} WHERE {time} >= %s AND {time} < %s")
        _limit(self._connection, self._deadline)
        row = self._connection.execute(
            query.format(table=self._name, time=self._time), [_literal(start), _literal(end)]
        ).fetchone()
        return int(row[0] or 0) if row else 0

    def records(self, window: Window) -> Generator[Record, None, None]:
        """Read a window through a cursor of the server's, in order of time, a thousand rows in memory at once."""
        query = sql.SQL("SELECT {columns} FROM {table} WHERE {time} >= %s AND {time} < %s ORDER BY {time}").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, self._settings.columns)), table=self._name, time=self._time
        )
        with self._connection.cursor(name="ingest") as cursor:
            cursor.execute(query, [_literal(window.start), _literal(window.end)])
            columns = [(column.name, column.type_code) for column in cursor.description or ()]
            writer = RecordWriter(columns, self._settings.timestamp_column, self._table.dimensions)
            while rows := cursor.fetchmany(_ROWS_PER_FETCH):
                yield from map(writer.write, rows)
                if len(rows) < _ROWS_PER_FETCH:
                    return
                _limit(self._connection, self._deadline)


def _limit(connection: "psycopg.Connection[Any]", deadline: Deadline) -> None:
    """Have the server give up on the following statements when the time is up."""
    connection.execute("SELECT set_config('statement_timeout', %s, true)", [str(deadline.remaining_ms())])


def _literal(time: datetime) -> str:
    """Write a time so that a column with a time zone takes it as it is, and one without takes its digits, UTC's."""
    return time.isoformat(sep=" ")
