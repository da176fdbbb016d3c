"""The job's properties: a file of property groups, read once into frozen settings; needs nothing of Flink."""

from flink_job.properties.groups import PropertiesError
from flink_job.properties.job import (
    Aggregation,
    Delivery,
    DetectorSettings,
    JobSettings,
    RunSettings,
    StartingOffsets,
    TopicSettings,
    parse_properties,
    read_properties,
)

__all__ = [
    "Aggregation",
    "Delivery",
    "DetectorSettings",
    "JobSettings",
    "PropertiesError",
    "RunSettings",
    "StartingOffsets",
    "TopicSettings",
    "parse_properties",
    "read_properties",
]
