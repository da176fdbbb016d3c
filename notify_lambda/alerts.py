"""What a record is to people: an alert, nothing to tell, or a record that no reader can use. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from contracts.results import RecordError, Result, decode
from readers.kafka_event import KafkaRecord
from readers.times import utc

REASONS = MappingProxyType(
    {
        "not_base64": "the event holds text that is not base64",
        "empty": "the value has no bytes",
        "not_utf8": "the bytes are not UTF-8",
        "not_json": "the text is not JSON",
        "not_an_object": "the JSON is not an object",
        "not_a_result": "the object is not a result record, or its times or numbers are impossible",
        "refused": "SNS says that it will never take the message",
    }
)
"""What each reason of a dead letter means; the first that applies, in this order, is given."""


class Quiet(StrEnum):
    """Why a record that can be read is not told to people."""

    TOMBSTONE = "tombstone"
    NO_ALERT = "no_alert"
    LEARNING = "learning"
    SUPPRESSED = "suppressed"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that will never be readable; `reason` is one of `REASONS`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell people."""

    result: Result
    """The record."""
    start: datetime
    end: datetime
    """The period, UTC."""
    since: datetime
    """When the episode began, UTC; the start of the period if the record does not say."""
    record: KafkaRecord
    """Where it came from."""

    @property
    def key(self) -> str:
        """What makes it the same alert when it is delivered again: detector, series and start of the period."""
        result = self.result
        return json.dumps([result.detector_name, result.timeseries_id, result.detection_period_start_time])


def judge(record: KafkaRecord, minimum_score: float) -> Alert | Quiet | Poison:
    """Say what is to be done with a record.

    Parameters
    ----------
    record
        A record of the results topic.
    minimum_score
        Alerts with a lower score are not told.
    """
    if record.encoded is not None:
        return Poison("not_base64")
    if record.value is None:
        return Quiet.TOMBSTONE
    try:
        result = decode(record.value)
    except RecordError:
        return Poison(_reason(record.value))
    if not result.alert:
        return Quiet.NO_ALERT
    if result.model_stage == "LEARNING":
        return Quiet.LEARNING
    if result.suppressed_by is not None:
        return Quiet.SUPPRESSED
    try:
        start = utc(result.detection_period_start_time)
        end = utc(result.detection_period_end_time)
        since = start if result.episode_start_time is None else utc(result.episode_start_time)
    except ValueError:
        return Poison("not_a_result")
    if result.anomaly_score < minimum_score:
        return Quiet.BELOW_MINIMUM
    return Alert(result, start, end, since, record)


def _reason(value: bytes) -> str:
    if not value:
        return "empty"
    try:
        found = msgspec.json.decode(value.decode("utf-8"))
    except UnicodeDecodeError:
        return "not_utf8"
    except msgspec.ValidationError:
        return "not_a_result"  # a number beyond a double, in JSON that is otherwise right
    except (msgspec.MsgspecError, RecursionError):
        return "not_json"
    return "not_a_result" if isinstance(found, dict) else "not_an_object"
