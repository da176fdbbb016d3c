"""Data Firehose's contract: the event that it invokes the function with, and the reply that it takes.

A stream that reads a Kafka topic (MSK) has the value in `kafkaRecordValue`, any other (direct put, Kinesis) in
`data`; the reply uses the same name. Firehose wants each `recordId` once, and Lambda no reply over 6 MB.
"""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from readers.errors import EventError
from transform_lambda.transformation import Outcome, Verdict

MAX_REPLY_BYTES = 6_000_000
"""Lambda's limit is 6 MB as JSON; the smaller of the two numbers that 6 MB can mean."""

Answer = dict[str, Any]


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """One record of an event; its value is in base64."""

    record_id: str
    data: str | None = None
    kafka_record_value: str | None = None

    def value(self) -> bytes | None:
        """Decode the value: no bytes if there is none, None if it is not base64."""
        try:
            return base64.b64decode(self.kafka_record_value or self.data or "", validate=True)
        except (binascii.Error, ValueError):
            return None


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """What Data Firehose invokes the function with; fields that are not needed are skipped."""

    records: tuple[Record, ...]
    source_msk_arn: str | None = msgspec.field(name="sourceMSKArn", default=None)

    @property
    def from_kafka(self) -> bool:
        """Whether the stream reads a Kafka topic."""
        return self.source_msk_arn is not None or any(record.kafka_record_value is not None for record in self.records)


def parse_event(event: object) -> Event:
    """Read an event.

    Parameters
    ----------
    event
        As the Lambda runtime gives it: decoded JSON.

    Returns
    -------
    The event, each `recordId` once: of repeated ones the first.

    Raises
    ------
    EventError
        If it is not an event of Data Firehose.
    """
    try:
        parsed = msgspec.convert(event, Event)
    except msgspec.ValidationError as error:
        msg = f"not an event of Data Firehose: {error}"
        raise EventError(msg) from error
    records: dict[str, Record] = {}
    for record in parsed.records:
        records.setdefault(record.record_id, record)
    return msgspec.structs.replace(parsed, records=tuple(records.values()))


def reply(event: Event, outcomes: Iterable[Outcome]) -> dict[str, list[Answer]]:
    """Answer an event.

    Parameters
    ----------
    event
        From `parse_event`.
    outcomes
        One for each of its records.

    Returns
    -------
    The reply, with one answer a record, in order. Where the rows of a batch are too large together, the last ones
    are answered with `ProcessingFailed` and the value that came, which Firehose keeps under its error prefix.

    Raises
    ------
    EventError
        If not even the identifiers fit into a reply.
    """
    name = "kafkaRecordValue" if event.from_kafka else "data"
    choices = [
        _choices(record, name, outcome) for record, outcome in zip(event.records, outcomes, strict=True)
    ]  # from the smallest to the best
    chosen = [answers[0] for answers in choices]
    sizes = [_size(answer) for answer in chosen]
    left = MAX_REPLY_BYTES - _size({"records": []}) - sum(sizes)
    if left < 0:
        msg = f"{len(chosen)} records have no answer within {MAX_REPLY_BYTES} bytes, expected a smaller buffer"
        raise EventError(msg)
    # First every value that failed or may have to, so that nothing is lost; then the rows, as many as fit.
    for step in (1, 2):
        for index, answers in enumerate(choices):
            if step < len(answers) and (more := _size(answers[step]) - sizes[index]) <= left:
                chosen[index] = answers[step]
                sizes[index] += more
                left -= more
    return {"records": chosen}


def verdicts(answers: dict[str, list[Answer]]) -> Counter[str]:
    """Count the answers of a reply by their `result`."""
    return Counter(answer["result"] for answer in answers["records"])


def _choices(record: Record, name: str, outcome: Outcome) -> list[Answer]:
    if outcome.verdict is Verdict.DROPPED:
        return [{"recordId": record.record_id, "result": Verdict.DROPPED.value, name: ""}]
    failed: Answer = {"recordId": record.record_id, "result": Verdict.FAILED.value}
    choices = [failed | {name: ""}, failed | {name: record.kafka_record_value or record.data}]
    if outcome.verdict is Verdict.OK:
        line = base64.b64encode(outcome.line).decode("ascii")
        row: Answer = {"recordId": record.record_id, "result": Verdict.OK.value, name: line}
        if name == "data":
            # The reply for a Kafka source has no place for keys.
            row["metadata"] = {"partitionKeys": {"dt": outcome.partition}}
        choices.append(row)
    return choices


def _size(answer: Answer) -> int:
    # As the runtime may write it at most: in ASCII, with a space behind each comma and colon.
    return len(json.dumps(answer)) + len(", ")
