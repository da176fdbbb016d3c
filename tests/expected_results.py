"""The result record that the library's numbers make, written field by field."""

import math

from anomaly import Detection
from contracts import results
from contracts.results import Result
from contracts.series import decode_series, timeseries_id


def result_of(key: bytes, start_ms: int, end_ms: int, value: float, detection: Detection) -> Result:
    series = decode_series(key)
    episode = detection.episode_start
    bands = (detection.expected_value, detection.lower_bound, detection.upper_bound)
    expected, lower, upper = (0.0 if math.isnan(number) else number for number in bands)
    return Result(
        detector_name="bookstore",
        measure=series.measure,
        timeseries_id=timeseries_id(key),
        anomaly_decision_threshold=70,
        dimension_list=tuple(results.Dimension(name, text) for name, text in series.dimensions),
        aggregated_measure_value=value,
        anomaly_score=detection.score,
        detection_period_start_time=results.format_time(start_ms),
        detection_period_end_time=results.format_time(end_ms),
        processed_data_points=detection.processed_points,
        anomaly_confidence_score=detection.confidence,
        anomaly_decision=1 if detection.is_anomaly else 0,
        model_stage=detection.stage.value,
        expected_value=expected,
        lower_bound=lower,
        upper_bound=upper,
        raw_score=detection.raw_score,
        direction=detection.direction.value,
        attribution=tuple(results.Attribution(part.name, part.share) for part in detection.attribution),
        reason=detection.reason,
        alert=1 if detection.alert else 0,
        recovered=1 if detection.recovered else 0,
        episode_start_time=None if math.isnan(episode) else results.format_time(episode * 1000),
    )
