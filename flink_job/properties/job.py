"""The job's properties: a file of property groups, as Managed Flink has it, read once into frozen settings.

The file is a JSON list of `{"PropertyGroupId": text, "PropertyMap": {key: text}}`. Groups: `kafka` (any property of
a Kafka client), `topics`, `detector` and `job`; groups whose name begins with `kinesis.analytics` belong to the
service and are skipped. Anything unknown, missing or out of range is an error of one line, so that a misspelt key
cannot silently fall back to a default. Values of the `kafka` group never appear in an error or a `repr`.
"""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from flink_job.properties import values
from flink_job.properties.groups import PropertiesError, PropertyGroup, found_instead, missing_group, read_groups
from readers import topics as topic_names

_OWNED_KAFKA_KEYS = MappingProxyType(
    {
        "group.id": 'set group.id in group "job"',
        "auto.offset.reset": 'set starting.offsets in group "job"',
        "transactional.id": 'the job derives it from group.id of group "job"',
        "isolation.level": "the job always reads committed records only",
        "enable.auto.commit": "the job commits offsets with its checkpoints",
        "key.deserializer": "the job reads bytes",
        "value.deserializer": "the job reads bytes",
        "key.serializer": "the job writes bytes",
        "value.serializer": "the job writes bytes",
    }
)


class Aggregation(StrEnum):
    """How the events of a series in one period become one number."""

    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


class Delivery(StrEnum):
    """What the results topic holds after a crash: at least one copy of each record, or exactly one."""

    AT_LEAST_ONCE = "at-least-once"
    EXACTLY_ONCE = "exactly-once"


class StartingOffsets(StrEnum):
    """Where a job without state begins to read; `committed` falls back to the beginning."""

    EARLIEST = "earliest"
    LATEST = "latest"
    COMMITTED = "committed"


@dataclasses.dataclass(frozen=True, slots=True)
class TopicSettings:
    """Names of the topics, all different."""

    input: str
    output: str
    dead_letters: str
    late: str


@dataclasses.dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What is measured, and how it is judged.

    Durations are in milliseconds. `measure_field` is None only when counting events. `output_after` is None where
    it is left to the period.
    """

    name: str
    timestamp_field: str
    measure_field: str | None
    aggregation: Aggregation
    dimension_fields: tuple[str, ...]
    period_ms: int
    max_lateness_ms: int
    max_future_ms: int
    threshold: int | float
    output_after: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class RunSettings:
    """How the job runs.

    `parallelism` and the checkpoint settings apply to local runs; a cluster has its own.
    """

    buckets: int
    delivery: Delivery
    starting_offsets: StartingOffsets
    idle_timeout_ms: int
    group_id: str
    parallelism: int
    checkpoint_directory: str | None
    checkpoint_interval_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class JobSettings:
    """Everything the job was told."""

    kafka: Mapping[str, str] = dataclasses.field(repr=False)
    topics: TopicSettings
    detector: DetectorSettings
    job: RunSettings


def read_properties(path: Path) -> JobSettings:
    """Read a properties file.

    Parameters
    ----------
    path
        The file, such as `/etc/flink/application_properties.json`.

    Raises
    ------
    PropertiesError
        If the file cannot be read, or is not what `parse_properties` takes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"is not UTF-8 text ({error.reason})"
        msg = f"properties file {path}: {reason}"
        raise PropertiesError(msg) from error
    return parse_properties(text)


def parse_properties(text: str) -> JobSettings:
    """Turn the text of a properties file into settings.

    Parameters
    ----------
    text
        A JSON list of property groups.

    Raises
    ------
    PropertiesError
        If it is not JSON, not such a list, or holds an unknown, missing, doubled or bad property; the text is one line
        that names group, key, value and what is allowed.
    """
    groups = read_groups(text, ("kafka", "topics", "detector", "job"))
    kafka = _kafka(groups)
    detector = PropertyGroup("detector", groups)
    topics = PropertyGroup("topics", groups)
    job = PropertyGroup("job", {"job": {}, **groups})
    judged = _detector(detector)
    settings = JobSettings(kafka, _topics(topics), judged, _run(job, judged.name))
    for group in (topics, detector, job):
        group.reject_unknown()
    if judged.aggregation is not Aggregation.COUNT and judged.measure_field is None:
        msg = "measure.field"
        raise detector.missing(msg)
    return settings


def _topics(group: PropertyGroup) -> TopicSettings:
    source = group.required("input", topic_names.topic)
    topics = TopicSettings(
        source,
        group.required("output", topic_names.topic),
        group.optional("dead.letters", topic_names.topic, f"{source}.dead-letters"),
        group.optional("late", topic_names.topic, f"{source}.late"),
    )
    taken: dict[str, str] = {}
    for key, topic in zip(("input", "output", "dead.letters", "late"), dataclasses.astuple(topics), strict=True):
        if topic in taken:
            raise group.error(key, topic, f'the topic of "{taken[topic]}" is taken, expected another topic')
        taken[topic] = key
    return topics


def _detector(group: PropertyGroup) -> DetectorSettings:
    return DetectorSettings(
        name=group.required("name", values.name),
        timestamp_field=group.required("timestamp.field", values.name),
        measure_field=group.optional("measure.field", values.name, None),
        aggregation=group.required("measure.aggregation", values.choice(Aggregation, str.upper)),
        dimension_fields=group.optional("dimension.fields", values.names, ()),
        period_ms=group.required("detection.period", values.period),
        max_lateness_ms=group.optional("max.lateness", values.duration, 60_000),
        max_future_ms=group.optional("max.future", values.duration, 3_600_000),
        threshold=group.optional("decision.threshold", values.number, 70),
        output_after=group.optional("output.after", values.whole, None),
    )


def _run(group: PropertyGroup, detector_name: str) -> RunSettings:
    return RunSettings(
        buckets=group.optional("buckets", values.whole_from(1, 32_768), 64),
        delivery=group.optional("delivery.guarantee", values.choice(Delivery, str.lower), Delivery.AT_LEAST_ONCE),
        starting_offsets=group.optional(
            "starting.offsets", values.choice(StartingOffsets, str.lower), StartingOffsets.EARLIEST
        ),
        idle_timeout_ms=group.optional("idle.timeout", values.positive_duration, 60_000),
        group_id=group.optional("group.id", values.name, f"anomaly-{detector_name}"),
        parallelism=group.optional("parallelism", values.whole_from(1, 32_768), 1),
        checkpoint_directory=group.optional("checkpoint.directory", values.name, None),
        checkpoint_interval_ms=group.optional("checkpoint.interval", values.positive_duration, 60_000),
    )


def _kafka(groups: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    kafka = groups.get("kafka")
    if kafka is None:
        msg = "kafka"
        raise missing_group(msg, groups)
    for key in kafka:
        if key in _OWNED_KAFKA_KEYS:
            msg = f'group "kafka", key "{key}": not to be set here; {_OWNED_KAFKA_KEYS[key]}'
            raise PropertiesError(msg)
    if not kafka.get("bootstrap.servers", "").strip():
        hint = found_instead("bootstrap.servers", kafka)
        msg = f'group "kafka": required key "bootstrap.servers" is missing{hint}, expected host:port[,host:port]'
        raise PropertiesError(msg)
    return kafka
