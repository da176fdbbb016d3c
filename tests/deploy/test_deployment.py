"""Whole deployments, against boto3's real clients with given answers: what is asked, and in which order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_doubles import NOW, Aws
from stacks_under_test import BOOKSTORE

from deploy.code import PARAMETERS
from deploy.deployment import Clients, Deployment
from deploy.errors import DeployError
from deploy.plan import Step
from deploy.status import report
from deploy.wanted import Described, Wanted, describe

CF, S3, KA, CW = "cloudformation", "s3", "kinesisanalyticsv2", "cloudwatch"
MISSING = ("ValidationError", "Stack with id x does not exist")


@pytest.fixture
def aws() -> Iterator[Aws]:
    doubles = Aws()
    with doubles.active():
        yield doubles


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    for name in PARAMETERS.values():
        (tmp_path / name).write_bytes(name.encode())
    given = {name: value for name, value in BOOKSTORE.items() if name not in PARAMETERS}
    return Wanted(given, tmp_path)


@pytest.fixture
def described(wanted: Wanted) -> Described:
    return describe(wanted)


def clients(aws: Aws) -> Clients:
    return Clients(aws.client(CF), aws.client(S3), aws.client(KA), aws.client("kms"))


def deployment(aws: Aws, wanted: Wanted) -> Deployment:
    return Deployment(clients(aws), wanted, aws.lines.append, aws.slept.append)


def stack(status: str = "UPDATE_COMPLETE") -> dict[str, Any]:
    outputs = [{"OutputKey": "Bucket", "OutputValue": "b"}, {"OutputKey": "KeyArn", "OutputValue": "k"}]
    return {"Stacks": [{"StackName": "x", "CreationTime": NOW, "StackStatus": status, "Outputs": outputs}]}


def application(status: str) -> dict[str, Any]:
    configuration = {"ApplicationSnapshotConfigurationDescription": {"SnapshotsEnabled": True}}
    return {
        "ApplicationDetail": {
            "ApplicationARN": "arn:aws:kinesisanalytics:eu-central-1:123456789012:application/a",
            "ApplicationName": "a",
            "RuntimeEnvironment": "FLINK-2_2",
            "ApplicationStatus": status,
            "ApplicationVersionId": 1,
            "ApplicationConfigurationDescription": configuration,
        }
    }


def change_set(*names: str) -> dict[str, Any]:
    changes = [
        {
            "Type": "Resource",
            "ResourceChange": {"Action": "Modify", "LogicalResourceId": name, "ResourceType": "AWS::X::Y"},
        }
        for name in names
    ]
    return {"Status": "CREATE_COMPLETE", "Changes": changes}


UNCHANGED = {"Status": "FAILED", "StatusReason": "No updates are to be performed."}


def expect_uploads(aws: Aws, count: int) -> None:
    for _ in range(count):
        aws.refuse(S3, "HeadObject", "404", "Not Found", 404)
        aws.answer(S3, "PutObject", {}, None)


def expect_execution(aws: Aws, status: str, *, creates: bool) -> None:
    if not creates:
        aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "ExecuteChangeSet", {}, None)
    aws.answer(CF, "DescribeStacks", stack(status), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)


def test_from_nothing_to_a_running_application(aws: Aws, wanted: Wanted, described: Described) -> None:
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(CF, "DescribeStacks", *MISSING)
    prepared = deployment(aws, wanted).prepare_up(described, must_exist=False)
    assert prepared.plan.steps == (Step.FOUNDATION, Step.UPLOAD, Step.DETECTOR, Step.START)
    assert any("KinesisAnalyticsV2::Application" in line for line in prepared.plan.lines)
    asked = len(aws.asked)

    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", change_set("Bucket"), None)
    expect_execution(aws, "CREATE_COMPLETE", creates=True)
    aws.answer(CF, "DescribeStacks", stack(), None)
    expect_uploads(aws, 4)
    aws.answer(CF, "DescribeStacks", stack(), None)
    expect_uploads(aws, 1)
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", change_set("Application"), None)
    expect_execution(aws, "CREATE_COMPLETE", creates=True)
    aws.answer(KA, "ListApplicationSnapshots", {"SnapshotSummaries": []}, None)
    aws.answer(KA, "StartApplication", {}, None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    deployment(aws, wanted).carry_out_up(described, prepared)

    done = [name for name in aws.asked[asked:] if "Describe" not in name and "Head" not in name]
    assert done == [
        "cloudformation.CreateChangeSet",
        "cloudformation.ExecuteChangeSet",
        *["s3.PutObject"] * 5,
        "cloudformation.CreateChangeSet",
        "cloudformation.ExecuteChangeSet",
        "kinesisanalyticsv2.ListApplicationSnapshots",
        "kinesisanalyticsv2.StartApplication",
    ]


def expect_look_at_a_running_detector(aws: Aws, *changed: str) -> None:
    aws.answer(CF, "DescribeStacks", stack(), {"StackName": "anomaly-foundation"})
    aws.answer(CF, "DescribeStacks", stack(), {"StackName": "anomaly-bookstore"})
    aws.answer(KA, "DescribeApplication", application("RUNNING"), {"ApplicationName": "anomaly-bookstore"})
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", UNCHANGED, None)
    aws.answer(CF, "DeleteChangeSet", {}, None)
    expect_uploads(aws, 1)
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", change_set(*changed), None)


def test_an_update_takes_a_snapshot_before_the_stack_is_changed(aws: Aws, wanted: Wanted, described: Described) -> None:
    expect_look_at_a_running_detector(aws, "Application")
    prepared = deployment(aws, wanted).prepare_up(described, must_exist=True)
    asked = len(aws.asked)

    aws.answer(CF, "DescribeStacks", stack(), None)
    expect_uploads(aws, 4)
    aws.answer(KA, "CreateApplicationSnapshot", {}, None)
    snapshot = {"SnapshotName": "n", "SnapshotStatus": "READY", "ApplicationVersionId": 1}
    aws.answer(KA, "DescribeApplicationSnapshot", {"SnapshotDetails": snapshot}, None)
    expect_execution(aws, "UPDATE_COMPLETE", creates=False)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    deployment(aws, wanted).carry_out_up(described, prepared)

    order = [name for name in aws.asked[asked:] if name.endswith(("Snapshot", "ExecuteChangeSet"))]
    assert order == [
        "kinesisanalyticsv2.CreateApplicationSnapshot",
        "kinesisanalyticsv2.DescribeApplicationSnapshot",
        "cloudformation.ExecuteChangeSet",
    ]


def test_a_plan_that_is_not_carried_out_leaves_no_change_set(aws: Aws, wanted: Wanted, described: Described) -> None:
    expect_look_at_a_running_detector(aws, "DeadLetters")
    prepared = deployment(aws, wanted).prepare_up(described, must_exist=True)
    aws.answer(CF, "DeleteChangeSet", {}, None)

    deployment(aws, wanted).discard(prepared)

    assert "cloudformation.ExecuteChangeSet" not in aws.asked


def test_a_busy_application_is_found_before_a_change_set_is_made(
    aws: Aws, wanted: Wanted, described: Described
) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("AUTOSCALING"), None)

    with pytest.raises(DeployError, match="AUTOSCALING"):
        deployment(aws, wanted).prepare_up(described, must_exist=False)


def test_a_setting_that_the_state_was_made_with_is_not_changed(aws: Aws, wanted: Wanted, described: Described) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    changed = stack()
    changed["Stacks"][0]["Parameters"] = [{"ParameterKey": "DetectionPeriod", "ParameterValue": "5 min"}]
    aws.answer(CF, "DescribeStacks", changed, None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)

    with pytest.raises(DeployError, match="DetectionPeriod cannot change"):
        deployment(aws, wanted).prepare_up(described, must_exist=False)


def test_removing_stops_first_and_keeps_the_data(aws: Aws, wanted: Wanted) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    prepared = deployment(aws, wanted).prepare_down(foundation=False, delete_data=False)
    assert "  results/bookstore/ and errors/bookstore/ in bucket b" in prepared.plan.lines

    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "StopApplication", {}, None)
    aws.answer(KA, "DescribeApplication", application("READY"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "anomaly-bookstore"})
    aws.refuse(CF, "DescribeStacks", *MISSING)
    deployment(aws, wanted).carry_out_down(prepared)

    assert not [name for name in aws.asked if name.startswith("s3.")]


def test_removing_everything_deletes_the_data_too(aws: Aws, wanted: Wanted) -> None:
    aws.answer(CF, "DescribeStacks", stack(), {"StackName": "anomaly-foundation"})
    prepared = deployment(aws, wanted).prepare_down(foundation=True, delete_data=True)

    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "anomaly-foundation"})
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.answer(S3, "ListObjectVersions", {"Versions": [{"Key": "a", "VersionId": "1"}]}, None)
    aws.answer(S3, "DeleteObjects", {}, None)
    aws.answer(S3, "DeleteBucket", {}, {"Bucket": "b"})
    aws.answer("kms", "ScheduleKeyDeletion", {}, {"KeyId": "k", "PendingWindowInDays": 30})
    deployment(aws, wanted).carry_out_down(prepared)


def test_the_status_names_what_rings(aws: Aws, wanted: Wanted) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    aws.answer(KA, "ListApplicationSnapshots", {"SnapshotSummaries": []}, None)
    alarms = [
        {"AlarmName": "anomaly-bookstore-alerts-unsent", "AlarmDescription": "Look.", "StateValue": "ALARM"},
        {"AlarmName": "anomaly-bookstore-delivery-late", "AlarmDescription": "x", "StateValue": "OK"},
    ]
    aws.answer(CW, "DescribeAlarms", {"MetricAlarms": alarms}, {"AlarmNamePrefix": "anomaly-bookstore-"})

    well, lines = report(clients(aws), aws.client(CW), wanted)

    assert not well
    assert lines[-2:] == ["alarms       1 of 2 ringing", "  anomaly-bookstore-alerts-unsent: Look."]


def test_the_status_of_nothing_is_not_well(aws: Aws, wanted: Wanted) -> None:
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(KA, "DescribeApplication", "ResourceNotFoundException", "none")

    well, lines = report(clients(aws), aws.client(CW), wanted)

    assert not well
    assert lines[-1] == "application  none"


def test_what_is_asked_of_cloudformation_has_every_parameter(described: Described, wanted: Wanted) -> None:
    assert described.parameters["DetectorName"] == "bookstore"
    assert described.parameters["ApplicationCodeKey"].startswith("code/")
    assert described.foundation_parameters == dict.fromkeys(described.foundation_parameters, None)
    assert isinstance(described.template.content, bytes)
    assert b"dim_product_name" in described.template.content
    assert wanted.foundation == "anomaly-foundation"
