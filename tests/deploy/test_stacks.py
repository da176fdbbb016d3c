from typing import Any

import pytest
from aws_doubles import CF, NOW, Aws
from botocore.stub import ANY

from deploy.changes import Change
from deploy.errors import DeployError
from deploy.stacks import Proposal, Stack, Stacks


def stacks(aws: Aws) -> Stacks:
    return Stacks(aws.client(CF), aws.progress)


def stack(status: str, **outputs: str) -> dict[str, Any]:
    found = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {"Stacks": [{"StackName": "s", "CreationTime": NOW, "StackStatus": status, "Outputs": found}]}


def event(number: int, name: str, status: str, reason: str = "") -> dict[str, Any]:
    found = {
        "StackId": "i",
        "EventId": str(number),
        "StackName": "s",
        "Timestamp": NOW,
        "LogicalResourceId": name,
        "ResourceStatus": status,
    }
    return found | ({"ResourceStatusReason": reason} if reason else {})


def test_a_stack_is_found_with_its_outputs(aws: Aws) -> None:
    aws.answer(CF, "DescribeStacks", stack("CREATE_COMPLETE", Bucket="b"), {"StackName": "s"})

    assert stacks(aws).find("s") == Stack("CREATE_COMPLETE", {"Bucket": "b"})


def test_no_stack_is_none(aws: Aws) -> None:
    aws.refuse(CF, "DescribeStacks", "ValidationError", "Stack with id s does not exist")
    aws.answer(CF, "DescribeStacks", stack("REVIEW_IN_PROGRESS"), {"StackName": "s"})

    assert stacks(aws).find("s") is None
    assert stacks(aws).find("s") is None, "there is only a change set yet"


def test_a_proposal_has_the_changes_of_all_pages(aws: Aws) -> None:
    def change(name: str) -> dict[str, Any]:
        found = {"Action": "Add", "LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue"}
        return {"Type": "Resource", "ResourceChange": found}

    request = {
        "StackName": "s",
        "ChangeSetName": ANY,
        "ChangeSetType": "UPDATE",
        "TemplateURL": "https://b/t",
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [
            {"ParameterKey": "A", "ParameterValue": "1"},
            {"ParameterKey": "B", "UsePreviousValue": True},
        ],
    }
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, request)
    aws.answer(CF, "DescribeChangeSet", {"Status": "CREATE_IN_PROGRESS"}, None)
    aws.answer(CF, "DescribeChangeSet", {"Status": "CREATE_COMPLETE", "Changes": [change("A")], "NextToken": "n"}, None)
    aws.answer(CF, "DescribeChangeSet", {"Status": "CREATE_COMPLETE", "Changes": [change("B")]}, None)

    proposal = stacks(aws).propose("s", {"TemplateURL": "https://b/t"}, {"A": "1", "B": None}, creates=False)

    assert proposal is not None
    assert proposal.changes == (Change("add", "A", "AWS::SQS::Queue"), Change("add", "B", "AWS::SQS::Queue"))


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information",
        "No updates are to be performed.",
    ],
)
def test_no_change_is_no_proposal_and_leaves_no_change_set(aws: Aws, reason: str) -> None:
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", {"Status": "FAILED", "StatusReason": reason}, None)
    aws.answer(CF, "DeleteChangeSet", {}, None)

    assert stacks(aws).propose("s", {"TemplateBody": "x"}, {}, creates=False) is None


def test_a_refused_change_is_said_with_its_reason(aws: Aws) -> None:
    aws.answer(CF, "CreateChangeSet", {"Id": "i"}, None)
    aws.answer(CF, "DescribeChangeSet", {"Status": "FAILED", "StatusReason": "Export x is missing"}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "s"})

    with pytest.raises(DeployError, match="Export x is missing"):
        stacks(aws).propose("s", {"TemplateBody": "x"}, {}, creates=True)


def test_executing_tells_new_events_in_their_order_until_it_is_done(aws: Aws) -> None:
    old, first, second = (
        event(1, "s", "CREATE_COMPLETE"),
        event(2, "Q", "UPDATE_IN_PROGRESS"),
        event(3, "Q", "UPDATE_COMPLETE"),
    )
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": [old]}, None)
    aws.answer(CF, "ExecuteChangeSet", {}, {"StackName": "s", "ChangeSetName": "c"})
    aws.answer(CF, "DescribeStacks", stack("UPDATE_IN_PROGRESS"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": [first, old]}, None)
    aws.answer(CF, "DescribeStacks", stack("UPDATE_COMPLETE"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": [second, first, old]}, None)

    stacks(aws).execute(Proposal("s", "c", (), creates=False))

    assert aws.lines == ["  Q: update in progress", "  Q: update complete"]
    assert len(aws.slept) == 1


def test_a_failure_names_the_resources_that_failed_and_not_those_that_were_cancelled(aws: Aws) -> None:
    events = [
        event(3, "s", "UPDATE_ROLLBACK_COMPLETE"),
        event(2, "B", "UPDATE_FAILED", "Resource update cancelled"),
        event(1, "A", "UPDATE_FAILED", "code does not exist"),
    ]
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "ExecuteChangeSet", {}, None)
    aws.answer(CF, "DescribeStacks", stack("UPDATE_ROLLBACK_COMPLETE"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": events}, None)

    with pytest.raises(DeployError) as caught:
        stacks(aws).execute(Proposal("s", "c", (), creates=False))

    assert str(caught.value) == "stack s is UPDATE_ROLLBACK_COMPLETE: A: code does not exist"


def test_deleting_ends_when_the_stack_is_gone(aws: Aws) -> None:
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": []}, None)
    aws.answer(CF, "DeleteStack", {}, {"StackName": "s"})
    aws.answer(CF, "DescribeStacks", stack("DELETE_IN_PROGRESS"), None)
    aws.answer(CF, "DescribeStackEvents", {"StackEvents": [event(1, "Q", "DELETE_COMPLETE")]}, None)
    aws.refuse(CF, "DescribeStacks", "ValidationError", "Stack with id s does not exist")

    stacks(aws).delete("s")

    assert aws.lines == ["  Q: delete complete"]
