import json
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from triggers import Beside, Keeper, MakeTopic, MakeTrigger, Read, Send, Wait, lines, numbers

from devstack.stack import Stack
from harness.errors import HarnessError
from harness.failure_destinations import KafkaTopic
from harness.invocation import PAYLOAD_LIMIT, InProcessFunction, encode_payload
from harness.kafka_retries import RetryRules
from harness.kafka_trigger import KafkaTrigger, Triggered

pytestmark = pytest.mark.kafka


def test_a_topic_arrives_in_batches_once_and_in_order(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, keeper: Keeper, stack: Stack
) -> None:
    books = topic(2)
    send(books, *numbers(70), key=b"k", headers=[("h", b"\xff")])
    send(books, *numbers(60), partition=1)
    assert trigger(books, keeper, batch_size=50).run(drain=True) == Triggered(records=130, invocations=3)
    assert keeper.sizes() == [50, 50, 30]
    offsets: dict[str, list[int]] = {}
    for event in keeper.events:
        assert event["eventSource"] == "aws:kafka"
        assert event["bootstrapServers"] == stack.bootstrap_servers
        for name, records in event["records"].items():
            offsets.setdefault(name, []).extend(record["offset"] for record in records)
    assert offsets == {f"{books}-0": list(range(70)), f"{books}-1": list(range(60))}
    first = keeper.events[0]["records"][f"{books}-0"][0]
    assert (first["key"], first["value"], first["headers"]) == ("aw==", "MA==", [{"h": [-1]}])


def test_the_next_trigger_goes_on_where_the_last_one_stopped(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, keeper: Keeper
) -> None:
    books = topic()
    send(books, *numbers(3))
    assert trigger(books, keeper).run(drain=True).records == 3
    assert trigger(books, keeper).run(drain=True).records == 0
    send(books, b"new")
    assert trigger(books, keeper).run(drain=True).records == 1


def test_only_what_is_committed_is_read_and_the_end_is_found_behind_it(
    topic: MakeTopic, trigger: MakeTrigger, keeper: Keeper, stack: Stack
) -> None:
    books = topic()
    producer = KafkaProducer(bootstrap_servers=stack.bootstrap_servers, transactional_id=books)
    try:
        producer.init_transactions()
        for value, commit in ((b"kept", True), (b"never", False), (b"too", True)):
            producer.begin_transaction()
            producer.send(books, value)
            if commit:
                producer.commit_transaction()
            else:
                producer.abort_transaction()
    finally:
        producer.close()
    assert trigger(books, keeper).run(drain=True).records == 2


@pytest.mark.parametrize(
    ("position", "seen"), [("TRIM_HORIZON", 2), ("LATEST", 0), (datetime(2024, 8, 29, tzinfo=UTC), 1)]
)
def test_a_new_group_starts_where_it_is_told(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, keeper: Keeper, position: str | datetime, seen: int
) -> None:
    books = topic()
    send(books, b"old", timestamp_ms=1_700_000_000_000)
    send(books, b"young", timestamp_ms=1_725_000_000_000)
    starting = trigger(books, keeper, starting_position=position)
    assert starting.run(drain=True).records == seen
    send(books, b"later")
    # The start is remembered, even where nothing was read.
    assert starting.run(drain=True).records == 1


def test_a_batch_stays_within_six_megabytes(topic: MakeTopic, send: Send, trigger: MakeTrigger, keeper: Keeper) -> None:
    books = topic()
    send(books, *[b"x" * 900_000 for _ in range(7)])
    assert trigger(books, keeper, window_seconds=2).run(drain=True).records == 7
    assert keeper.sizes()[0] == 5
    assert max(len(encode_payload(event)) for event in keeper.events) <= PAYLOAD_LIMIT


