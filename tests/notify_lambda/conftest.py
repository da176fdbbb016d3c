"""AWS for the notify tests: one moto server, and for each test a topic, a queue that hears it, and a table."""

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faulty_proxy import FaultyProxy, faulty_proxy

from devstack.stack import running_stack
from notify_lambda import handler as handler_module

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_numbers = itertools.count()


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


@dataclass
class Cloud:
    """A topic, a queue subscribed to it, a dead-letter queue and a table, new for each test."""

    clients: Mapping[str, Any]
    topic_arn: str
    queue_url: str
    letters_url: str
    table: str

    def subscribe(self, policy: Mapping[str, Any], *, raw: bool = False) -> str:
        """Let one more queue hear what its filter policy lets through."""
        queue_url, arn = _queue(self.clients["sqs"], f"filtered-{next(_numbers)}")
        self.clients["sns"].subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={
                "FilterPolicy": json.dumps(policy),
                "RawMessageDelivery": str(raw).lower(),
            },
        )
        return queue_url

    def messages(self, queue_url: str | None = None) -> list[dict[str, Any]]:
        """Take everything out of a queue: the SNS notifications."""
        return [json.loads(message["Body"]) for message in self.raw(queue_url or self.queue_url)]

    def raw(self, queue_url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            reply = self.clients["sqs"].receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
            )
            if not reply.get("Messages"):
                return found
            for message in reply["Messages"]:
                self.clients["sqs"].delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)

    def series(self) -> list[str]:
        """The series of the notifications in the queue."""
        return [json.loads(message["Message"])["result"]["timeseriesId"] for message in self.messages()]

    def letters(self) -> list[dict[str, Any]]:
        return self.messages(self.letters_url)


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
    number = next(_numbers)
    end = ".fifo" if fifo else ""
    attributes = {"FifoTopic": "true"} if fifo else {}
    topic_arn = clients["sns"].create_topic(Name=f"alerts-{number}{end}", Attributes=attributes)["TopicArn"]
    queue_url, queue_arn = _queue(clients["sqs"], f"heard-{number}{end}")
    clients["sns"].subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    letters_url, _ = _queue(clients["sqs"], f"letters-{number}")
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


def _queue(sqs: "SQSClient", name: str) -> tuple[str, str]:
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn
