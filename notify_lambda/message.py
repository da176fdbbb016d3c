"""What SNS is given for an alert: texts for people, JSON for programs, attributes for filter policies. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from notify_lambda.alerts import Alert
from notify_lambda.text import clean
from notify_lambda.wording import Wording, link

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef


MAX_BYTES = 200_000
"""A message that would be longer goes without the record in its JSON; SNS takes 262,144 bytes."""

_GROUP = re.compile(r"[!-~]{1,128}")
_MOST_DIMENSIONS = 20
_TEXT_CHARACTERS = 200
_LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Message:
    """One SNS message."""

    subject: str
    """ASCII, at most 99 characters, for e-mail."""
    email: str
    """Plain text of a few lines."""
    sms: str
    """At most 160 septets of the SMS alphabet."""
    body: str
    """JSON in ASCII, for queues, functions and web hooks."""
    attributes: Mapping[str, tuple[str, str]]
    """Data type and value by name, for filter policies; at most ten, so that raw delivery to SQS takes them."""
    group: str
    deduplication: str
    """For FIFO topics: the series, and a digest of the alert's key."""

    def entry(self, identifier: str, *, fifo: bool) -> "PublishBatchRequestEntryTypeDef":
        """Write the message as an entry of a batch.

        Parameters
        ----------
        identifier
            Unique within the batch.
        fifo
            Whether the topic is a FIFO topic.
        """
        entry: PublishBatchRequestEntryTypeDef = {
            "Id": identifier,
            "Subject": self.subject,
            "Message": self._structure(),
            "MessageStructure": "json",
            "MessageAttributes": {
                name: {"DataType": kind, "StringValue": value} for name, (kind, value) in self.attributes.items()
            },
        }
        if fifo:
            entry["MessageGroupId"] = self.group
            entry["MessageDeduplicationId"] = self.deduplication
        return entry

    @property
    def size(self) -> int:
        """How many bytes SNS counts; never fewer."""
        attributes = (text for name, pair in self.attributes.items() for text in (name, *pair))
        return sum(len(text.encode()) for text in (self.subject, self._structure(), *attributes))

    def _structure(self) -> str:
        return json.dumps({"default": self.body, "email": self.email, "sms": self.sms}, ensure_ascii=False)


def compose(alert: Alert, dashboard_url: str | None) -> Message:
    """Write an alert for everyone who may be subscribed.

    Parameters
    ----------
    alert
        What to tell.
    dashboard_url
        Where people look; None to name the record's place in Kafka instead.
    """
    wording = Wording(alert, dashboard_url)
    series = alert.result.timeseries_id
    message = Message(
        subject=wording.subject(),
        email=wording.email(),
        sms=wording.sms(),
        body=_body(wording, msgspec.to_builtins(alert.result)),
        attributes=_attributes(alert),
        group=series if _GROUP.fullmatch(series) else _digest(series),
        deduplication=_digest(alert.key),
    )
    return message if message.size <= MAX_BYTES else replace(message, body=_body(wording, None))


def _body(wording: Wording, result: dict[str, Any] | None) -> str:
    alert = wording.alert
    return json.dumps(
        {
            "text": wording.email().partition("\n")[0],
            "link": link(wording.dashboard_url, alert) if wording.dashboard_url is not None else None,
            "kafka": {
                "topic": alert.record.topic,
                "partition": alert.record.partition,
                "offset": alert.record.offset,
                "timestamp": alert.record.timestamp,
            },
            "result": result,
        },
        allow_nan=False,
        separators=(",", ":"),
    )


def _attributes(alert: Alert) -> Mapping[str, tuple[str, str]]:
    result = alert.result
    texts = {
        "detector": result.detector_name,
        "measure": result.measure,
        "timeseriesId": result.timeseries_id,
        "direction": result.direction,
    }
    attributes = {name: ("String", clean(text, _TEXT_CHARACTERS)) for name, text in texts.items()}
    dimensions = [
        clean(f"{dimension.name}={dimension.value}", _TEXT_CHARACTERS)
        for dimension in result.dimension_list[:_MOST_DIMENSIONS]
    ]
    attributes["dimensions"] = ("String.Array", json.dumps(dimensions, ensure_ascii=False) if dimensions else "")
    attributes["score"] = ("Number", _number(result.anomaly_score))
    attributes["confidence"] = ("Number", _number(result.anomaly_confidence_score))
    attributes["actual"] = ("Number", _number(result.aggregated_measure_value))
    return {name: (kind, value) for name, (kind, value) in attributes.items() if value}  # SNS takes no empty value


def _number(value: float) -> str:
    """Write a number within what filter policies compare: a billion either way, five digits after the point."""
    digits = f"{min(max(value, -_LARGEST), _LARGEST):.5f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
