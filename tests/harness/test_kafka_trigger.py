import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from kafka import KafkaProducer

from devstack.errors import DevstackError
from devstack.stack import Stack
from harness.failure_destinations import Failure, KafkaTopic, S3Bucket, SnsTopic, SqsQueue
from harness.function import Function
from harness.invocation import PAYLOAD_LIMIT, InProcessFunction, encode_payload
from harness.kafka_retries import RetryRules
from harness.kafka_trigger import KafkaTrigger, Triggered

HANDLERS = Path(__file__).parent / "handlers"

MakeFunction = Callable[..., Function]
MakeTopic = Callable[..., str]
Send = Callable[..., None]
Read = Callable[[str], list[Any]]
Wait = Callable[[Callable[[], object]], None]

pytestmark = pytest.mark.kafka

Event = Any


def numbers(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


class Keeper:
    """A handler in this process that keeps the events it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event, _context: object) -> None:
        self.events.append(event)

    def sizes(self) -> list[int]:
        return [sum(map(len, event["records"].values())) for event in self.events]


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def trigger(stack: Stack) -> Callable[..., KafkaTrigger]:
    def make(topic: str, function: Function | Keeper, **settings: object) -> KafkaTrigger:
        invocable = function if isinstance(function, Function) else InProcessFunction(function, "keeper")
        defaults = {"window_seconds": 0.2, "first_wait_seconds": 0.01}
        return KafkaTrigger(stack.bootstrap_servers, [topic], "g-" + topic, invocable, **{**defaults, **settings})  # type: ignore[arg-type]

    return make


MakeTrigger = Callable[..., KafkaTrigger]


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

        def invoke(self, event: Event) -> object:
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


def test_poison_is_isolated_by_bisecting_and_goes_to_the_topic_with_everything_it_had(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, function: MakeFunction, read: Read, stack: Stack, tmp_path: Path
) -> None:
    books, dead = topic(), topic()
    send(books, *numbers(10))
    send(books, b"poison", key=b"arsenic", headers=[("h", b"1")], timestamp_ms=1_725_000_000_000)
    send(books, *numbers(10, first=10))
    refusing = function("refuse_poison", {"SEEN": str(tmp_path / "seen")})
    total = trigger(
        books,
        refusing,
        rules=RetryRules(bisect=True, maximum_retry_attempts=1),
        on_failure=KafkaTopic(stack.bootstrap_servers, dead),
    ).run(drain=True)
    assert (total.records, total.discarded) == (21, 1)
    assert lines(tmp_path / "seen") == [str(number) for number in range(20)]
    (record,) = read(dead)
    assert (record.key, record.value, record.timestamp) == (b"arsenic", b"poison", 1_725_000_000_000)
    assert record.headers[0] == ("h", b"1")
    told = dict(record.headers)
    assert told["lambda-condition"] == b"RetryAttemptsExhausted"
    assert told["lambda-error-type"] == b"ValueError"
    assert told["lambda-origin"] == f"{books}-0@10".encode()


@pytest.mark.parametrize("model", ["only_failed", "rewind_to_lowest"])
def test_reported_poison_is_retried_and_given_up_under_both_models(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, function: MakeFunction, tmp_path: Path, model: str
) -> None:
    books = topic()
    send(books, b"0", b"poison", b"2", b"3")
    reporting = function("report_poison", {"SEEN": str(tmp_path / "seen")})
    rules = RetryRules(True, model, bisect=True, maximum_retry_attempts=2)  # type: ignore[arg-type]
    total = trigger(books, reporting, rules=rules).run(drain=True)
    assert (total.records, total.discarded) == (4, 1)
    seen = Counter(lines(tmp_path / "seen"))
    assert set(seen) == {"0", "2", "3"}
    assert (max(seen.values()) == 1) == (model == "only_failed")


def test_a_function_killed_in_the_middle_gets_its_batch_again(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, function: MakeFunction, tmp_path: Path, eventually: Wait
) -> None:
    books = topic()
    send(books, *numbers(40))
    slow = function("keep", {"SEEN": str(tmp_path / "seen"), "PAUSE": "0.2"})
    killer = threading.Thread(target=lambda: eventually(slow.kill))
    killer.start()
    total = trigger(books, slow, batch_size=10).run(drain=True)
    killer.join()
    assert (total.records, total.invocations, total.failures, total.discarded) == (40, 5, 1, 0)
    assert lines(tmp_path / "seen") == [str(number) for number in range(40)]


def test_a_time_out_is_a_failure_like_any_other(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, function: MakeFunction, tmp_path: Path
) -> None:
    books = topic()
    send(books, b"0")
    slow = function("keep", {"SEEN": str(tmp_path / "seen"), "PAUSE": "60"}, timeout_seconds=0.3)
    total = trigger(books, slow, rules=RetryRules(maximum_retry_attempts=1)).run(drain=True)
    assert total == Triggered(records=1, invocations=2, failures=2, discarded=1)


def test_records_that_were_too_old_before_they_were_read_are_given_up_unseen(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, keeper: Keeper
) -> None:
    books = topic()
    send(books, b"old", timestamp_ms=1_725_000_000_000)
    send(books, b"young")
    total = trigger(books, keeper, rules=RetryRules(maximum_record_age_seconds=604_800)).run(drain=True)
    assert total == Triggered(records=2, invocations=1, failures=0, discarded=1)
    assert keeper.events[0]["records"][f"{books}-0"][0]["value"] == "eW91bmc="


def test_a_destination_that_fails_stops_the_trigger_and_loses_nothing(
    topic: MakeTopic, send: Send, trigger: MakeTrigger, function: MakeFunction, keeper: Keeper
) -> None:
    class Broken:
        def send(self, failure: Failure) -> None:
            raise DevstackError(f"no room for {len(failure.discarded.batch.records)}")

    books = topic()
    send(books, b"sleep")
    failing = function("keep")  # SEEN is missing
    with pytest.raises(DevstackError, match="no room for 1"):
        trigger(books, failing, rules=RetryRules(maximum_retry_attempts=0), on_failure=Broken()).run(drain=True)
    assert trigger(books, keeper).run(drain=True).records == 1


def test_sqs_and_sns_get_the_document_and_s3_the_whole_event(
    topic: MakeTopic,
    send: Send,
    trigger: MakeTrigger,
    function: MakeFunction,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in stack.aws_environment.items():
        monkeypatch.setenv(name, value)
    sqs, sns, s3 = boto3.client("sqs"), boto3.client("sns"), boto3.client("s3")
    queue = sqs.create_queue(QueueName="failures")["QueueUrl"]
    notified = sqs.create_queue(QueueName="notified")["QueueUrl"]
    alarms = sns.create_topic(Name="failures")["TopicArn"]
    sns.subscribe(TopicArn=alarms, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:notified")
    s3.create_bucket(Bucket="failures")

    class All:
        def send(self, failure: Failure) -> None:
            for destination in (SqsQueue(sqs, queue), SnsTopic(sns, alarms), S3Bucket(s3, "failures", "mapping")):
                destination.send(failure)

    books = topic()
    send(books, b"secret", timestamp_ms=1_725_000_000_000)
    rules = RetryRules(maximum_retry_attempts=0)
    trigger(books, function("keep"), rules=rules, on_failure=All()).run(drain=True)

    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)["Messages"]
    (notification,) = sqs.receive_message(QueueUrl=notified, WaitTimeSeconds=1)["Messages"]
    (found,) = s3.list_objects_v2(Bucket="failures", Prefix="aws/lambda/mapping/")["Contents"]
    whole = json.loads(s3.get_object(Bucket="failures", Key=found["Key"])["Body"].read())
    for told in (json.loads(message["Body"]), json.loads(json.loads(notification["Body"])["Message"]), whole):
        assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert told["requestContext"]["approximateInvokeCount"] == 1
        assert told["KafkaBatchInfo"]["batchSize"] == 1
        assert told["KafkaBatchInfo"]["recordInfo"] == {
            f"{books}-0": {
                "firstRecordOffset": 0,
                "firstRecordTimestamp": "2024-08-30T06:40:00.000Z",
                "lastRecordOffset": 0,
                "lastRecordTimestamp": "2024-08-30T06:40:00.000Z",
            }
        }
    assert "c2VjcmV0" not in message["Body"] + notification["Body"]
    assert json.loads(whole["payload"])["records"][f"{books}-0"][0]["value"] == "c2VjcmV0"


@contextmanager
def command(repository: Path, tmp_path: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command line beside the test."""
    environment = tmp_path / "environment.json"
    environment.write_text(json.dumps({"SEEN": str(tmp_path / "seen"), "PAUSE": "0.3"}))
    call = [sys.executable, "-m", "harness", *arguments, "--code", str(HANDLERS)]
    call += ["--environment", str(environment)]
    pipe = subprocess.PIPE
    with subprocess.Popen(call, cwd=repository, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_trigger_that_is_stopped_or_killed_leaves_nothing_out(
    topic: MakeTopic,
    send: Send,
    stack: Stack,
    repository: Path,
    tmp_path: Path,
    eventually: Wait,
    number: signal.Signals,
) -> None:
    books = topic()
    send(books, *numbers(100))
    arguments = ["kafka-trigger", "--handler", "sample_handlers:keep", "--bootstrap", stack.bootstrap_servers]
    arguments += ["--topic", books, "--group", "g", "--batch-size", "20"]
    seen = tmp_path / "seen"
    with command(repository, tmp_path, *arguments) as first:
        eventually(lambda: len(lines(seen)) >= 20)
        first.send_signal(number)
        told = [json.loads(line) for line in first.communicate(timeout=30)[0].splitlines()]
    before = len(lines(seen))
    assert 20 <= before < 100
    with command(repository, tmp_path, *arguments, "--drain") as second:
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
    topic: MakeTopic, send: Send, stack: Stack, repository: Path, tmp_path: Path, eventually: Wait
) -> None:
    books = topic()
    send(books, *numbers(100))
    arguments = ["kafka-trigger", "--handler", "sample_handlers:keep", "--bootstrap", stack.bootstrap_servers]
    # In a process of its own: kafka-python leaves the sockets of refused connections to the garbage collector.
    with command(repository, tmp_path, *arguments, "--topic", books, "--group", "g", "--batch-size", "20") as running:
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
    with pytest.raises(DevstackError, match="There is no topic 'nowhere'"):
        trigger("nowhere", keeper).run(drain=True)
