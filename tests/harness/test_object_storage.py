import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import boto3
import pytest

from devstack.stack import Stack
from harness.clock import SimulatedClock
from harness.object_storage import Directory, JsonLines, S3Store, evaluate_prefix, object_key

TIME = datetime(2024, 8, 29, 1, 2, 3, tzinfo=UTC)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("prefix", "error_type", "filled"),
    [
        ("", None, "2024/08/29/01/"),
        ("results/", None, "results/2024/08/29/01/"),
        ("dt=!{timestamp:yyyy-MM-dd}/", None, "dt=2024-08-29/"),
        ("!{timestamp:yyyy/MM/dd/'hour='HH/mm.ss}/", None, "2024/08/29/hour=01/02.03/"),
        ("", "processing-failed", "processing-failed/2024/08/29/01/"),
        ("errors/", "processing-failed", "errors/processing-failed/2024/08/29/01/"),
        ("e/!{firehose:error-output-type}/", "processing-failed", "e/processing-failed/2024/08/29/01/"),
        ("!{firehose:error-output-type}/!{timestamp:yyyy}/", "processing-failed", "processing-failed/2024/"),
    ],
)
def test_a_prefix_is_filled_in_and_dated_in_utc(prefix: str, error_type: str | None, filled: str) -> None:
    elsewhere = TIME.astimezone(timezone(timedelta(hours=-5)))
    assert evaluate_prefix(prefix, elsewhere, error_type) == filled


@pytest.mark.parametrize(
    ("prefix", "error_type", "message"),
    [
        ("!{timestamp:YYYY}/", None, "known time patterns only (yyyy, MM, dd, HH, mm, ss), got 'YYYY'"),
        ("!{partitionKeyFromLambda:dt}/", None, "known expressions only, got '!{partitionKeyFromLambda:dt}'"),
        ("!{firehose:error-output-type}/", None, "known expressions only, got '!{firehose:error-output-type}'"),
        ("!{timestamp:yyyy}/", "processing-failed", "error prefix must hold !{firehose:error-output-type}"),
    ],
)
def test_a_prefix_that_is_not_understood_is_refused(prefix: str, error_type: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        evaluate_prefix(prefix, TIME, error_type)


def test_objects_are_named_by_stream_and_time_and_never_twice_alike() -> None:
    first, second = (object_key("a/", "results", TIME) for _ in range(2))
    assert re.fullmatch(rf"a/2024/08/29/01/results-1-2024-08-29-01-02-03-{UUID}", first)
    assert first != second


def test_rows_become_lines_of_a_file_and_no_draft_is_left(tmp_path: Path) -> None:
    JsonLines(Directory(tmp_path), clock=SimulatedClock(TIME)).deliver([b'{"a":1}', b'{"a":2}'])
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert file.parent == tmp_path / "2024/08/29/01"


@pytest.mark.kafka
def test_rows_become_an_object_in_s3(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stack.aws_environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="rows")
    JsonLines(S3Store(client, "rows"), "results/", delimiter=b"").deliver([b"a", b"b"])
    (found,) = client.list_objects_v2(Bucket="rows", Prefix="results/")["Contents"]
    assert client.get_object(Bucket="rows", Key=found["Key"])["Body"].read() == b"ab"
