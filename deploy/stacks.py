"""CloudFormation, as far as a deployment needs it: change sets, and watching what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from deploy.changes import Change, parse_changes
from deploy.errors import DeployError
from deploy.progress import Progress

_POLL_SECONDS = 5.0
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that exists: its status, its outputs and parameters by name."""

    status: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change set that waits to be executed."""

    stack: str
    change_set: str
    changes: tuple[Change, ...]
    creates: bool


class Stacks:
    """Stacks of one account and region.

    Parameters
    ----------
    client
        boto3's client of CloudFormation.
    progress
        How to tell and to wait.
    """

    def __init__(self, client: Any, progress: Progress) -> None:  # noqa: ANN401 - boto3 makes clients as it goes
        self._client = client
        self._progress = progress

    def find(self, name: str) -> Stack | None:
        """Describe a stack; None when there is none, or no more of it than a change set."""
        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        if found["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
            return None
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
        parameters = {
            parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found.get("Parameters", ())
        }
        return Stack(found["StackStatus"], outputs, parameters)

    def propose(
        self, name: str, template: Mapping[str, str], parameters: Mapping[str, str | None], *, creates: bool
    ) -> Proposal | None:
        """Ask for a change set.

        Parameters
        ----------
        name
            The stack.
        template
            `TemplateBody` or `TemplateURL`.
        parameters
            Text by name; None keeps the value that the stack has.
        creates
            Whether the stack is to be made.

        Returns
        -------
        The change set, or None when nothing would change.
        """
        change_set = f"deploy-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        self._client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType="CREATE" if creates else "UPDATE",
            Parameters=[
                {"ParameterKey": key, "UsePreviousValue": True}
                if value is None
                else {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
            **template,
        )
        while True:
            found = self._client.describe_change_set(StackName=name, ChangeSetName=change_set)
            if found["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
                break
            self._progress.sleep(_POLL_SECONDS)
        proposal = Proposal(name, change_set, (), creates)
        if found["Status"] == "FAILED":
            self.discard(proposal)
            reason = found.get("StatusReason", "")
            if any(text in reason for text in _UNCHANGED):
                return None
            msg = f"CloudFormation refuses the change of {name}: {reason}"
            raise DeployError(msg)
        items = list(found["Changes"])
        while "NextToken" in found:
            found = self._client.describe_change_set(
                StackName=name, ChangeSetName=change_set, NextToken=found["NextToken"]
            )
            items += found["Changes"]
        return Proposal(name, change_set, parse_changes(items), creates)

    def discard(self, proposal: Proposal) -> None:
        """Delete a change set, and the empty stack that a new one brings along."""
        if proposal.creates:
            self._client.delete_stack(StackName=proposal.stack)
        else:
            self._client.delete_change_set(StackName=proposal.stack, ChangeSetName=proposal.change_set)

    def execute(self, proposal: Proposal) -> None:
        """Execute a change set, saying what happens, until it is done; `DeployError` with the reasons if it fails."""
        seen = set() if proposal.creates else self._events_until(proposal.stack, set())
        self._client.execute_change_set(StackName=proposal.stack, ChangeSetName=proposal.change_set)
        self._watch(proposal.stack, seen, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})

    def delete(self, name: str) -> None:
        """Delete a stack, saying what happens, until it is gone."""
        seen = self._events_until(name, set())
        self._client.delete_stack(StackName=name)
        self._watch(name, seen, {"DELETE_COMPLETE", None})

    def _watch(self, name: str, seen: set[str], good: set[str | None]) -> None:
        reasons: list[str] = []
        while True:
            stack = self.find(name)
            if stack is not None:
                self._events_until(name, seen, reasons)
            status = None if stack is None else stack.status
            if status in good:
                return
            if status is None or not status.endswith("_IN_PROGRESS"):
                msg = f"stack {name} is {status}: {'; '.join(reasons) or 'see its events in the console'}"
                raise DeployError(msg)
            self._progress.sleep(_POLL_SECONDS)

    def _events_until(self, name: str, seen: set[str], reasons: list[str] | None = None) -> set[str]:
        """Say the events that are not among the seen ones, oldest first, and add them there."""
        fresh: list[Mapping[str, Any]] = []
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=name)
        for page in pages:
            fresh += [event for event in page["StackEvents"] if event["EventId"] not in seen]
            if len(fresh) < len(page["StackEvents"]) or reasons is None:
                break
        for event in reversed(fresh):
            seen.add(event["EventId"])
            if reasons is None:
                continue
            reason = event.get("ResourceStatusReason", "")
            status = event["ResourceStatus"].lower().replace("_", " ")
            self._progress.say(f"  {event['LogicalResourceId']}: {status}{f' ({reason})' if reason else ''}")
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                reasons.append(f"{event['LogicalResourceId']}: {reason}")
        return seen
