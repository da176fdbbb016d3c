"""From the properties to what each half of the job is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from anomaly import DetectorConfig
from contracts.properties import JobSettings, PropertiesError
from flink_job.state_log import Layout

TRANSACTION_TIMEOUT_MS = 900_000
"""A Kafka broker's default maximum; it must exceed the time between checkpoints and the longest outage."""

_PROPERTY_OF = {
    "threshold": "decision.threshold",
    "output_after": "output.after",
    "trees": "trees",
    "sample_size": "sample.size",
    "shingle_size": "shingle.size",
    "time_decay": "time.decay",
    "seed": "seed",
}


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """What the scoring half is told; plain values, because it travels to the workers.

    ``threshold`` is written into the results as it is; ``model`` holds the model's settings by the library's names.
    """

    detector_name: str
    threshold: int | float
    model: Mapping[str, int | float]
    layout: Layout
    live_models: int


def scoring_settings(settings: JobSettings) -> ScoringSettings:
    """Pick what the scoring half is told."""
    return ScoringSettings(
        detector_name=settings.detector.name,
        threshold=settings.detector.threshold,
        model=dict(settings.detector.model),
        layout=Layout(settings.job.buckets, settings.detector.period_ms),
        live_models=settings.job.live_models,
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
    return DetectorConfig(threshold=settings.threshold, **settings.model)  # type: ignore[arg-type] # the library checks


def state_terms(settings: JobSettings) -> dict[str, str]:
    """Name the properties that the job's state depends on; it cannot be continued under others."""
    config = detector_config(scoring_settings(settings))
    model = {key: str(getattr(config, name)) for name, key in _PROPERTY_OF.items() if name != "threshold"}
    return model | {
        "measure.aggregation": settings.detector.aggregation,
        "detection.period": f"{settings.detector.period_ms} ms",
        "buckets": str(settings.job.buckets),
        "execution.mode": settings.job.execution_mode,
    }


def refused_by_library(error: ValueError) -> PropertiesError:
    """Say in the words of the properties which setting of the model, or all of them together, the library refused."""
    text = str(error)
    key = next((f', key "{key}"' for name, key in _PROPERTY_OF.items() if text.startswith(name)), "")
    return PropertiesError(f'group "detector"{key}: {text}')


def front_half_json(settings: JobSettings, *, bounded: bool, parallelism: int) -> str:
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
