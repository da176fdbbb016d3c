import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from stacks_under_test import CASES, MANY_DIMENSIONS, resources_of

from contracts.flat_results import COLUMNS, glue_columns
from contracts.results import decode
from deploy.checks import properties_text
from deploy.code import PARAMETERS
from deploy.package.plan import FLINK, LAMBDAS, RUN_OPTIONS
from deploy.template import DETECTOR, parse, with_columns
from flink_job.properties import Aggregation, Delivery, StartingOffsets, parse_properties
from ingest_lambda.schedule import scheduled_time
from ingest_lambda.settings import parse_settings

JOB_DOCS = Path(__file__).parents[2] / "docs" / "job.md"
GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"

TEXT = DETECTOR.read_text("utf-8")


def columns_of(text: str) -> list[dict[str, str]]:
    table = parse(text)["Resources"]["ResultsTable"]["Properties"]["TableInput"]
    columns: list[dict[str, str]] = table["StorageDescriptor"]["Columns"]
    return columns


def test_the_template_has_the_columns_of_the_contract() -> None:
    assert columns_of(TEXT) == glue_columns()
    assert with_columns(TEXT, ()) == TEXT


def test_a_dimension_gets_a_column_of_its_own() -> None:
    assert columns_of(with_columns(TEXT, ["product_name"])) == glue_columns(["product_name"])


def test_many_dimensions_with_any_names_get_columns_and_change_nothing_else() -> None:
    names = [*MANY_DIMENSIONS, 'with "quotes"', "# no comment", "größe", "{{}}", "- dash", "${Name}"]

    rendered = with_columns(TEXT, names)

    assert columns_of(rendered) == glue_columns(names)
    assert len(columns_of(rendered)) == len(COLUMNS) + len(names)
    assert with_columns(rendered, ()) == TEXT


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
    assert parse(TEXT)["Parameters"][parameter]["AllowedValues"] == list(kind)


def test_the_application_starts_what_is_packaged() -> None:
    groups = resources_of("bookstore")["Application"]["Properties"]["ApplicationConfiguration"]["EnvironmentProperties"]
    options = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups["PropertyGroups"]}

    assert options["kinesis.analytics.flink.run.options"] == RUN_OPTIONS
    assert PARAMETERS["ApplicationCodeKey"] == FLINK.name


@pytest.mark.parametrize("part", ["Ingest", "Transform", "Notify"])
def test_a_function_starts_what_is_packaged(part: str) -> None:
    package = next(one for one in LAMBDAS if one.name == PARAMETERS[f"{part}CodeKey"])

    assert resources_of("bookstore")[f"{part}Function"]["Properties"]["Handler"] == package.handler


def test_the_schedule_sends_an_event_that_the_ingest_function_reads() -> None:
    sent = resources_of("bookstore")["IngestSchedule"]["Properties"]["Target"]["Input"]

    event = json.loads(sent.replace("<aws.scheduler.scheduled-time>", "2024-08-29T13:35:00Z"))

    assert scheduled_time(event).isoformat() == "2024-08-29T13:35:00+00:00"


def test_the_ingest_function_may_take_its_own_transactional_id() -> None:
    resources = resources_of("bookstore")
    variables = resources["IngestFunction"]["Properties"]["Environment"]["Variables"]
    policy = resources["IngestRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    granted = next(item["Resource"] for item in policy if "kafka-cluster:AlterTransactionalId" in item["Action"])

    assert granted.rpartition("/")[2] == parse_settings(variables).transactional_id


def test_the_names_of_kafka_resources_are_those_of_the_cluster() -> None:
    policy = resources_of("bookstore")["ApplicationRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    assert policy[1]["Resource"] == (
        "arn:aws:kafka:eu-central-1:123456789012:topic/books/01234567-89ab-cdef-0123-456789abcdef-1/sales"
    )


def test_only_alerts_invoke_the_notify_function() -> None:
    trigger = resources_of("bookstore")["NotifyTrigger"]["Properties"]
    (pattern,) = [json.loads(one["Pattern"]) for one in trigger["FilterCriteria"]["Filters"]]
    result = decode((GOLDEN / "result.json").read_bytes())

    assert pattern == {"value": {"alert": [1]}}
    assert result.alert in {0, 1}


def test_the_table_of_sent_alerts_is_what_the_notify_function_uses() -> None:
    table = resources_of("bookstore")["SentAlerts"]["Properties"]
    layer = DynamoDBPersistenceLayer(table_name="t", boto3_client=object())  # type: ignore[arg-type] # not called

    assert table["KeySchema"] == [{"AttributeName": layer.key_attr, "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"]["AttributeName"] == layer.expiry_attr


def test_the_partition_is_taken_from_a_column() -> None:
    destination = resources_of("largest")["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    query = destination["ProcessingConfiguration"]["Processors"][1]["Parameters"][0]["ParameterValue"]

    assert query == "{dt: .detection_period_start_time[0:10]}"
    assert "detection_period_start_time" in {column.name for column in COLUMNS}
    assert "partitionKeyFromQuery:dt" in destination["Prefix"]


def test_every_parameter_is_in_a_group_of_the_console_and_described() -> None:
    for path in DETECTOR.parent.glob("*.yaml"):
        template = parse(path.read_text("utf-8"))
        groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]

        assert sorted(grouped) == sorted(template["Parameters"])
        assert all(rules["Description"] for rules in template["Parameters"].values())


def test_every_part_that_can_fail_silently_has_an_alarm() -> None:
    alarmed = {
        dimension["Value"]
        for resource in resources_of("bookstore").values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        for metric in [resource["Properties"], *(m["MetricStat"]["Metric"] for m in metrics_of(resource))]
        for dimension in metric.get("Dimensions", [])
    }

    assert {
        "anomaly-bookstore",  # application, delivery and the job's consumer group
        "anomaly-bookstore-ingest",
        "anomaly-bookstore-transform",
        "anomaly-bookstore-notify",
        "anomaly-bookstore-unsent-alerts",
        "anomaly-bookstore-alerts",
    } <= alarmed


def metrics_of(resource: dict[str, Any]) -> list[dict[str, Any]]:
    return [metric for metric in resource["Properties"].get("Metrics", []) if "MetricStat" in metric]
