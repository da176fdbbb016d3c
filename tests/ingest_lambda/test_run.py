# ruff: noqa: S608 - the schema is the test's own

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from ingest_world import MINUTE, SETTLE, START, World

from ingest_lambda import run as run_module
from ingest_lambda.deadline import Deadline
from ingest_lambda.errors import ProgressError, SourceError, UnavailableError

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def sold(world: World) -> list[tuple[str, int]]:
    """What the topic holds, in the order of sale: quantities count up in `sell_every`."""
    fields = [record.fields for record in world.published()]
    return sorted(((f["product_name"], f["quantity"]) for f in fields), key=lambda pair: pair[1])


@pytest.fixture
def shop(world: World) -> World:
    """Ten minutes of sales, of which the first minute was published."""
    world.sell_every(5, minutes=10)
    world.run(START + MINUTE)
    return world


def test_a_run_publishes_the_rows_up_to_the_scheduled_time_less_the_settling_time(world: World) -> None:
    world.sell_every(5, minutes=3)

    answer = world.run(START + MINUTE)

    assert sold(world) == world.rows(before=START + MINUTE - SETTLE)
    assert len(sold(world)) == 10
    assert answer == {
        "outcome": "caught up",
        "scheduled": "2024-08-29T13:01:00Z",
        "from": "2024-08-29T12:59:50Z",
        "to": "2024-08-29T13:00:50Z",
        "rows": 10,
        "transactions": 1,
        "behindSeconds": 0.0,
        "lateRows": 0,
    }


def test_windows_are_half_open_to_the_microsecond(world: World) -> None:
    border = START + MINUTE - SETTLE
    microsecond = timedelta(microseconds=1)
    world.sell((border - microsecond, "item-A", 1), (border, "item-A", 2), (border + microsecond, "item-A", 3))

    world.run(START + MINUTE)
    assert [quantity for _, quantity in sold(world)] == [1]

    world.run(START + 2 * MINUTE)
    assert [quantity for _, quantity in sold(world)] == [1, 2, 3]


def test_a_series_stays_on_one_partition_in_order(shop: World) -> None:
    shop.run(START + 11 * MINUTE)

    partitions: dict[bytes | None, set[int]] = {}
    for record in shop.published():
        partitions.setdefault(record.key, set()).add(record.partition)
    assert set(partitions) == {b'{"product_name":"item-%c"}' % letter for letter in b"ABCDE"}
    assert all(len(numbers) == 1 for numbers in partitions.values())
    for key in partitions:
        quantities = [record.fields["quantity"] for record in shop.published() if record.key == key]
        assert quantities == sorted(quantities)


def test_missed_schedules_are_caught_up(shop: World) -> None:
    shop.run(START + 7 * MINUTE)

    assert sold(shop) == shop.rows(before=START + 7 * MINUTE - SETTLE)


def test_doubled_and_late_schedules_repeat_nothing(shop: World) -> None:
    shop.run(START + 5 * MINUTE)

    assert [shop.run(START + minutes * MINUTE)["outcome"] for minutes in (5, 3, 5)] == ["nothing to do"] * 3
    assert sold(shop) == shop.rows(before=START + 5 * MINUTE - SETTLE)


def test_a_minute_without_rows_moves_the_marker(shop: World) -> None:
    shop.run(START + 30 * MINUTE)
    answer = shop.run(START + 31 * MINUTE)

    assert (answer["outcome"], answer["rows"]) == ("caught up", 0)
    assert shop.markers()[-1]["position"] == "2024-08-29T13:30:50Z"


def test_an_outage_longer_than_a_run_may_read_is_caught_up_oldest_first(world: World) -> None:
    world.sell_every(30, minutes=20)
    world.run(START + MINUTE)
    function = world.function(MAX_CATCH_UP_MINUTES="8")

    answers = [world.run(START + 20 * MINUTE, function) for _ in range(3)]

    assert [answer["outcome"] for answer in answers] == ["behind", "behind", "caught up"]
    assert [answer["behindSeconds"] for answer in answers] == [11 * 60, 3 * 60, 0]
    assert all(later["from"] == earlier["to"] for earlier, later in pairwise(answers))
    assert sold(world) == world.rows(before=START + 20 * MINUTE - SETTLE)


