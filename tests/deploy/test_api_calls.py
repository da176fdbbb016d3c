import copy

import pytest
from api_calls import calls_of, objections
from stacks_under_test import STACKS, resources_of


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_becomes_api_calls_that_the_models_of_aws_accept(stack: str) -> None:
    resources = resources_of(stack)
    calls = [
        call
        for name, resource in resources.items()
        for call in calls_of(name, resource["Type"], resource["Properties"])
    ]

    assert [objection for call in calls for objection in objections(call)] == []
    assert len(calls) >= len(resources)


@pytest.mark.parametrize(
    ("name", "path", "value", "complaint"),
    [
        ("Application", ["RuntimeEnvironment"], "FLINK-2_9", "FLINK-2_9"),
        ("Application", ["ApplicationConfiguration", "SnapshotsEnabled"], True, "SnapshotsEnabled"),
        ("IngestSchedule", ["FlexibleTimeWindow", "Mode"], "NEVER", "NEVER"),
        ("IngestSchedule", ["Target", "RetryPolicy", "MaximumEventAgeInSeconds"], 30, "valid min value: 60"),
        ("NotifyTrigger", ["FunctionResponseTypes"], ["ReportFailures"], "ReportFailures"),
        ("NotifyTrigger", ["BatchSize"], 20_000, "at most 10000"),
        ("Delivery", ["MSKSourceConfiguration", "TopicName"], "no topic", "no topic"),
        ("Delivery", ["DeliveryStreamName"], "a" * 65, "65"),
        ("ResultsTable", ["TableInput", "Name"], None, "TableInput.Name"),
        ("Crawler", ["SchemaChangePolicy", "DeleteBehavior"], "IGNORE", "IGNORE"),
        ("AlertsUnsent", ["ComparisonOperator"], "MoreThan", "MoreThan"),
        ("SentAlerts", ["KeySchema"], "id", "KeySchema"),
    ],
)
def test_a_wrong_property_is_found(name: str, path: list[str], value: object, complaint: str) -> None:
    resource = copy.deepcopy(resources_of("bookstore")[name])
    place = resource["Properties"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    found = [text for call in calls_of(name, resource["Type"], resource["Properties"]) for text in objections(call)]

    assert complaint in "\n".join(found)
