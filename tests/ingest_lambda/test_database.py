# ruff: noqa: S608 - the schema is the test's own

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from ingest_world import MINUTE, SETTLE, START, World

from ingest_lambda.errors import IngestError, SourceError

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ANY_TYPE = """
    event_time timestamptz, product_name text, quantity numeric, big bigint, ratio double precision, gift boolean,
    day date, local timestamp, attributes jsonb, tags text[], picture bytea
"""


def fields(world: World) -> list[dict[str, Any]]:
    return sorted((record.fields for record in world.published()), key=lambda record: str(record))


def test_every_type_has_its_place_in_json(make_world: Callable[..., World]) -> None:
    world = make_world(ANY_TYPE)
    world.execute(
        f"""INSERT INTO {world.name}.sales (event_time, product_name, quantity, big, ratio, gift, day, local,
        attributes, tags, picture) VALUES ('2024-08-29 15:00:00.25+02', 'é"', 123456789012345678901234567890.10,
        9007199254740993, 0.1, true, '2024-08-29', '2024-08-29 15:00', '{{"a": 1}}', '{{x,NULL}}', '\\xff')"""
    )
    columns = "event_time,product_name,quantity,big,ratio,gift,day,local,attributes,tags,picture"

    world.run(START + MINUTE, world.function(SOURCE_COLUMNS=columns))

    (record,) = world.published()
    assert record.value.decode() == (
        '{"event_time":"2024-08-29T13:00:00.25Z","product_name":"é\\"","quantity":123456789012345678901234567890.10,'
        '"big":9007199254740993,"ratio":0.1,"gift":true,"day":"2024-08-29","local":"2024-08-29T15:00:00Z",'
        '"attributes":"{\\"a\\": 1}","tags":"{x,NULL}","picture":"\\\\xff"}'
    )


@pytest.mark.parametrize(
    ("quantity", "expected"), [("NULL", None), ("'NaN'", "NaN"), ("'-Infinity'", "-Infinity"), ("1e30", 10**30)]
)
def test_a_value_that_json_cannot_hold_as_a_number_is_no_number_and_stops_nothing(
    make_world: Callable[..., World], quantity: str, expected: object
) -> None:
    world = make_world(ANY_TYPE)
    world.execute(f"INSERT INTO {world.name}.sales (event_time, quantity) VALUES (%s, {quantity})", [START])

    world.run(START + MINUTE)

    assert [record["quantity"] for record in fields(world)] == [expected]


