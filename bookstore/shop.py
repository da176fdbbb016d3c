"""The AnyBooks shop: each minute's sales, as rows of a PostgreSQL table, on a clock that may run faster than ours.

A sale's number is its primary key, so a minute that is entered twice, because the database went away before it
answered, is there once, and a shop that opens again goes on where it was. Rows of other origin have higher numbers.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString, Self

import psycopg

from bookstore.sales import Plan, Sale, sales_by_minute

CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS sales (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000000000000) PRIMARY KEY,
    event_time timestamptz NOT NULL,
    product_name text NOT NULL,
    quantity integer NOT NULL
);
CREATE INDEX IF NOT EXISTS sales_event_time ON sales (event_time);
"""

_INSERT = """
INSERT INTO sales (id, event_time, product_name, quantity) OVERRIDING SYSTEM VALUE
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::integer[]) ON CONFLICT (id) DO NOTHING
"""

_LAST = "SELECT coalesce(max(id), 0) FROM sales WHERE id < 1000000000000"

_PAUSE = 0.5  # seconds between two tries while the database is away


class Clock:
    """The shop's time.

    Parameters
    ----------
    speed
        Shop seconds per second; the first moment that is asked for is then the present one. None for the clock on the
        wall.
    """

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._began: tuple[datetime, float] | None = None

    def seconds_until(self, moment: datetime) -> float:
        """Tell for how many real seconds one has to wait; never below 0."""
        if self._speed is None:
            return max(0.0, (moment - datetime.now(UTC)).total_seconds())
        if self._began is None:
            self._began = (moment, time.monotonic())
        start, began = self._began
        return max(0.0, (moment - start).total_seconds() / self._speed - (time.monotonic() - began))


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """A minute that is over and whose sales are committed."""

    time: datetime
    """The moment at which it was over."""
    rows: int
    """Rows of the shop that the table has."""


def run_shop(
    plan: Plan, database_url: str, clock: Clock, sleep: Callable[[float], object] = time.sleep
) -> Iterator[ShopEvent]:
    """Sell until the plan's end; every minute is committed before it is told.

    Minutes that are over already are entered at once, those that the table has are left out. While the database is
    away, the shop waits for it.

    Parameters
    ----------
    plan
        What is sold.
    database_url
        A database with the table of `CREATE_TABLE`, empty or with sales of this plan.
    clock
        When a minute is over.
    sleep
        Waits for some seconds.

    Raises
    ------
    psycopg.OperationalError
        The database does not answer at the beginning.
    """
    number = 1
    with _Till(database_url, sleep) as till:
        entered = till.last()
        for over, sold in sales_by_minute(plan):
            first, number = number, number + len(sold)
            if first > entered:
                sleep(clock.seconds_until(over))
                till.enter(first, sold)
                yield ShopEvent(over, number - 1)


class _Till:
    """A connection that is made anew when it breaks."""

    def __init__(self, database_url: str, sleep: Callable[[float], object]) -> None:
        self._url = database_url
        self._sleep = sleep
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        self._connection = self._connect()  # at the first time, a database that does not answer is a wrong address
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def last(self) -> int:
        """Look up the number of the last sale, 0 before the first."""
        (number,) = self._execute(_LAST, ())
        return int(number)

    def enter(self, first: int, sold: Sequence[Sale]) -> None:
        """Insert and commit sales numbered from `first` on, once, however often it takes."""
        columns = (
            list(range(first, first + len(sold))),
            [sale.event_time for sale in sold],
            [sale.product for sale in sold],
            [sale.quantity for sale in sold],
        )
        self._execute(_INSERT, columns)

    def _execute(self, statement: LiteralString, parameters: Sequence[object]) -> tuple[Any, ...]:
        while True:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                cursor = self._connection.execute(statement, parameters)
                return (cursor.fetchone() or ()) if cursor.description else ()
            except psycopg.OperationalError:
                self._hang_up()
                self._sleep(_PAUSE)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True, application_name="shop")

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
