"""From a plan to what AWS is asked to do: looking at what is there, and walking through the steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.application import Application
from deploy.blueprint import Blueprint
from deploy.bucket import Bucket
from deploy.changes import Change
from deploy.errors import DeployError
from deploy.plan import Found, Plan, Step, plan_down, plan_up
from deploy.progress import Progress
from deploy.spec import DetectorSpec
from deploy.stacks import Proposal, Stack, Stacks


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3's clients, all of one account and region."""

    cloudformation: Any
    s3: Any
    flink: Any
    kms: Any


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, with the change sets that wait for it."""

    plan: Plan
    foundation: Proposal | None = None
    detector: Proposal | None = None


class Deployment:
    """One detector in one account and region.

    Parameters
    ----------
    clients
        boto3's.
    spec
        The detector.
    progress
        How to tell and to wait.
    """

    def __init__(self, clients: Clients, spec: DetectorSpec, progress: Progress) -> None:
        self._clients = clients
        self._spec = spec
        self._say = progress.say
        self._stacks = Stacks(clients.cloudformation, progress)
        self._application = Application(clients.flink, spec.application, progress)

    def prepare_up(self, blueprint: Blueprint, *, must_exist: bool) -> Prepared:
        """Look at what is there, and decide; makes change sets, but changes nothing that runs.

        Raises
        ------
        DeployError
            If what is there cannot be changed now, or CloudFormation refuses the change.
        """
        shared, detector = self._stacks.find(self._spec.foundation), self._stacks.find(self._spec.stack)
        terms = {} if detector is None else blueprint.changed_state_terms(detector.parameters)
        found = replace(self._found(shared, detector), state_terms=terms)
        # What stands in the way is said before change sets are made.
        plan_up(found, must_exist=must_exist)
        foundation_proposal = detector_proposal = None
        foundation_changes, detector_changes = blueprint.foundation_creates, blueprint.creates
        if shared is not None:
            foundation_proposal = self._propose_foundation(blueprint, creates=False)
            foundation_changes = _changes(foundation_proposal)
        if shared is not None and detector is not None:
            detector_proposal = self._propose_detector(blueprint, shared, creates=False)
            detector_changes = _changes(detector_proposal)
        found = replace(found, foundation_changes=foundation_changes, detector_changes=detector_changes)
        plan = plan_up(found, must_exist=must_exist)
        return Prepared(plan, foundation_proposal, detector_proposal)

    def discard(self, prepared: Prepared) -> None:
        """Delete the change sets of a plan that is not carried out."""
        for proposal in (prepared.foundation, prepared.detector):
            if proposal is not None:
                self._stacks.discard(proposal)

    def carry_out_up(self, blueprint: Blueprint, prepared: Prepared) -> None:
        """Walk through the steps of a plan; `DeployError` at the first that fails."""
        for step in prepared.plan.steps:
            self._say(f"{step}:")
            if step is Step.FOUNDATION:
                self._execute(prepared.foundation or self._propose_foundation(blueprint, creates=True))
            elif step is Step.UPLOAD:
                self._upload(blueprint)
            elif step is Step.SNAPSHOT:
                self._application.take_snapshot()
            elif step is Step.DETECTOR:
                self._execute(prepared.detector or self._propose_detector(blueprint, self._shared(), creates=True))
            elif step is Step.AWAIT:
                self._application.await_status("RUNNING")
            elif step is Step.START:
                self._application.start()

    def prepare_down(self, *, foundation: bool, delete_data: bool) -> Prepared:
        """Look at what is there, and decide how to remove the detector, or the foundation.

        Raises
        ------
        DeployError
            If it cannot be removed now.
        """
        shared = self._stacks.find(self._spec.foundation)
        detector = None if foundation else self._stacks.find(self._spec.stack)
        bucket = "the bucket" if shared is None else f"bucket {shared.outputs.get('Bucket', '')}"
        name = self._spec.name
        if foundation:
            kept = [f"{bucket} with code, results and errors", "the key that they are encrypted with"]
        else:
            kept = [f"results/{name}/ and errors/{name}/ in {bucket}", "the Kafka topics", "the foundation"]
        found = self._found(shared, detector)
        return Prepared(plan_down(found, foundation=foundation, delete_data=delete_data, kept=kept))

    def carry_out_down(self, prepared: Prepared) -> None:
        """Walk through the steps of a plan; `DeployError` at the first that fails."""
        shared = self._stacks.find(self._spec.foundation)
        outputs = {} if shared is None else shared.outputs
        for step in prepared.plan.steps:
            self._say(f"{step}:")
            if step is Step.STOP:
                self._application.stop()
            elif step is Step.REMOVE_DETECTOR:
                self._stacks.delete(self._spec.stack)
            elif step is Step.REMOVE_FOUNDATION:
                self._stacks.delete(self._spec.foundation)
            else:
                self._delete_data(step, outputs)

    def _found(self, shared: Stack | None, detector: Stack | None) -> Found:
        state = None if detector is None else self._application.find()
        return Found(
            foundation=None if shared is None else shared.status,
            detector=None if detector is None else detector.status,
            application=None if state is None else state.status,
            snapshots=state is None or state.snapshots,
        )

    def _propose_foundation(self, blueprint: Blueprint, *, creates: bool) -> Proposal | None:
        parameters = dict(blueprint.foundation_parameters)
        if creates:
            parameters = {name: value for name, value in parameters.items() if value is not None}
        body = {"TemplateBody": blueprint.foundation_template}
        return self._stacks.propose(self._spec.foundation, body, parameters, creates=creates)

    def _propose_detector(self, blueprint: Blueprint, shared: Stack, *, creates: bool) -> Proposal | None:
        bucket = Bucket(self._clients.s3, shared.outputs["Bucket"])
        # Too large to be sent along.
        bucket.put(blueprint.template)
        address = {"TemplateURL": bucket.url(blueprint.template)}
        return self._stacks.propose(self._spec.stack, address, blueprint.parameters, creates=creates)

    def _execute(self, proposal: Proposal | None) -> None:
        if proposal is not None:
            self._stacks.execute(proposal)

    def _shared(self) -> Stack:
        shared = self._stacks.find(self._spec.foundation)
        if shared is None:
            msg = f"stack {self._spec.foundation} is gone"
            raise DeployError(msg)
        return shared

    def _upload(self, blueprint: Blueprint) -> None:
        bucket = Bucket(self._clients.s3, self._shared().outputs["Bucket"])
        for upload in blueprint.code:
            done = "uploaded" if bucket.put(upload) else "is there already"
            self._say(f"  {upload.key.rpartition('/')[2]} ({upload.size / 1e6:.1f} MB) {done}")

    def _delete_data(self, step: Step, outputs: Mapping[str, str]) -> None:
        bucket = Bucket(self._clients.s3, outputs["Bucket"])
        name = self._spec.name
        prefixes = [f"results/{name}/", f"errors/{name}/"] if step is Step.DELETE_DATA else [""]
        self._say(f"  {sum(map(bucket.empty, prefixes))} objects deleted")
        if step is Step.DELETE_BUCKET:
            bucket.delete()
            self._clients.kms.schedule_key_deletion(KeyId=outputs["KeyArn"], PendingWindowInDays=30)


def _changes(proposal: Proposal | None) -> tuple[Change, ...]:
    return () if proposal is None else proposal.changes
