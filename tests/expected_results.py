"""The result record that the library's numbers make, one detection at a time."""

import math
from enum import Enum
from typing import Any

from anomaly import Detection
from anomaly.records import RECORD_FIELDS
from contracts import results
from contracts.results import Result
from contracts.series import decode_series, timeseries_id


def result_of(key: bytes, start_ms: int, end_ms: int, value: float, detection: Detection) -> Result:
    series = decode_series(key)
    return Result(
        detector_name="bookstore",
        measure=series.measure,
        timeseries_id=timeseries_id(key),
        anomaly_decision_threshold=70,
        dimension_list=tuple(results.Dimension(name, text) for name, text in series.dimensions),
        aggregated_measure_value=value,
        detection_period_start_time=results.format_time(start_ms),
        detection_period_end_time=results.format_time(end_ms),
        **{each.record: recorded(getattr(detection, each.name), each.kind) for each in RECORD_FIELDS},
    )


def recorded(value: Any, kind: str) -> Any:  # noqa: ANN401 - of the field's type
    if kind == "time":
        return None if math.isnan(value) else results.format_time(value * 1000)
    if isinstance(value, float):
        return 0.0 if math.isnan(value) else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return tuple(results.Attribution(part.name, part.share) for part in value)
    return int(value) if isinstance(value, bool) else value
