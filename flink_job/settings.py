"""From the properties to what each half of the job is told."""

import json
from dataclasses import dataclass

from anomaly import DetectorConfig
from flink_job.properties import DetectorSettings, JobSettings, PropertiesError
from flink_job.state_terms import STATE_TERMS

TRANSACTION_TIMEOUT_MS = 900_000
"""A Kafka broker's default maximum; it must exceed the time between checkpoints and the longest outage."""

_PROPERTY_OF = {"threshold": "decision.threshold", "output_after": "output.after"}
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """What the Python half is told; plain values, because it travels to the workers.

    `threshold` is written into the results as it is; `output_after` counts the points of the LEARNING stage.
    """

    detector_name: str
    threshold: int | float
    output_after: int


def scoring_settings(settings: JobSettings) -> ScoringSettings:
    """Pick what the Python half is told."""
    return ScoringSettings(
        detector_name=settings.detector.name,
        threshold=settings.detector.threshold,
        output_after=_output_after(settings.detector),
    )


def detector_config(settings: ScoringSettings) -> DetectorConfig:
    """Give the library's settings.

    Parameters
    ----------
    settings
        What the job was told.

    Raises
    ------
    ValueError
        If the library refuses a setting; the text begins with the library's name of it.
    """
    return DetectorConfig(threshold=settings.threshold, output_after=settings.output_after)


def state_terms(settings: JobSettings) -> dict[str, str]:
    """Give the values of `STATE_TERMS`, written so that equal ones are equal texts."""
    values: dict[str, str] = {
        "detector.detection.period": f"{settings.detector.period_ms} ms",
        "detector.measure.aggregation": settings.detector.aggregation,
        "detector.output.after": str(_output_after(settings.detector)),
        "job.buckets": str(settings.job.buckets),
    }
    return {term: values[term] for term in STATE_TERMS}


def refused_by_library(error: ValueError) -> PropertiesError:
    """Say in the words of the properties which setting the library refused."""
    text = str(error)
    key = next((f', key "{key}"' for name, key in _PROPERTY_OF.items() if text.startswith(name)), "")
    return PropertiesError(f'group "detector"{key}: {text}')


def jvm_settings_json(settings: JobSettings, *, bounded: bool, parallelism: int) -> str:
    """Write what the JVM half is told.

    Parameters
    ----------
    settings
        The job's settings.
    bounded
        Whether to stop at what is now the end of the input topic.
    parallelism
        Subtasks of each operator; 0 leaves it to the cluster.
    """
    detector, job, topics = settings.detector, settings.job, settings.topics
    return json.dumps(
        {
            "kafka": dict(settings.kafka),
            "input": topics.input,
            "output": topics.output,
            "deadLetters": topics.dead_letters,
            "late": topics.late,
            "groupId": job.group_id,
            "timestampField": detector.timestamp_field,
            "measureField": detector.measure_field,
            "aggregation": detector.aggregation,
            "dimensionFields": detector.dimension_fields,
            "periodMs": detector.period_ms,
            "maxLatenessMs": detector.max_lateness_ms,
            "maxFutureMs": detector.max_future_ms,
            "idleTimeoutMs": job.idle_timeout_ms,
            "buckets": job.buckets,
            "bounded": bounded,
            "startingOffsets": job.starting_offsets,
            "delivery": job.delivery,
            "transactionalIdPrefix": job.group_id,
            "transactionTimeoutMs": TRANSACTION_TIMEOUT_MS,
            "parallelism": parallelism,
            "stateTerms": state_terms(settings),
        }
    )


def _output_after(detector: DetectorSettings) -> int:
    """Learn a day of points, at least 32 and at most 300, where nothing else was asked for."""
    if detector.output_after is not None:
        return detector.output_after
    return min(300, max(32, _DAY_MS // detector.period_ms))
