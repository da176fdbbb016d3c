import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bookstore.sales import Plan, make_plan, sales
from bookstore.shop import CREATE_TABLE, Clock, run_shop
from devstack.stack import Stack, running_stack

START = datetime(2024, 9, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Stack]:
    with running_stack(only=("postgres",)) as stack:
        yield stack


@pytest.fixture
def database(postgres: Stack) -> str:
    with psycopg.connect(postgres.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS sales")
        connection.execute(CREATE_TABLE)
    return postgres.database_url


@pytest.fixture
def plan() -> Plan:
    return make_plan(START, START + 20 * MINUTE, seed=1)


def table(database: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT event_time, product_name, quantity FROM sales ORDER BY id").fetchall()


def expected(plan: Plan) -> list[tuple[object, ...]]:
    return [(sale.event_time, sale.product, sale.quantity) for sale in sales(plan)]


def fast() -> Clock:
    return Clock(speed=1e9)


@pytest.mark.postgres
def test_every_sale_is_a_row_in_order_of_arrival(database: str, plan: Plan) -> None:
    events = list(run_shop(plan, database, fast()))

    assert table(database) == expected(plan)
    assert events[-1].rows == len(expected(plan))


@pytest.mark.postgres
def test_a_minute_is_in_the_table_when_it_is_told(database: str, plan: Plan) -> None:
    for event in run_shop(plan, database, fast()):
        assert len(table(database)) == event.rows
        if event.time == START + 5 * MINUTE:
            break


@pytest.mark.postgres
def test_a_shop_that_opens_again_goes_on_where_it_was(database: str, plan: Plan) -> None:
    for event in run_shop(plan, database, fast()):
        if event.time == START + 5 * MINUTE:
            break

    again = list(run_shop(plan, database, fast()))

    assert again[0].time == START + 6 * MINUTE
    assert table(database) == expected(plan)


@pytest.mark.postgres
def test_rows_of_other_origin_do_not_disturb_the_shop(database: str, plan: Plan) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO sales (event_time, product_name, quantity) VALUES (now(), 'item-C', 7)")

    list(run_shop(plan, database, fast()))

    assert sorted(map(str, table(database)[:-1])) == sorted(map(str, expected(plan)))


@pytest.mark.postgres
def test_a_shop_waits_for_its_database_and_enters_no_sale_twice(plan: Plan) -> None:
    with running_stack(only=("postgres",)) as stack:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            connection.execute(CREATE_TABLE)
        for event in run_shop(plan, stack.database_url, fast()):
            if event.time in {START + 5 * MINUTE, START + 9 * MINUTE}:
                stack.kill("postgres")
                threading.Timer(1.0, stack.restart, ["postgres"]).start()

        assert table(stack.database_url) == expected(plan)


def test_a_fast_clock_begins_with_the_first_moment_that_is_asked_for() -> None:
    clock = Clock(speed=60.0)

    assert clock.seconds_until(START) == 0.0
    assert 0.5 < clock.seconds_until(START + MINUTE) <= 1.0
    assert clock.seconds_until(START - MINUTE) == 0.0


def test_a_real_clock_waits_for_the_real_time() -> None:
    assert 50 < Clock(speed=None).seconds_until(datetime.now(UTC) + MINUTE) <= 60