def test_a_record_that_no_event_can_hold_is_given_up_and_the_others_go_on(
    topic: MakeTopic, send: Send, keeper: Keeper, read: Read, stack: Stack
) -> None:
    books, dead = topic(), topic()
    limit = 2_000
    send(books, b"small", b"x" * limit, b"small too")
    on_failure = KafkaTopic(stack.bootstrap_servers, dead)
    settings = {"payload_limit_bytes": limit, "on_failure": on_failure, "rules": RetryRules(bisect=True)}
    function = InProcessFunction(keeper)

    class Limited:
        name = "limited"

        def invoke(self, event: object) -> object:
            if len(encode_payload(event)) > limit:
                from harness.invocation import RequestTooLargeError

                raise RequestTooLargeError
            return function.invoke(event)

    total = KafkaTrigger(stack.bootstrap_servers, [books], "g", Limited(), **settings).run(drain=True)  # type: ignore[arg-type]
    assert (total.records, total.discarded) == (3, 1)
    (given_up,) = read(dead)
    assert given_up.value == b"x" * limit
    assert dict(given_up.headers)["lambda-condition"] == b"RecordTooLarge"
    assert keeper.sizes() == [1, 1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_trigger_that_is_stopped_or_killed_leaves_nothing_out(
    topic: MakeTopic, send: Send, beside: Beside, tmp_path: Path, eventually: Wait, number: signal.Signals
) -> None:
    books = topic()
    send(books, *numbers(100))
    command = ["kafka-trigger", "keep", "--topic", books, "--group", "g", "--batch-size", "20"]
    seen = tmp_path / "seen"
    with beside(*command) as first:
        eventually(lambda: len(lines(seen)) >= 20)
        first.send_signal(number)
        told = [json.loads(line) for line in first.communicate(timeout=30)[0].splitlines()]
    before = len(lines(seen))
    assert 20 <= before < 100
    with beside(*command, "--drain") as second:
        last = json.loads(second.communicate(timeout=60)[0].splitlines()[-1])
        assert second.returncode == 0
    counted = Counter(lines(seen))
    assert set(counted) == {str(value) for value in range(100)}
    if number == signal.SIGTERM:
        assert first.returncode == 0
        assert told[-1]["records"] == before
        assert max(counted.values()) == 1
        assert last == {
            "records": 100 - before,
            "invocations": (100 - before) // 20,
            "failures": 0,
            "discarded": 0,
            "lag": 0,
        }
    else:
        assert first.returncode == -signal.SIGKILL
        assert sum(counted.values()) in (100, 120)  # the batch that was not committed comes again


@pytest.mark.slow
def test_a_broker_that_dies_and_comes_back_loses_nothing(
    topic: MakeTopic, send: Send, stack: Stack, beside: Beside, tmp_path: Path, eventually: Wait
) -> None:
    books = topic()
    send(books, *numbers(100))
    # In a process of its own: kafka-python leaves the sockets of refused connections to the garbage collector.
    with beside("kafka-trigger", "keep", "--topic", books, "--group", "g", "--batch-size", "20") as running:
        eventually(lambda: len(lines(tmp_path / "seen")) >= 20)
        stack.kill("kafka")
        stack.restart("kafka")
        send(books, b"after the outage")
        eventually(lambda: "after the outage" in lines(tmp_path / "seen"))
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
        assert running.returncode == 0
    seen = lines(tmp_path / "seen")
    assert set(seen) == {*(str(value) for value in range(100)), "after the outage"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size must be from 1 to 10000, got 0"),
        ({"batch_size": 10_001}, "batch_size must be from 1 to 10000, got 10001"),
        ({"window_seconds": 301}, "window_seconds must be from 0 to 300, got 301"),
        ({"starting_position": "EARLIEST"}, "starting_position must be TRIM_HORIZON or LATEST or a time"),
        ({"on_failure": KafkaTopic("b:1", "books")}, "on_failure must not be one of the trigger's own topics"),
    ],
)
def test_a_setting_out_of_range_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KafkaTrigger("b:1", ["books"], "g", InProcessFunction(Keeper(), "k"), **settings)


def test_a_topic_that_does_not_exist_is_named(trigger: MakeTrigger, keeper: Keeper) -> None:
    with pytest.raises(HarnessError, match="There is no topic 'nowhere'"):
        trigger("nowhere", keeper).run(drain=True)
