"""boto3's real clients, whose answers a test gives; requests are checked against AWS's models."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import Stubber

from deploy.deployment import Clients
from deploy.progress import Progress

CF, S3, KA, CW = "cloudformation", "s3", "kinesisanalyticsv2", "cloudwatch"
MISSING = ("ValidationError", "Stack with id x does not exist")
NOW = datetime(2024, 11, 13, 8, 0, tzinfo=UTC)


class Aws:
    """Clients that answer what they were told to, in that order, and nothing else."""

    def __init__(self) -> None:
        names = (CF, S3, KA, "kms", CW)
        session = boto3.Session("testing", "testing", region_name="eu-central-1")
        self._stubbers = {name: Stubber(session.client(name)) for name in names}  # type: ignore[call-overload]
        self.lines: list[str] = []
        self.slept: list[float] = []
        self.progress = Progress(self.lines.append, self.slept.append)
        self.asked: list[str] = []

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3 makes clients as it goes
        return self._stubbers[name].client

    def answer(self, service: str, operation: str, answer: dict[str, Any], request: dict[str, Any] | None) -> None:
        """Expect a call; a request of None may be any."""
        method = _snake(operation)
        if request is None:
            self._stubbers[service].add_response(method, answer)
        else:
            self._stubbers[service].add_response(method, answer, request)

    def refuse(self, service: str, operation: str, code: str, message: str, status: int = 400) -> None:
        self._stubbers[service].add_client_error(_snake(operation), code, message, status)

    @contextmanager
    def active(self) -> Iterator[None]:
        for name, stubber in self._stubbers.items():
            stubber.activate()
            stubber.client.meta.events.register_first("before-call.*.*", self._note(name))
        yield
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()

    def _note(self, service: str) -> Callable[..., None]:
        def note(model: Any, **_: object) -> None:  # noqa: ANN401
            self.asked.append(f"{service}.{model.name}")

        return note


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def clients(aws: Aws) -> Clients:
    return Clients(aws.client(CF), aws.client(S3), aws.client(KA), aws.client("kms"))


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
