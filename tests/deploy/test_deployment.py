"""Whole deployments, against boto3's real clients with given answers: what is asked, and in which order."""

from typing import Any

import pytest
from aws_doubles import CF, KA, MISSING, S3, Aws, application, clients, stack
from stacks_under_test import SPEC

from deploy.blueprint import Blueprint
from deploy.deployment import Deployment
from deploy.errors import DeployError
from deploy.plan import Step


def deployment(aws: Aws) -> Deployment:
    return Deployment(clients(aws), SPEC, aws.progress)


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


def test_from_nothing_to_a_running_application(aws: Aws, blueprint: Blueprint) -> None:
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(CF, "DescribeStacks", *MISSING)
    prepared = deployment(aws).prepare_up(blueprint, must_exist=False)
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
    deployment(aws).carry_out_up(blueprint, prepared)

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


def test_an_update_takes_a_snapshot_before_the_stack_is_changed(aws: Aws, blueprint: Blueprint) -> None:
    expect_look_at_a_running_detector(aws, "Application")
    prepared = deployment(aws).prepare_up(blueprint, must_exist=True)
    asked = len(aws.asked)

    aws.answer(CF, "DescribeStacks", stack(), None)
    expect_uploads(aws, 4)
    aws.answer(KA, "CreateApplicationSnapshot", {}, None)
    snapshot = {"SnapshotName": "n", "SnapshotStatus": "READY", "ApplicationVersionId": 1}
    aws.answer(KA, "DescribeApplicationSnapshot", {"SnapshotDetails": snapshot}, None)
    expect_execution(aws, "UPDATE_COMPLETE", creates=False)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    deployment(aws).carry_out_up(blueprint, prepared)

    order = [name for name in aws.asked[asked:] if name.endswith(("Snapshot", "ExecuteChangeSet"))]
    assert order == [
        "kinesisanalyticsv2.CreateApplicationSnapshot",
        "kinesisanalyticsv2.DescribeApplicationSnapshot",
        "cloudformation.ExecuteChangeSet",
    ]


def test_a_plan_that_is_not_carried_out_leaves_no_change_set(aws: Aws, blueprint: Blueprint) -> None:
    expect_look_at_a_running_detector(aws, "DeadLetters")
    prepared = deployment(aws).prepare_up(blueprint, must_exist=True)
    aws.answer(CF, "DeleteChangeSet", {}, None)

    deployment(aws).discard(prepared)

    assert "cloudformation.ExecuteChangeSet" not in aws.asked


def test_a_busy_application_is_found_before_a_change_set_is_made(aws: Aws, blueprint: Blueprint) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("AUTOSCALING"), None)

    with pytest.raises(DeployError, match="AUTOSCALING"):
        deployment(aws).prepare_up(blueprint, must_exist=False)


def test_a_setting_that_the_state_was_made_with_is_not_changed(aws: Aws, blueprint: Blueprint) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    changed = stack()
    changed["Stacks"][0]["Parameters"] = [{"ParameterKey": "DetectionPeriod", "ParameterValue": "5 min"}]
    aws.answer(CF, "DescribeStacks", changed, None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)

    with pytest.raises(DeployError, match="DetectionPeriod cannot change"):
        deployment(aws).prepare_up(blueprint, must_exist=False)


def test_removing_stops_first_and_keeps_the_data(aws: Aws) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    prepared = deployment(aws).prepare_down(foundation=False, delete_data=False)
    assert "  results/bookstore/ and errors/bookstore/ in bucket b" in prepared.plan.lines

    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "StopApplication", {}, None)
    aws.answer(KA, "DescribeApplication", application("READY"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "anomaly-bookstore"})
    aws.refuse(CF, "DescribeStacks", *MISSING)
    deployment(aws).carry_out_down(prepared)

    assert not [name for name in aws.asked if name.startswith("s3.")]


def test_removing_everything_deletes_the_data_too(aws: Aws) -> None:
    aws.answer(CF, "DescribeStacks", stack(), {"StackName": "anomaly-foundation"})
    prepared = deployment(aws).prepare_down(foundation=True, delete_data=True)

    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "anomaly-foundation"})
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.answer(S3, "ListObjectVersions", {"Versions": [{"Key": "a", "VersionId": "1"}]}, None)
    aws.answer(S3, "DeleteObjects", {}, None)
    aws.answer(S3, "DeleteBucket", {}, {"Bucket": "b"})
    aws.answer("kms", "ScheduleKeyDeletion", {}, {"KeyId": "k", "PendingWindowInDays": 30})
    deployment(aws).carry_out_down(prepared)
