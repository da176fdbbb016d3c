"""What the job is told by the application that the template makes."""

import re
from pathlib import Path

import pytest
from stacks_under_test import CASES, MANY_DIMENSIONS, resources_of, template_of

from deploy.checks import properties_text
from deploy.job_properties import parameters_of_properties, property_blocks
from deploy.package.contents import FLINK, RUN_OPTIONS
from deploy.uploads import CODE_PARAMETERS
from flink_job.properties import Aggregation, Delivery, StartingOffsets, parse_properties

JOB_DOCS = Path(__file__).parents[2] / "docs" / "job.md"

LIST = {
    "Measure": {"Property": "detector.measure.field", "Type": "String", "Default": ""},
    "Buckets": {"Property": "job.buckets", "Type": "Number", "Default": 64},
    "Topic": {"Property": "topics.dead.letters", "Type": "String"},
    "Other": {"Type": "String", "Default": ""},
}


def test_a_property_is_a_parameter_an_entry_of_its_group_and_a_condition_where_it_may_be_empty() -> None:
    assert parameters_of_properties(LIST) == {
        "detector.measure.field": "Measure",
        "job.buckets": "Buckets",
        "topics.dead.letters": "Topic",
    }
    assert property_blocks(LIST) == {
        "parameters that may be empty": ['HasMeasure: !Not [!Equals [!Ref Measure, ""]]'],
        "properties of detector": ["measure.field: !If [HasMeasure, !Ref Measure, !Ref AWS::NoValue]"],
        "properties of job": ["buckets: !Ref Buckets"],
        "properties of topics": ["dead.letters: !Ref Topic"],
    }


def test_what_the_application_is_given_is_what_the_job_reads() -> None:
    for case, parameters in CASES.items():
        settings = parse_properties(properties_text(resources_of(case)["Application"]["Properties"]))

        assert settings.detector.name == parameters["DetectorName"]
        assert settings.topics.output == parameters["OutputTopic"]
        assert settings.kafka["sasl.mechanism"] == "AWS_MSK_IAM"
    largest = parse_properties(properties_text(resources_of("largest")["Application"]["Properties"]))
    assert largest.detector.dimension_fields == tuple(MANY_DIMENSIONS)
    assert largest.job.delivery is Delivery.EXACTLY_ONCE
    assert largest.detector.output_after == 999_999_999


def test_every_property_of_the_job_that_a_cluster_heeds_can_be_set() -> None:
    documented = set()
    for group, keys in re.findall(r"^\| (topics|detector|job) \| ([^|]*) \|", JOB_DOCS.read_text("utf-8"), re.M):
        documented |= {(group, key) for key in re.findall("`([^`]+)`", keys)}
    groups = resources_of("largest")["Application"]["Properties"]["ApplicationConfiguration"]["EnvironmentProperties"]
    given = {(group["PropertyGroupId"], key) for group in groups["PropertyGroups"] for key in group["PropertyMap"]}

    # The service decides the first three; the last has no reason to be another.
    left_out = {"parallelism", "checkpoint.directory", "checkpoint.interval"}
    assert documented - given == {("job", key) for key in left_out}


def test_what_is_left_empty_is_left_to_the_job() -> None:
    settings = parse_properties(properties_text(resources_of("smallest")["Application"]["Properties"]))

    assert settings.detector.measure_field is None
    assert settings.detector.dimension_fields == ()
    assert settings.detector.output_after is None


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [("MeasureAggregation", Aggregation), ("DeliveryGuarantee", Delivery), ("StartingOffsets", StartingOffsets)],
)
def test_a_choice_of_the_job_is_a_choice_in_the_console(parameter: str, kind: type) -> None:
    assert template_of("bookstore")["Parameters"][parameter]["AllowedValues"] == list(kind)


def test_the_application_starts_what_is_packaged() -> None:
    groups = resources_of("bookstore")["Application"]["Properties"]["ApplicationConfiguration"]["EnvironmentProperties"]
    options = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups["PropertyGroups"]}

    assert options["kinesis.analytics.flink.run.options"] == RUN_OPTIONS
    assert CODE_PARAMETERS["ApplicationCodeKey"] == FLINK.name
