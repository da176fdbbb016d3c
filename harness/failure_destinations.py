"""Where a Kafka trigger sends the records that it gives up.

AWS Lambda Developer Guide, "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources":
SQS and SNS get a JSON document about the batch, S3 gets the same document with the whole event, and "Using a Kafka
topic as an on-failure destination": a Kafka topic gets the records themselves with metadata. How AWS writes that
metadata is not documented; here it is in headers whose names begin with `lambda-`.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from harness.errors import HarnessError
from harness.kafka_events import KafkaSource, kafka_event
from harness.kafka_retries import Discarded

_SEND_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Records that are given up, and how it came to that."""

    discarded: Discarded
    """The records and the condition."""
    source: KafkaSource
    """Where they come from."""
    function_arn: str
    """Whose invocations failed."""
    error_type: str | None
    """What the last one reported; None when it returned, or was never made."""
    time: datetime
    """When they were given up."""


class FailureDestination(Protocol):
    """Takes records that are given up."""

    def send(self, failure: Failure) -> None:
        """Take them; return when they are safe. What it raises stops the trigger before it commits."""


def describe(failure: Failure) -> dict[str, Any]:
    """Write the document about a failure, without its records' contents.

    The fields are those of AWS' sample; `recordInfo` names each partition's first and last offset and time.
    """
    records = failure.discarded.batch.records
    by_partition: dict[str, dict[str, Any]] = {}
    for record in records:
        told = by_partition.setdefault(
            record.topic_partition,
            {"firstRecordOffset": record.offset, "firstRecordTimestamp": _time_of(record.timestamp_ms)},
        )
        told["lastRecordOffset"], told["lastRecordTimestamp"] = record.offset, _time_of(record.timestamp_ms)
    event = kafka_event(failure.source, records)
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": failure.function_arn,
            "condition": failure.discarded.condition,
            "approximateInvokeCount": failure.discarded.batch.failures,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if failure.error_type else {}),
        },
        "version": "1.0",
        "timestamp": _written(failure.time),
        "KafkaBatchInfo": {
            "batchSize": len(records),
            **{key: value for key, value in event.items() if key in ("eventSourceArn", "bootstrapServers")},
            "payloadSize": len(json.dumps(event, separators=(",", ":"))),
            "recordInfo": by_partition,
        },
    }


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """An SQS queue."""

    client: Any
    """A boto3 SQS client."""
    queue_url: str
    """The queue."""

    def send(self, failure: Failure) -> None:
        """Send the document."""
        self.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(describe(failure)))


@dataclass(frozen=True, slots=True)
class SnsTopic:
    """An SNS topic."""

    client: Any
    """A boto3 SNS client."""
    topic_arn: str
    """The topic."""

    def send(self, failure: Failure) -> None:
        """Publish the document."""
        self.client.publish(TopicArn=self.topic_arn, Message=json.dumps(describe(failure)))


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """An S3 bucket: one object for each failure, with the whole event as text in `payload`."""

    client: Any
    """A boto3 S3 client."""
    bucket: str
    """The bucket's name."""
    mapping_id: str
    """Names the trigger in the objects' keys: `aws/lambda/ID/YYYY/MM/DD/TIME-UUID`."""

    def send(self, failure: Failure) -> None:
        """Put the object."""
        event = kafka_event(failure.source, failure.discarded.batch.records)
        body = {**describe(failure), "payload": json.dumps(event, separators=(",", ":"))}
        time = failure.time.astimezone(UTC)
        key = f"aws/lambda/{self.mapping_id}/{time:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        self.client.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode("utf-8"))


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """A topic of the same cluster: each record with its key, value and headers, and why it is there."""

    bootstrap_servers: str
    """`host:port` of a broker."""
    topic: str
    """An existing topic, none of the trigger's own."""

    def send(self, failure: Failure) -> None:
        """Produce the records; return when the broker has them all.

        Raises
        ------
        HarnessError
            The broker does not take them. Some may be there.
        """
        why = [
            ("lambda-condition", failure.discarded.condition.encode("ascii")),
            ("lambda-function-arn", failure.function_arn.encode("utf-8")),
            ("lambda-error-type", (failure.error_type or "").encode("utf-8")),
        ]
        try:
            # Failures are rare: a producer for each costs less than one that is kept and must be closed.
            producer = KafkaProducer(bootstrap_servers=self.bootstrap_servers, allow_auto_create_topics=False)
        except KafkaError as error:
            msg = f"No Kafka broker answers at {self.bootstrap_servers}: {error}"
            raise HarnessError(msg) from error
        try:
            sent = []
            for record in failure.discarded.batch.records:
                origin = f"{record.topic_partition}@{record.offset}".encode()
                headers = [*record.headers, *why, ("lambda-origin", origin)]
                sent.append(
                    producer.send(self.topic, record.value, record.key, headers, timestamp_ms=record.timestamp_ms)
                )
            for future in sent:
                future.get(timeout=_SEND_SECONDS)
        except KafkaError as error:
            msg = f"Kafka did not take {len(sent)} failed records: {type(error).__name__}"
            raise HarnessError(msg) from error
        finally:
            producer.close()


def _time_of(timestamp_ms: int) -> str:
    return _written(datetime.fromtimestamp(timestamp_ms / 1000, UTC))


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
