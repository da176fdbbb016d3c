"""The inbox of the person on duty: the queue that receives what the alert topic sends."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bookstore.pipeline.provision import aws_session


@dataclass(frozen=True, slots=True)
class Mail:
    """A message of the inbox."""

    name: str
    """What it is about: the same for every repetition of an alert."""
    text: str
    """Its first line."""
    link: str | None
    """Where to look, or None."""


def read_inbox(aws: Mapping[str, str], inbox_url: str) -> Iterator[Mail]:
    """Take every message that is there now out of the queue.

    Parameters
    ----------
    aws
        Variables for AWS clients.
    inbox_url
        The queue.
    """
    queue = aws_session(aws).client("sqs", endpoint_url=aws["AWS_ENDPOINT_URL"])
    while received := queue.receive_message(QueueUrl=inbox_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in received:
            yield _mail(message["Body"])
        queue.delete_message_batch(
            QueueUrl=inbox_url,
            Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(received)],
        )


def _mail(body: str) -> Mail:
    told = json.loads(json.loads(body)["Message"])
    result = told["result"]
    name = f"{result['timeseriesId']} {result['detectionPeriodStartTime']}" if result else str(told["kafka"])
    return Mail(name, told["text"], told["link"])
