"""Result records and events of a Kafka trigger, as the tests need them."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from contracts.results import Dimension, Result, encode
from notify_lambda.alerts import Alert, judge
from readers.kafka_event import KafkaRecord

SERIES = "f3c7f14e0a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5"


def spike(**changes: object) -> Result:
    """A minute in which item-A sold 75 where 14 were expected."""
    fields: dict[str, Any] = {
        "detector_name": "bookstore",
        "measure": "quantity",
        "timeseries_id": SERIES,
        "anomaly_decision_threshold": 70,
        "dimension_list": (Dimension("product_name", "item-A"),),
        "aggregated_measure_value": 75.0,
        "anomaly_score": 94.2,
        "detection_period_start_time": "2026-11-13 08:01:00",
        "detection_period_end_time": "2026-11-13 08:02:00",
        "processed_data_points": 20_160,
        "anomaly_confidence_score": 98.1,
        "anomaly_decision": 1,
        "model_stage": "INFERENCE",
        "expected_value": 13.7,
        "lower_bound": 6.2,
        "upper_bound": 24.1,
        "raw_score": 2.0,
        "direction": "HIGH",
        "reason": "75, 5.5 times the 13.7 expected; highest in 9 days",
        "alert": 1,
        "episode_start_time": "2026-11-13 08:01:00",
    }
    return Result(**(fields | changes))


def dip(**changes: object) -> Result:
    """A minute in which item-A sold only 6 where 18 were expected, for the worse since 07:55."""
    lower: dict[str, Any] = {
        "aggregated_measure_value": 6.0,
        "anomaly_score": 91.0,
        "expected_value": 18.0,
        "lower_bound": 9.0,
        "upper_bound": 27.0,
        "direction": "LOW",
        "reason": "6, 67 % below the 18 expected",
        "episode_start_time": "2026-11-13 07:55:00",
    }
    return spike(**(lower | changes))


def many_spikes(count: int) -> list[Result]:
    """One spike in each of many series at the same minute: an outage."""
    return [
        spike(timeseries_id=f"{index:064x}", dimension_list=(Dimension("product_name", f"item-{index}"),))
        for index in range(count)
    ]


def record(value: Result | bytes | None, offset: int = 5143, partition: int = 2, topic: str = "results") -> KafkaRecord:
    data = encode(value) if isinstance(value, Result) else value
    return KafkaRecord(topic, partition, offset, 1_794_556_920_000, data)


def alert(result: Result) -> Alert:
    found = judge(record(result), 0.0)
    assert isinstance(found, Alert)
    return found


def event(*values: Result | bytes | str | None, first_offset: int = 0, partition: int = 2) -> dict[str, Any]:
    """An event of one partition; text stands for itself, where base64 should be."""
    return event_of(
        {
            "topic": "results",
            "partition": partition,
            "offset": first_offset + index,
            "timestamp": 1_794_556_920_000,
            "timestampType": "CREATE_TIME",
            "key": None,
            "value": _encoded(value),
            "headers": [],
        }
        for index, value in enumerate(values)
    )


def event_of(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """An event of such records as `event` makes."""
    partitions: dict[str, list[dict[str, Any]]] = {}
    for one in records:
        partitions.setdefault(f"{one['topic']}-{one['partition']}", []).append(one)
    return {"eventSource": "aws:kafka", "bootstrapServers": "127.0.0.1:9092", "records": partitions}


def _encoded(value: Result | bytes | str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return base64.b64encode(encode(value) if isinstance(value, Result) else value).decode("ascii")


@dataclass
class Context:
    """Lambda's, with a clock that may be set to run out."""

    remaining_ms: list[int] = field(default_factory=lambda: [60_000])
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self) -> int:
        """The next of the given times; the last one again and again."""
        return self.remaining_ms.pop(0) if len(self.remaining_ms) > 1 else self.remaining_ms[0]
