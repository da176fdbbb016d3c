"""From what the library says of a period's series to result records, as JSON.

Most records say that nothing happened. These are put together from the constant text of their series and the numbers
of the period, without an object a field; the others go through `contracts.results`, which is also what the tests hold
the first against, byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from anomaly import Detection, Detections
from contracts import results
from contracts.results import Dimension, Result
from contracts.series import decode_series, timeseries_id
from flink_job.settings import ScoringSettings
from flink_job.wire import Payload

_numbers = msgspec.json.Encoder()


@dataclass(slots=True, eq=False)
class Series:
    """One series of the job: its key, what all its results repeat, and how far it has come.

    `end` is the end, in milliseconds, of the period that was scored last; `saved` that of the newest snapshot.
    """

    key: bytes
    end: int = -(2**63)
    saved: int = -(2**63)
    measure: str = field(init=False)
    identifier: str = field(init=False)
    dimensions: tuple[Dimension, ...] = field(init=False)
    head: bytes | None = None

    def __post_init__(self) -> None:
        """Read the parts of the key."""
        series = decode_series(self.key)
        self.measure = series.measure
        self.identifier = timeseries_id(self.key)
        self.dimensions = tuple(Dimension(name, value) for name, value in series.dimensions)


def records_of(
    settings: ScoringSettings, series: Sequence[Series], scored: Payload, detections: Detections
) -> list[tuple[bytes, bytes]]:
    """Write the result records of a period.

    Parameters
    ----------
    settings
        What was scored with.
    series
        The series of the payload.
    scored
        Period and values.
    detections
        What the library says of them.

    Returns
    -------
    For each series the Kafka key and the record.

    Raises
    ------
    RecordError
        If a number is not finite, which JSON cannot say.
    """
    quiet = (detections.score == 0) & np.isnan(detections.episode_start)
    lines = _quiet_lines(settings, series, scored, detections)
    for number in np.flatnonzero(~quiet).tolist():
        lines[number] = results.encode(_result(settings, series[number], scored, number, detections[number]))
    return [(one.identifier.encode(), line) for one, line in zip(series, lines, strict=True)]


def _quiet_lines(
    settings: ScoringSettings, series: Sequence[Series], scored: Payload, detections: Detections
) -> list[bytes]:
    """Write the records as if nothing had happened: no score, no episode."""
    numbers = np.column_stack(
        [
            scored.values,
            detections.confidence,
            np.nan_to_num(detections.expected_value),
            np.nan_to_num(detections.lower_bound),
            np.nan_to_num(detections.upper_bound),
            detections.raw_score,
        ]
    )
    if not np.isfinite(numbers).all():
        msg = f"a result of the period from {scored.start} ms holds a number that is not finite"
        raise results.RecordError(msg)
    if not len(numbers):
        return []
    start, end = results.format_time(scored.start).encode(), results.format_time(scored.end).encode()
    times = (
        b',"anomalyScore":0.0,"detectionPeriodStartTime":"%b","detectionPeriodEndTime":"%b","processedDataPoints":'
        % (
            start,
            end,
        )
    )
    texts = (row.split(b",") for row in _numbers.encode(numbers.tolist())[2:-2].split(b"],["))
    counts = zip(detections.processed_points.tolist(), detections.stage.tolist(), strict=True)
    return [
        _LINE % (one.head or _head(settings, one), value, times, count, sure, stage.encode(), *band, raw)
        for one, (value, sure, *band, raw), (count, stage) in zip(series, texts, counts, strict=True)
    ]


_LINE = (
    b'%b%b%b%d,"anomalyConfidenceScore":%b,"anomalyDecision":0,"modelStage":"%b","expectedValue":%b,'
    b'"lowerBound":%b,"upperBound":%b,"rawScore":%b,"direction":"NONE","attribution":[],"reason":null,"alert":0,'
    b'"recovered":0,"episodeStartTime":null,"imputed":0,"suppressedBy":null,"schemaVersion":'
) + b"%d}" % results.SCHEMA_VERSION


def _head(settings: ScoringSettings, series: Series) -> bytes:
    """Write, and keep, the constant fields with which all records of a series begin."""
    names = _numbers.encode(
        {
            "detectorName": settings.detector_name,
            "measure": series.measure,
            "timeseriesId": series.identifier,
            "anomalyDecisionThreshold": settings.threshold,
            "dimensionList": series.dimensions,
        }
    )
    series.head = names[:-1] + b',"aggregatedMeasureValue":'
    return series.head


def _result(settings: ScoringSettings, series: Series, scored: Payload, number: int, detection: Detection) -> Result:
    start = detection.episode_start
    return Result(
        detector_name=settings.detector_name,
        measure=series.measure,
        timeseries_id=series.identifier,
        anomaly_decision_threshold=settings.threshold,
        dimension_list=series.dimensions,
        aggregated_measure_value=scored.values[number],
        anomaly_score=detection.score,
        detection_period_start_time=results.format_time(scored.start),
        detection_period_end_time=results.format_time(scored.end),
        processed_data_points=detection.processed_points,
        anomaly_confidence_score=detection.confidence,
        anomaly_decision=1 if detection.is_anomaly else 0,
        model_stage=detection.stage.value,
        expected_value=_known(detection.expected_value),
        lower_bound=_known(detection.lower_bound),
        upper_bound=_known(detection.upper_bound),
        raw_score=detection.raw_score,
        direction=detection.direction.value,
        attribution=tuple(results.Attribution(part.name, part.share) for part in detection.attribution),
        reason=detection.reason,
        alert=1 if detection.alert else 0,
        recovered=1 if detection.recovered else 0,
        episode_start_time=None if start != start else results.format_time(start * 1000),
    )


def _known(value: float | tuple[float, ...]) -> float:
    """Return a number that JSON has; 0.0 where nothing is expected yet, while LEARNING."""
    if isinstance(value, tuple):
        msg = f"a series of this job has one measure, got {len(value)} values"
        raise TypeError(msg)
    return 0.0 if value != value else value