def test_a_run_cuts_its_rows_into_transactions_and_ends_before_its_deadline(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_MAX_ROWS", 20)
    function = shop.function()
    publish = function._publisher.commit

    def commit_slowly(*arguments: Any) -> None:  # noqa: ANN401
        sleep(0.8)
        publish(*arguments)

    function._publisher.open(Deadline(monotonic() + 30))
    monkeypatch.setattr(function._publisher, "commit", commit_slowly)
    began = monotonic()

    answer = shop.run(START + 11 * MINUTE, function, seconds=4.0)

    assert monotonic() - began < 4.0
    assert answer["outcome"] == "behind"
    assert 1 <= answer["transactions"] <= 4
    assert sold(shop) == shop.rows(before=datetime.fromisoformat(answer["to"]))
    monkeypatch.setattr(function._publisher, "commit", publish)
    assert shop.run(START + 11 * MINUTE, function)["outcome"] == "caught up"
    assert sold(shop) == shop.rows(before=START + 11 * MINUTE)


def test_rows_of_one_time_stay_in_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_MAX_ROWS", 2)
    world.sell(*[(START, "item-A", number) for number in range(7)], (START + SETTLE, "item-A", 7))

    answer = world.run(START + MINUTE)

    assert (answer["transactions"], answer["rows"]) == (2, 8)


def test_two_warm_functions_that_run_in_turns_repeat_and_lose_nothing(shop: World) -> None:
    one, other = shop.function(), shop.function()

    for minute in range(2, 8):
        assert shop.run(START + minute * MINUTE, (one, other)[minute % 2])["outcome"] == "caught up"

    assert sold(shop) == shop.rows(before=START + 7 * MINUTE - SETTLE)


def test_functions_that_run_at_once_repeat_and_lose_nothing(shop: World) -> None:
    functions = [shop.function() for _ in range(4)]
    answers: list[dict[str, Any]] = []

    def work(number: int) -> None:
        schedules = [START + (minute + number % 2) * MINUTE for minute in range(2, 10)]
        answers.extend(shop.run(scheduled, functions[number]) for scheduled in schedules)

    threads = [Thread(target=work, args=(number,)) for number in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.run(START + 11 * MINUTE)

    assert len(answers) == 32
    assert {answer["outcome"] for answer in answers} > {"caught up"}
    assert sold(shop) == shop.rows(before=START + 11 * MINUTE)


def test_a_run_whose_id_was_taken_leaves_the_work_to_the_taker(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = shop.function(), shop.function()
    commit = slow._publisher.commit

    def commit_late(*arguments: Any) -> None:  # noqa: ANN401
        shop.run(START + 4 * MINUTE, quick)
        commit(*arguments)

    monkeypatch.setattr(slow._publisher, "commit", commit_late)

    assert shop.run(START + 3 * MINUTE, slow)["outcome"] == "taken over"
    assert sold(shop) == shop.rows(before=START + 4 * MINUTE - SETTLE)


def test_rows_that_settle_in_time_are_published_however_late_they_commit(shop: World) -> None:
    with psycopg.connect(shop.stack.database_url) as long:
        statement = f"INSERT INTO {shop.name}.sales (event_time, product_name, quantity) VALUES (%s, 'late', 999)"
        long.execute(statement.encode(), [START + MINUTE + timedelta(seconds=55)])
        shop.run(START + 2 * MINUTE)
        assert 999 not in [quantity for _, quantity in sold(shop)]
        long.commit()

    shop.run(START + 3 * MINUTE)

    assert [quantity for _, quantity in sold(shop)].count(999) == 1


def test_rows_that_commit_after_the_settling_time_are_counted_once_and_told(
    shop: World, caplog: pytest.LogCaptureFixture
) -> None:
    function = shop.function()
    with psycopg.connect(shop.stack.database_url) as long:
        statement = f"INSERT INTO {shop.name}.sales (event_time, product_name, quantity) VALUES (%s, 'late', 999)"
        for second in (30, 40):
            long.execute(statement.encode(), [START + MINUTE + timedelta(seconds=second)])
        assert shop.run(START + 2 * MINUTE, function)["lateRows"] == 0
        long.commit()

    answers = [shop.run(START + minute * MINUTE, function)["lateRows"] for minute in (3, 4)]

    assert answers == [2, 0]
    ours = [record for record in caplog.records if record.name == "ingest_lambda.run"]
    (warning,) = [record.getMessage() for record in ours if record.levelname == "WARNING"]
    assert warning.startswith("late rows=2 before=2024-08-29T13:01:50Z settle_seconds=10 ")
    assert 999 not in [quantity for _, quantity in sold(shop)]


def test_a_schedule_of_the_future_reads_to_the_clock_only(world: World) -> None:
    now = datetime.now(UTC)

    answer = world.run(now + timedelta(days=365))

    assert abs(datetime.fromisoformat(answer["to"]) - (now - SETTLE)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("change", "repair", "message"),
    [
        (
            "ALTER TABLE {0}.sales DROP COLUMN quantity",
            "ALTER TABLE {0}.sales ADD COLUMN quantity integer DEFAULT 7",
            "SOURCE_COLUMNS names 'quantity', but the table {0}.sales has no such column; it has id, event_time, ",
        ),
        (
            "ALTER TABLE {0}.sales RENAME COLUMN event_time TO sold_at",
            "ALTER TABLE {0}.sales RENAME COLUMN sold_at TO event_time",
            "TIMESTAMP_COLUMN names 'event_time', but the table {0}.sales has no such column; it has id, sold_at, ",
        ),
        (
            "ALTER TABLE {0}.sales RENAME TO sale",
            "ALTER TABLE {0}.sale RENAME TO sales",
            "SOURCE_TABLE is '{0}.sales', but the database has no such table",
        ),
    ],
    ids=["dropped column", "renamed column", "renamed table"],
)
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_a_dropped_or_renamed_column_stops_the_runs_until_it_is_repaired_and_skips_nothing(
    shop: World, change: str, repair: str, message: str, warm: bool
) -> None:
    function = shop.function()
    if warm:
        shop.run(START + 2 * MINUTE, function)
    shop.execute(change.format(shop.name))

    with pytest.raises(SourceError) as raised:
        shop.run(START + 3 * MINUTE, function)
    assert str(raised.value).startswith(message.format(shop.name))

    shop.execute(repair.format(shop.name))
    shop.run(START + 4 * MINUTE, function)
    shop.execute(f"UPDATE {shop.name}.sales SET quantity = id - 1")
    published = [record.fields["event_time"] for record in shop.published()]
    assert len(published) == len(set(published)) == len(shop.rows(before=START + 4 * MINUTE - SETTLE))


def test_a_renamed_column_is_followed_by_changing_the_setting(shop: World) -> None:
    shop.execute(f"ALTER TABLE {shop.name}.sales RENAME COLUMN event_time TO sold_at")
    function = shop.function(TIMESTAMP_COLUMN="sold_at", SOURCE_COLUMNS="sold_at,product_name,quantity")

    shop.run(START + 3 * MINUTE, function)

    assert [quantity for _, quantity in sold(shop)] == list(range(34))


def test_a_progress_topic_serves_one_detector(shop: World, make_world: Callable[..., World]) -> None:
    shop.execute(f"CREATE TABLE {shop.name}.returns (LIKE {shop.name}.sales)")

    with pytest.raises(ProgressError, match="which is still there, not to 'event_time' of"):
        shop.run(START + 3 * MINUTE, shop.function(SOURCE_TABLE=f"{shop.name}.returns"))
    with pytest.raises(ProgressError, match="belongs to the rows of INPUT_TOPIC"):
        shop.run(START + 3 * MINUTE, shop.function(INPUT_TOPIC=make_world().sales))


def test_a_database_that_was_restarted_is_connected_to_again_within_the_run(shop: World) -> None:
    function = shop.function()
    shop.run(START + 2 * MINUTE, function)
    shop.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ingest_lambda'")

    assert shop.run(START + 3 * MINUTE, function)["outcome"] == "caught up"
    assert sold(shop) == shop.rows(before=START + 3 * MINUTE - SETTLE)


def test_a_database_that_stays_away_fails_the_run_before_its_deadline(shop: World) -> None:
    function = shop.function(DATABASE_URL="postgresql://ingest:canary@127.0.0.1:9/shop")
    began = monotonic()

    with pytest.raises(UnavailableError, match="cannot connect to the database") as raised:
        shop.run(START + 3 * MINUTE, function, seconds=3)

    assert monotonic() - began < 3
    assert "canary" not in str(raised.value)


def test_a_query_that_takes_too_long_is_ended_and_explained(shop: World) -> None:
    shop.execute(
        f"CREATE VIEW {shop.name}.slow AS SELECT sales.* FROM {shop.name}.sales CROSS JOIN LATERAL "
        "(SELECT pg_sleep(0.05 + 0 * sales.id)) AS pause"
    )
    function = shop.function(SOURCE_TABLE=f"{shop.name}.slow")
    shop.write_marker(b'{"position":"2024-08-29T13:00:50Z"}')
    began = monotonic()

    with pytest.raises(SourceError, match="is there an index on 'event_time'"):
        shop.run(START + 9 * MINUTE, function, seconds=3)

    assert monotonic() - began < 5


@pytest.mark.slow
def test_a_broker_that_is_killed_in_the_middle_of_a_run_loses_and_repeats_nothing(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    world.sell_every(1, minutes=60)
    world.run(START + MINUTE)
    monkeypatch.setattr(run_module, "_MAX_ROWS", 20)
    function = world.function()

    def restart() -> None:
        sleep(0.5)
        world.stack.kill("kafka")
        sleep(1)
        world.stack.restart("kafka")

    restarting = Thread(target=restart)
    restarting.start()
    outcome = ""
    while outcome != "caught up":
        # A run that waited too long for the broker leaves the rest to the next.
        with suppress(UnavailableError):
            outcome = world.run(START + 59 * MINUTE, function, seconds=30)["outcome"]
    restarting.join()

    assert sold(world) == world.rows(before=START + 59 * MINUTE - SETTLE)


@pytest.mark.slow
def test_a_database_that_is_killed_and_comes_back_loses_and_repeats_nothing(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.sell_every(5, minutes=10)
    function = world.function()
    world.run(START + MINUTE, function)
    world.database.close()
    world.stack.kill("postgres")
    with pytest.raises(UnavailableError):
        world.run(START + 2 * MINUTE, function, seconds=2)
    world.stack.restart("postgres")
    world.database = psycopg.connect(world.stack.database_url, autocommit=True)

    assert world.run(START + 3 * MINUTE, function)["outcome"] == "caught up"
    assert sold(world) == world.rows(before=START + 3 * MINUTE - SETTLE)
