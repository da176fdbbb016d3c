from typing import Any

import pytest
from aws_doubles import KA, NOW, Aws, application
from botocore.stub import ANY

from deploy.application import Application, ApplicationState
from deploy.errors import DeployError


def bookstore(aws: Aws) -> Application:
    return Application(aws.client(KA), "anomaly-bookstore", aws.progress)


def snapshots(**statuses: str) -> dict[str, Any]:
    return {
        "SnapshotSummaries": [
            {
                "SnapshotName": name,
                "SnapshotStatus": status,
                "ApplicationVersionId": 1,
                "SnapshotCreationTimestamp": NOW.replace(minute=number),
            }
            for number, (name, status) in enumerate(statuses.items())
        ]
    }


def snapshot(status: str) -> dict[str, Any]:
    return {"SnapshotDetails": {"SnapshotName": "n", "SnapshotStatus": status, "ApplicationVersionId": 1}}


def test_an_application_is_found_with_what_a_plan_needs(aws: Aws) -> None:
    aws.answer(KA, "DescribeApplication", application("RUNNING"), {"ApplicationName": "anomaly-bookstore"})

    assert bookstore(aws).find() == ApplicationState("RUNNING", snapshots=True, version=1)


def test_no_application_is_none(aws: Aws) -> None:
    aws.refuse(KA, "DescribeApplication", "ResourceNotFoundException", "no such application")

    assert bookstore(aws).find() is None


def test_a_snapshot_is_awaited(aws: Aws) -> None:
    aws.answer(KA, "CreateApplicationSnapshot", {}, {"ApplicationName": "anomaly-bookstore", "SnapshotName": ANY})
    aws.answer(KA, "DescribeApplicationSnapshot", snapshot("CREATING"), None)
    aws.answer(KA, "DescribeApplicationSnapshot", snapshot("READY"), None)

    assert bookstore(aws).take_snapshot().startswith("deploy-")
    assert len(aws.slept) == 1


def test_a_failed_snapshot_stops_the_deployment(aws: Aws) -> None:
    aws.answer(KA, "CreateApplicationSnapshot", {}, None)
    aws.answer(KA, "DescribeApplicationSnapshot", snapshot("FAILED"), None)

    with pytest.raises(DeployError, match="FAILED; nothing was changed"):
        bookstore(aws).take_snapshot()


@pytest.mark.parametrize(
    ("present", "restore", "said"),
    [
        ({}, "SKIP_RESTORE_FROM_SNAPSHOT", "with new models"),
        ({"old": "READY", "new": "READY", "bad": "FAILED"}, "RESTORE_FROM_LATEST_SNAPSHOT", "from snapshot new"),
    ],
)
def test_starting_goes_on_from_the_newest_snapshot(aws: Aws, present: dict[str, str], restore: str, said: str) -> None:
    aws.answer(KA, "ListApplicationSnapshots", snapshots(**present), None)
    request = {
        "ApplicationName": "anomaly-bookstore",
        "RunConfiguration": {"ApplicationRestoreConfiguration": {"ApplicationRestoreType": restore}},
    }
    aws.answer(KA, "StartApplication", {}, request)
    aws.answer(KA, "DescribeApplication", application("STARTING"), None)
    aws.answer(KA, "DescribeApplication", application("STARTING"), None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)

    bookstore(aws).start()

    assert said in aws.lines[0]
    assert [line.rpartition(" ")[2] for line in aws.lines[1:]] == ["STARTING", "RUNNING"], "each status is said once"


def test_a_start_that_ends_elsewhere_is_an_error(aws: Aws) -> None:
    aws.answer(KA, "DescribeApplication", application("STARTING"), None)
    aws.answer(KA, "DescribeApplication", application("READY"), None)

    with pytest.raises(DeployError, match="is READY, expected RUNNING; its log group has the reason"):
        bookstore(aws).await_status("RUNNING")


def test_stopping_waits_until_it_is_stopped(aws: Aws) -> None:
    aws.answer(KA, "StopApplication", {}, {"ApplicationName": "anomaly-bookstore"})
    aws.answer(KA, "DescribeApplication", application("STOPPING"), None)
    aws.answer(KA, "DescribeApplication", application("READY"), None)

    bookstore(aws).stop()
