"""What a notify test sees of AWS: its topic, the queue that hears it, and its table."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

NUMBERS = itertools.count()


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
        queue_url, arn = make_queue(self.clients["sqs"], f"filtered-{next(NUMBERS)}")
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


def make_queue(sqs: "SQSClient", name: str) -> tuple[str, str]:
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn
