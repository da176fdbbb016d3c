import dataclasses
from typing import Any

import pytest

from deploy.changes import Change, creations, parse_changes, table
from deploy.errors import DeployError
from deploy.plan import Found, Step, plan_down, plan_up

APPLICATION = Change("modify", "Application", "AWS::KinesisAnalyticsV2::Application", ("ApplicationConfiguration",))
ALARM = Change("modify", "DeadLetters", "AWS::CloudWatch::Alarm", ("Threshold",))
RUNNING = Found(foundation="CREATE_COMPLETE", detector="UPDATE_COMPLETE", application="RUNNING")


def with_changes(found: Found, *changes: Change) -> Found:
    return dataclasses.replace(found, detector_changes=changes)


def test_from_nothing_everything_is_made_and_started() -> None:
    found = Found(None, None, foundation_changes=[ALARM], detector_changes=[ALARM])

    assert plan_up(found, must_exist=False).steps == (Step.FOUNDATION, Step.UPLOAD, Step.DETECTOR, Step.START)


def test_a_running_application_gets_a_snapshot_before_it_is_changed() -> None:
    plan = plan_up(with_changes(RUNNING, APPLICATION), must_exist=True)

    assert plan.steps == (Step.UPLOAD, Step.SNAPSHOT, Step.DETECTOR, Step.AWAIT)


def test_a_change_beside_the_application_does_not_touch_it() -> None:
    assert plan_up(with_changes(RUNNING, ALARM), must_exist=True).steps == (Step.UPLOAD, Step.DETECTOR)


def test_a_stopped_application_is_changed_without_a_snapshot_and_started() -> None:
    stopped = dataclasses.replace(RUNNING, application="READY")

    assert plan_up(with_changes(stopped, APPLICATION), must_exist=True).steps == (
        Step.UPLOAD,
        Step.DETECTOR,
        Step.START,
    )


def test_nothing_to_change_is_nothing_to_do() -> None:
    plan = plan_up(RUNNING, must_exist=False)

    assert plan.steps == ()
    assert plan.lines[-1] == "Nothing to do."


def test_a_stopped_application_is_started_even_if_nothing_changes() -> None:
    assert plan_up(dataclasses.replace(RUNNING, application="READY"), must_exist=False).steps == (Step.START,)


def test_without_snapshots_the_plan_says_what_is_lost() -> None:
    found = dataclasses.replace(with_changes(RUNNING, APPLICATION), snapshots=False)

    plan = plan_up(found, must_exist=True)

    assert Step.SNAPSHOT not in plan.steps
    assert "new models" in plan.lines[-1]


def test_a_replaced_application_is_said_to_lose_its_models() -> None:
    replaced = dataclasses.replace(APPLICATION, action="replace")

    assert "models are lost" in plan_up(with_changes(RUNNING, replaced), must_exist=True).lines[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"foundation": "UPDATE_IN_PROGRESS"}, "the stack of the foundation is UPDATE_IN_PROGRESS: wait"),
        ({"detector": "ROLLBACK_COMPLETE"}, "can only be deleted: python -m deploy down"),
        ({"detector": "UPDATE_ROLLBACK_FAILED"}, "mend it in the console"),
        ({"application": "UPDATING"}, "the application is UPDATING"),
        ({"state_terms": {"Buckets": "x", "OutputAfter": "y"}}, "Buckets, OutputAfter cannot change"),
        ({"state_terms": {"Buckets": "they are in the state"}}, "\n  Buckets: they are in the state\n"),
        ({"detector": None}, "no such detector to update"),
    ],
)
def test_what_cannot_be_changed_now_is_said_with_what_to_do(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DeployError, match=said):
        plan_up(dataclasses.replace(RUNNING, **change), must_exist=True)


def test_a_detector_without_application_may_change_what_its_state_would_be_made_with() -> None:
    without = dataclasses.replace(RUNNING, state_terms={"OutputAfter": "it is part of each model"}, application=None)

    assert plan_up(without, must_exist=True).steps == (Step.START,)


def test_a_detector_goes_after_its_application_and_its_data_stays() -> None:
    plan = plan_down(RUNNING, foundation=False, delete_data=False, kept=["results/bookstore/"])

    assert plan.steps == (Step.STOP, Step.REMOVE_DETECTOR)
    assert plan.lines[-2:] == ("Kept:", "  results/bookstore/")


def test_data_goes_when_asked_for_even_after_the_stack() -> None:
    gone = dataclasses.replace(RUNNING, detector=None, application=None)

    assert plan_down(gone, foundation=False, delete_data=True, kept=[]).steps == (Step.DELETE_DATA,)


def test_the_foundation_goes_with_bucket_and_key_when_asked_for() -> None:
    found = Found("CREATE_COMPLETE", None)

    assert plan_down(found, foundation=True, delete_data=True, kept=[]).steps == (
        Step.REMOVE_FOUNDATION,
        Step.DELETE_BUCKET,
    )


def test_a_failed_detector_can_be_removed() -> None:
    failed = dataclasses.replace(RUNNING, detector="ROLLBACK_COMPLETE", application=None)

    assert plan_down(failed, foundation=False, delete_data=False, kept=[]).steps == (Step.REMOVE_DETECTOR,)


def test_a_stack_that_is_being_changed_is_not_removed() -> None:
    with pytest.raises(DeployError, match="UPDATE_IN_PROGRESS; wait"):
        plan_down(Found("UPDATE_IN_PROGRESS", None), foundation=True, delete_data=False, kept=[])


def test_changes_are_read_as_cloudformation_describes_them() -> None:
    changes = parse_changes(
        [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": "Queue",
                    "ResourceType": "AWS::SQS::Queue",
                    "Replacement": "True",
                    "Details": [
                        {"Target": {"Attribute": "Properties", "Name": "QueueName"}},
                        {"Target": {"Attribute": "Tags"}},
                    ],
                },
            },
            {
                "Type": "Resource",
                "ResourceChange": {"Action": "Remove", "LogicalResourceId": "Old", "ResourceType": "AWS::SNS::Topic"},
            },
            {"Type": "Hook"},
        ]
    )

    assert changes == (
        Change("replace", "Queue", "AWS::SQS::Queue", ("QueueName", "Tags")),
        Change("remove", "Old", "AWS::SNS::Topic"),
    )


def test_the_table_shows_losses_last() -> None:
    changes = [
        Change("remove", "Old", "AWS::SNS::Topic"),
        *creations({"Queue": {"Type": "AWS::SQS::Queue"}}),
        APPLICATION,
    ]

    assert table(changes) == [
        "add     Queue        SQS::Queue",
        "modify  Application  KinesisAnalyticsV2::Application  ApplicationConfiguration",
        "remove  Old          SNS::Topic",
    ]
