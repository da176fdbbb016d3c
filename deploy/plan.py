"""What a command will do, decided from what was found, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from deploy.changes import Change, table
from deploy.errors import DeployError


class Step(StrEnum):
    """Something to do; the text is how the plan says it."""

    FOUNDATION = "create or change the foundation's stack"
    UPLOAD = "upload code that is not there yet"
    SNAPSHOT = "take a snapshot of the running application"
    DETECTOR = "create or change the detector's stack"
    AWAIT = "wait until the application runs again, from the newest snapshot"
    START = "start the application"
    STOP = "stop the application, which takes a last snapshot"
    REMOVE_DETECTOR = "delete the detector's stack, its models and snapshots with it"
    DELETE_DATA = "delete the detector's results and errors from the bucket"
    REMOVE_FOUNDATION = "delete the foundation's stack"
    DELETE_BUCKET = "delete the bucket with everything in it, and in 30 days the key"


@dataclass(frozen=True, slots=True)
class Found:
    """What is there now."""

    foundation: str | None
    detector: str | None
    """Status of the stacks, such as `CREATE_COMPLETE`; None where there is none."""
    application: str | None = None
    """Status of the application, such as `RUNNING` or `READY`, which is stopped; None where there is none."""
    snapshots: bool = True
    """Whether it takes snapshots."""
    foundation_changes: Sequence[Change] = ()
    detector_changes: Sequence[Change] = ()
    """What would change in the stacks."""
    state_terms: Mapping[str, str] = field(default_factory=dict)
    """The detector's parameters that would change though the job's state was made with them, each with why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order, and what people should know of them, line by line."""

    steps: tuple[Step, ...]
    lines: tuple[str, ...]


_RESTING_APPLICATION = {"READY", "RUNNING", "ROLLED_BACK", None}
_CHANGEABLE_STACK = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def plan_up(found: Found, *, must_exist: bool) -> Plan:
    """Decide how to create or change a detector.

    Parameters
    ----------
    found
        What is there now.
    must_exist
        Whether the detector must be there already.

    Raises
    ------
    DeployError
        If a stack or the application cannot be changed now, or could not go on from the state that it has.
    """
    if must_exist and found.detector is None:
        msg = "there is no such detector to update; create it: python -m deploy up"
        raise DeployError(msg)
    for name, status in (("foundation", found.foundation), ("detector", found.detector)):
        _check_stack(name, status)
    _check_application(found.application)
    _check_state_terms(found)
    restarts = [change for change in found.detector_changes if change.name == "Application"]
    running = found.application == "RUNNING"
    steps: list[Step] = []
    notes: list[str] = []
    if found.foundation_changes:
        steps.append(Step.FOUNDATION)
    if found.detector_changes:
        steps.append(Step.UPLOAD)
        if restarts and running and found.snapshots:
            steps.append(Step.SNAPSHOT)
        steps.append(Step.DETECTOR)
    if restarts and running and not found.snapshots:
        notes.append("Snapshots are off: the restart begins with new models, which learn anew.")
    if any("replace" in change.action for change in restarts):
        notes.append("The application is replaced: its models are lost, and new ones learn anew.")
    if restarts and running:
        steps.append(Step.AWAIT)
    elif not running:
        steps.append(Step.START)
    lines = [
        *_section("Foundation", found.foundation, found.foundation_changes),
        *_section("Detector", found.detector, found.detector_changes),
        *_numbered(steps),
        *notes,
    ]
    return Plan(tuple(steps), tuple(lines))


def plan_down(found: Found, *, foundation: bool, delete_data: bool, kept: Sequence[str]) -> Plan:
    """Decide how to remove a detector, or the foundation.

    Parameters
    ----------
    found
        What is there now.
    foundation
        Whether to remove the foundation instead of a detector.
    delete_data
        Whether data goes, too.
    kept
        What stays if it does not, in words.

    Raises
    ------
    DeployError
        If it is not in a state to be removed.
    """
    steps: list[Step] = []
    status = found.foundation if foundation else found.detector
    if status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        msg = f"the stack is {status}; wait until that is over, and try again"
        raise DeployError(msg)
    if not foundation:
        _check_application(found.application)
        if found.application == "RUNNING":
            steps.append(Step.STOP)
    if status is not None:
        steps.append(Step.REMOVE_FOUNDATION if foundation else Step.REMOVE_DETECTOR)
    if delete_data and found.foundation is not None:
        steps.append(Step.DELETE_BUCKET if foundation else Step.DELETE_DATA)
    lines = _numbered(steps)
    if steps and not delete_data:
        lines += ["Kept:", *(f"  {item}" for item in kept)]
    return Plan(tuple(steps), tuple(lines))


def _check_stack(name: str, status: str | None) -> None:
    if status is None or status in _CHANGEABLE_STACK:
        return
    if status.endswith("_IN_PROGRESS"):
        msg = f"the stack of the {name} is {status}: wait until that is over, and try again"
    elif status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        msg = f"the stack of the {name} is {status} and can only be deleted: python -m deploy down, then up"
    else:
        msg = f"the stack of the {name} is {status}: mend it in the console of CloudFormation (continue rollback) first"
    raise DeployError(msg)


def _check_application(status: str | None) -> None:
    if status not in _RESTING_APPLICATION:
        msg = f"the application is {status}, expected RUNNING or READY: wait until that is over, and try again"
        raise DeployError(msg)


def _check_state_terms(found: Found) -> None:
    if found.state_terms and found.application is not None:
        reasons = [f"  {name}: {why}" for name, why in found.state_terms.items()]
        msg = "\n".join(
            [
                f"{', '.join(found.state_terms)} cannot change: the application would refuse the state that it has.",
                *reasons,
                "Set it back, or begin with new models: python -m deploy down, then up, or a detector of another name",
            ]
        )
        raise DeployError(msg)


def _section(title: str, status: str | None, changes: Sequence[Change]) -> list[str]:
    state = "new" if status is None else status.lower().replace("_", " ")
    if not changes:
        return [f"{title} ({state}): no changes"]
    return [f"{title} ({state}):", *(f"  {line}" for line in table(changes))]


def _numbered(steps: Sequence[Step]) -> list[str]:
    return ["Steps:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))] if steps else ["Nothing to do."]