def test_rows_without_a_time_or_with_an_endless_one_are_never_published_and_that_is_said(
    make_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(ANY_TYPE)
    for time in ("NULL", "'infinity'", "'-infinity'", "'2024-08-29 13:00:00Z'"):
        world.execute(f"INSERT INTO {world.name}.sales (event_time, product_name) VALUES ({time}, 'item-A')")

    assert world.run(START + MINUTE)["rows"] == 1
    assert any("rows without a timestamp are never published" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_a_column_without_a_zone_is_utc_whatever_zone_the_database_is_in(
    make_world: Callable[..., World], zone: str
) -> None:
    world = make_world("event_time timestamp NOT NULL, product_name text, quantity integer")
    world.execute(
        f"INSERT INTO {world.name}.sales (event_time) VALUES ('2024-08-29 13:00:30'), ('2024-08-29 15:00:30')"
    )
    database = str(urlsplit(world.stack.database_url).path.strip("/"))
    world.execute(f"ALTER DATABASE {database} SET timezone = '{zone}'")
    try:
        world.run(START + MINUTE)
    finally:
        world.execute(f"ALTER DATABASE {database} RESET timezone")

    assert [record["event_time"] for record in fields(world)] == ["2024-08-29T13:00:30Z"]


def test_the_hour_that_clocks_repeat_is_read_once_and_the_one_they_skip_is_not_missed(world: World) -> None:
    autumn = datetime(2024, 10, 27, 0, 0, tzinfo=UTC)  # 02:00 in Berlin, for the first time
    spring = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)  # 02:00 in Berlin, which is 03:00
    for start in (autumn, spring):
        world.write_marker(b'{"position":"%s"}' % (start - SETTLE).isoformat().encode())
        before = len(world.published())
        function = world.function()
        world.execute("SET TimeZone = 'Europe/Berlin'")
        for minute in range(120):
            world.sell((start + minute * MINUTE, "item-A", minute))
        for minute in (30, 59, 60, 61, 90, 120):
            world.run(start + minute * MINUTE, function)
        times = [record.fields["event_time"] for record in world.published()[before:]]
        assert sorted(times) == [f"{start + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ}" for minute in range(120)]


def test_times_before_1970_are_times(world: World) -> None:
    long_ago = datetime(1969, 7, 20, 20, 17, tzinfo=UTC)
    world.sell((long_ago, "item-A", 1))

    world.run(long_ago + MINUTE)

    assert [record["event_time"] for record in fields(world)] == ["1969-07-20T20:17:00Z"]


def test_names_are_quoted(make_world: Callable[..., World]) -> None:
    world = make_world('"Event; Time" timestamptz NOT NULL, "prod""uct" text, "select" integer')
    world.execute(f'ALTER TABLE {world.name}.sales RENAME TO "Sales; DROP"')
    world.execute(
        f'INSERT INTO {world.name}."Sales; DROP" ("Event; Time", "prod""uct", "select") VALUES (%s, %s, 3)',
        [START, "x"],
    )
    function = world.function(
        SOURCE_TABLE=f'{world.name}."Sales; DROP"', TIMESTAMP_COLUMN="Event; Time", SOURCE_COLUMNS='prod"uct,select'
    )

    world.run(START + MINUTE, function)

    assert fields(world) == [{"Event; Time": "2024-08-29T13:00:00Z", 'prod"uct': "x", "select": 3}]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SOURCE_TABLE": "sales; DROP TABLE sales"}, "the database has no such table"),
        ({"SOURCE_TABLE": "a.b.c.d"}, "the database refused a query .*: improper relation name"),
        ({"SOURCE_COLUMNS": "quantity, 1 AS x"}, "SOURCE_COLUMNS names '1 AS x'"),
        ({"SOURCE_COLUMNS": "Quantity"}, r"no such column \(did you mean 'quantity'\?\); it has id, event_time,"),
        ({"TIMESTAMP_COLUMN": "xmin"}, "TIMESTAMP_COLUMN names 'xmin'"),
        ({"TIMESTAMP_COLUMN": "quantity"}, "of type integer, expected a timestamp .*such columns of .*: event_time"),
        ({"TIMESTAMP_COLUMN": "product_name"}, "of type text, expected a timestamp"),
    ],
)
def test_what_the_catalogue_does_not_have_is_refused(world: World, settings: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        world.run(START + MINUTE, world.function(**settings))


def test_text_columns_make_the_key_unless_dimensions_are_marked(world: World) -> None:
    world.sell((START, "item-A", 3))

    world.run(START + MINUTE, world.function())
    assert world.published()[0].key == b'{"product_name":"item-A"}'

    world.write_marker(b'{"position":"2024-08-29T13:00:00Z"}')
    world.run(START + MINUTE, world.function(SOURCE_COLUMNS="quantity*,product_name"))
    assert {record.key for record in world.published()} == {b'{"product_name":"item-A"}', b'{"quantity":3}'}


def test_the_function_cannot_write(world: World) -> None:
    world.execute(
        f"CREATE FUNCTION {world.name}.sneak() RETURNS integer LANGUAGE sql AS "
        f"$$ INSERT INTO {world.name}.sales (event_time, product_name, quantity) VALUES (now(), 'x', 1) RETURNING 1 $$"
    )
    world.execute(
        f"CREATE VIEW {world.name}.trap AS SELECT event_time, product_name, {world.name}.sneak() AS quantity "
        f"FROM {world.name}.sales"
    )
    world.sell((START, "item-A", 1))

    with pytest.raises(SourceError, match="read-only transaction"):
        world.run(START + MINUTE, world.function(SOURCE_TABLE=f"{world.name}.trap"))


def test_a_role_that_may_only_read_the_table_is_enough_and_one_that_may_not_is_told(world: World) -> None:
    world.sell((START, "item-A", 1))
    role = f"reader_{world.name}"
    world.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'canary'")
    try:
        world.execute(f"GRANT USAGE ON SCHEMA {world.name} TO {role}")
        parts = urlsplit(world.stack.database_url)
        url = parts._replace(netloc=f"{role}:canary@{parts.hostname}:{parts.port}").geturl()
        function = world.function(DATABASE_URL=url)
        with pytest.raises(SourceError, match=f"permission denied for table sales: grant SELECT on {world.name}.sales"):
            world.run(START + MINUTE, function)

        world.execute(f"GRANT SELECT ON {world.name}.sales TO {role}")
        assert world.run(START + MINUTE, function)["rows"] == 1
    finally:
        world.execute(f"DROP OWNED BY {role}")
        world.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:canary@{host}/postgres",
        "postgresql://postgres:can ary@{host}/postgres",
        "postgresql://postgres:canary@127.0.0.1:port/postgres",
        "postgresql://postgres:canary@{host}/postgres?sslmode=sometimes",
        "postgresql://postgres:canary@nowhere.invalid/postgres",
    ],
)
def test_a_password_never_shows_in_an_error_or_a_log(world: World, url: str, caplog: pytest.LogCaptureFixture) -> None:
    parts = urlsplit(world.stack.database_url)
    caplog.set_level("DEBUG")
    function = world.function(DATABASE_URL=url.format(host=f"{parts.hostname}:{parts.port}"))

    with pytest.raises(IngestError) as raised:
        world.run(START + MINUTE, function, seconds=3)

    error: BaseException | None = raised.value
    while error is not None:
        assert "canary" not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    assert "canary" not in caplog.text


def test_one_connection_serves_every_run(world: World) -> None:
    query = "SELECT pid, backend_start FROM pg_stat_activity WHERE application_name = 'ingest_lambda'"
    function = world.function()
    world.run(START + MINUTE, function)
    first = world.database.execute(query).fetchall()
    world.run(START + 2 * MINUTE, function)

    assert world.database.execute(query).fetchall() == first
    assert len(first) == 1


def test_no_transaction_stays_open_between_runs(world: World) -> None:
    world.run(START + MINUTE)
    world.run(START + timedelta(minutes=2))

    with psycopg.connect(world.stack.database_url) as connection:
        states = connection.execute("SELECT state FROM pg_stat_activity WHERE application_name = 'ingest_lambda'")
        assert states.fetchall() == [("idle",)]
