import json
import threading
from collections import Counter
from pathlib import Path

import boto3
import pytest
from triggers import Keeper, MakeFunction, MakeTopic, MakeTrigger, Read, Send, Wait, lines, numbers

from devstack.stack import Stack
from harness.errors import HarnessError
from harness.failure_destinations import Failure, KafkaTopic, S3Bucket, SnsTopic, SqsQueue
from harness.kafka_retries import RetryRules
from harness.kafka_trigger import Triggered

pytestmark = pytest.mark.kafka


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
            msg = f"no room for {len(failure.discarded.batch.records)}"
            raise HarnessError(msg)

    books = topic()
    send(books, b"sleep")
    failing = function("keep")  # SEEN is missing
    with pytest.raises(HarnessError, match="no room for 1"):
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
