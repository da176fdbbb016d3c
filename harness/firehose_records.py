"""What Data Firehose and its transform function say to each other, and what becomes of each record: pure.

Amazon Data Firehose Developer Guide, "Required parameters for data transformation" (each record is answered once, by
its `recordId`, with `Ok`, `Dropped` or `ProcessingFailed`; the data is in `kafkaRecordValue`, the source being a
Kafka topic) and "Handle failure in data transformation" (the documents under `processing-failed`). The event of a Kafka
source is as AWS' Java library has it (`MSKFirehoseEvent` of aws-lambda-java-events): key, headers and topic of the
record do not reach the function.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from harness.kafka_events import KafkaRecord

_RESULTS = ("Ok", "Dropped", "ProcessingFailed")


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """What the events tell of the stream."""

    name: str = "local"
    """The stream's name."""
    region: str = "us-east-1"
    """Its region."""
    account: str = "123456789012"
    """Its account."""

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return f"arn:aws:firehose:{self.region}:{self.account}:deliverystream/{self.name}"

    @property
    def source_arn(self) -> str:
        """The cluster's ARN."""
        return f"arn:aws:kafka:{self.region}:{self.account}:cluster/local/00000000-0000-0000-0000-000000000000-1"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record on its way to the function."""

    record_id: str
    """Unique in the stream."""
    arrived_ms: int
    """Milliseconds since 1970."""
    data: bytes
    """The record's bytes; a record without a value has none."""
    partition: int = 0
    offset: int = 0
    """Where it was."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record."""

    incoming: Incoming
    """The record."""
    kind: Literal["Ok", "Dropped", "ProcessingFailed"]
    """`Ok`, `Dropped` or `ProcessingFailed`."""
    data: bytes = b""
    """What is delivered, when it is `Ok`."""
    error_code: str = ""
    error_message: str = ""
    """What went wrong, when it failed."""


def incoming_from_kafka(record: KafkaRecord) -> Incoming:
    """Take a Kafka record in."""
    identity = f"{record.partition:012d}{record.offset:044d}"
    return Incoming(identity, record.timestamp_ms, record.value or b"", record.partition, record.offset)


def msk_event(identity: StreamIdentity, invocation_id: str, records: Sequence[Incoming]) -> dict[str, Any]:
    """Build the event of a batch."""
    return {
        "invocationId": invocation_id,
        "sourceMSKArn": identity.source_arn,
        "deliveryStreamArn": identity.arn,
        "region": identity.region,
        "records": [
            {
                "recordId": record.record_id,
                "approximateArrivalTimestamp": record.arrived_ms,
                "mskRecordMetadata": {
                    "offset": str(record.offset),
                    "partitionId": str(record.partition),
                    "approximateArrivalTimestamp": record.arrived_ms,
                },
                "kafkaRecordValue": base64.b64encode(record.data).decode("ascii"),
            }
            for record in records
        ],
    }


def outcomes(records: Sequence[Incoming], reply: Any) -> tuple[Outcome, ...]:  # noqa: ANN401 - whatever was returned
    """Read the function's answer.

    A record that is answered wrongly (not at all, twice, with an unknown result, without its data) has failed; so have
    all when the answer is no answer or names a record that was not sent. AWS states this for missing parameters and for
    ids that differ; it does not say whether one bad answer fails its batch, here it fails its record alone.

    Parameters
    ----------
    records
        What was sent.
    reply
        What the handler returned.

    Returns
    -------
    One outcome for each record, in the records' order.
    """
    answers = reply.get("records") if isinstance(reply, Mapping) else None
    if not isinstance(answers, list) or not all(isinstance(answer, Mapping) for answer in answers):
        return all_failed(records, "Lambda.FunctionReplyInvalid", "The reply has no list of records.")
    sent = {record.record_id for record in records}
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for answer in answers:
        identity = answer.get("recordId")
        if not isinstance(identity, str) or identity not in sent:
            return all_failed(records, "Lambda.UnknownRecordId", "The reply names a record that was not sent.")
        by_id.setdefault(identity, []).append(answer)
    return tuple(_outcome(record, by_id.get(record.record_id, [])) for record in records)


def error_document(outcome: Outcome, attempts: int, ended: datetime, function_arn: str) -> dict[str, Any]:
    """Describe a failed record as Firehose does.

    Parameters
    ----------
    outcome
        What became of the record.
    attempts
        How many invocations were attempted with it.
    ended
        When the last one ended.
    function_arn
        The function.
    """
    return {
        "attemptsMade": attempts,
        "arrivalTimestamp": outcome.incoming.arrived_ms,
        "errorCode": outcome.error_code,
        "errorMessage": outcome.error_message,
        "attemptEndingTimestamp": int(ended.timestamp() * 1000),
        "rawData": base64.b64encode(outcome.incoming.data).decode("ascii"),
        "lambdaArn": function_arn,
    }


def all_failed(records: Sequence[Incoming], code: str, message: str) -> tuple[Outcome, ...]:
    """Say of each record that it failed, for one reason."""
    return tuple(Outcome(record, "ProcessingFailed", b"", code, message) for record in records)


def _outcome(record: Incoming, answers: Sequence[Mapping[str, Any]]) -> Outcome:
    def failed(code: str, message: str) -> Outcome:
        return Outcome(record, "ProcessingFailed", b"", code, message)

    if not answers:
        return failed("Lambda.MissingRecordId", "The reply does not name the record.")
    if len(answers) > 1:
        return failed("Lambda.DuplicatedRecordId", "The reply names the record more than once.")
    result = answers[0].get("result")
    if result not in _RESULTS:
        return failed("Lambda.ResultInvalid", f"The result must be one of {', '.join(_RESULTS)}.")
    if result == "Dropped":
        return Outcome(record, "Dropped")
    if result == "ProcessingFailed":
        return failed("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
    try:
        return Outcome(record, "Ok", base64.b64decode(answers[0]["kafkaRecordValue"], validate=True))
    except KeyError:
        return failed("Lambda.MissingData", "The answer has no kafkaRecordValue.")
    except (TypeError, ValueError, binascii.Error):
        return failed("Lambda.DataInvalid", "The answer's kafkaRecordValue is not base64.")
