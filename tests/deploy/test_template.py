import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from stacks_under_test import MANY_DIMENSIONS, STACKS, resources_of, template_of

from contracts.flat_results import COLUMNS, glue_columns
from contracts.results import decode
from deploy.package.contents import LAMBDAS
from deploy.template import detector_template, parse
from deploy.uploads import CODE_PARAMETERS
from ingest_lambda.schedule import scheduled_time
from ingest_lambda.settings import parse_settings

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"


def columns_of(text: str) -> list[dict[str, str]]:
    table = parse(text)["Resources"]["ResultsTable"]["Properties"]["TableInput"]
    columns: list[dict[str, str]] = table["StorageDescriptor"]["Columns"]
    return columns


def test_the_table_has_the_columns_of_the_contract() -> None:
    assert columns_of(detector_template()) == glue_columns()


def test_a_dimension_gets_a_column_of_its_own() -> None:
    assert columns_of(detector_template(["product_name"])) == glue_columns(["product_name"])


def test_many_dimensions_with_any_names_get_columns_and_change_nothing_else() -> None:
    names = [*MANY_DIMENSIONS, 'with "quotes"', "# no comment", "größe", "{{}}", "- dash", "${Name}", "# << columns >>"]

    template, plain = detector_template(names), detector_template()

    assert columns_of(template) == glue_columns(names)
    assert len(columns_of(template)) == len(COLUMNS) + len(names)
    assert [line for line in template.splitlines() if "dim_" not in line] == plain.splitlines()


@pytest.mark.parametrize("part", ["Ingest", "Transform", "Notify"])
def test_a_function_starts_what_is_packaged(part: str) -> None:
    package = next(one for one in LAMBDAS if one.name == CODE_PARAMETERS[f"{part}CodeKey"])

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


@pytest.mark.parametrize("stack", STACKS)
def test_every_parameter_is_in_a_group_of_the_console_and_described(stack: str) -> None:
    template = template_of(stack)
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
