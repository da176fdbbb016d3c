"""AWS for the notify tests: one moto server, and for each test a topic, a queue that hears it, and a table."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faulty_proxy import FaultyProxy, faulty_proxy
from sns_cloud import NUMBERS, Cloud, make_queue

from devstack.stack import running_stack
from notify_lambda import handler as handler_module


@pytest.fixture(scope="session")
def aws_environment() -> Iterator[Mapping[str, str]]:
    with running_stack(only=("aws",)) as stack:
        yield stack.aws_environment


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees another's settings or clients."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    handler_module._courier.cache_clear()
    yield
    handler_module._courier.cache_clear()


@pytest.fixture(scope="session")
def clients(aws_environment: Mapping[str, str]) -> Mapping[str, Any]:
    session = boto3.Session(
        aws_access_key_id=aws_environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws_environment["AWS_SECRET_ACCESS_KEY"],
        region_name=aws_environment["AWS_REGION"],
    )
    return {
        name: session.client(name, endpoint_url=aws_environment["AWS_ENDPOINT_URL"])
        for name in ("sns", "sqs", "dynamodb")
    }


@pytest.fixture
def proxy(aws_environment: Mapping[str, str]) -> Iterator[FaultyProxy]:
    with faulty_proxy(aws_environment["AWS_ENDPOINT_URL"]) as running:
        yield running


@pytest.fixture
def cloud(
    clients: Mapping[str, Any],
    aws_environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Cloud:
    """The handler's environment is set to it, with partial batch failures."""
    return make_cloud(clients, aws_environment, monkeypatch, fifo=False)


@pytest.fixture
def fifo_cloud(
    clients: Mapping[str, Any], aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    return make_cloud(clients, aws_environment, monkeypatch, fifo=True)


def make_cloud(
    clients: Mapping[str, Any], aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, *, fifo: bool
) -> Cloud:
    number = next(NUMBERS)
    end = ".fifo" if fifo else ""
    attributes = {"FifoTopic": "true"} if fifo else {}
    topic_arn = clients["sns"].create_topic(Name=f"alerts-{number}{end}", Attributes=attributes)["TopicArn"]
    queue_url, queue_arn = make_queue(clients["sqs"], f"heard-{number}{end}")
    clients["sns"].subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    letters_url, _ = make_queue(clients["sqs"], f"letters-{number}")
    table = f"sent-{number}"
    clients["dynamodb"].create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    for name, value in {
        **aws_environment,
        "ALERT_TOPIC_ARN": topic_arn,
        "IDEMPOTENCY_TABLE": table,
        "DEAD_LETTER_QUEUE_URL": letters_url,
        "REPORT_BATCH_ITEM_FAILURES": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("MINIMUM_SCORE", "DASHBOARD_URL"):
        monkeypatch.delenv(name, raising=False)
    return Cloud(clients, topic_arn, queue_url, letters_url, table)
