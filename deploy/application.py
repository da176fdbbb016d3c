"""The Managed Flink application: snapshots, starting and stopping."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.progress import Progress

_POLL_SECONDS = 10.0
_BUSY = {"STARTING", "STOPPING", "UPDATING", "AUTOSCALING", "FORCE_STOPPING", "ROLLING_BACK", "MAINTENANCE", "DELETING"}


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """What is known of an application: its status, whether it takes snapshots, its version."""

    status: str
    snapshots: bool
    version: int


class Application:
    """One application.

    Parameters
    ----------
    client
        boto3's client of Managed Flink (kinesisanalyticsv2).
    name
        The application.
    progress
        How to tell and to wait.
    """

    def __init__(self, client: Any, name: str, progress: Progress) -> None:  # noqa: ANN401 - boto3 makes clients as it goes
        self._client = client
        self._name = name
        self._progress = progress

    def find(self) -> ApplicationState | None:
        """Describe it; None when there is none."""
        try:
            found = self._client.describe_application(ApplicationName=self._name)["ApplicationDetail"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        configuration = found.get("ApplicationConfigurationDescription", {})
        snapshots = configuration.get("ApplicationSnapshotConfigurationDescription", {}).get("SnapshotsEnabled", False)
        return ApplicationState(found["ApplicationStatus"], bool(snapshots), found["ApplicationVersionId"])

    def newest_snapshot(self) -> str | None:
        """Name the newest snapshot that is complete."""
        found = self._client.list_application_snapshots(ApplicationName=self._name)["SnapshotSummaries"]
        ready = [snapshot for snapshot in found if snapshot["SnapshotStatus"] == "READY"]
        newest = max(ready, key=lambda snapshot: snapshot["SnapshotCreationTimestamp"], default=None)
        return None if newest is None else str(newest["SnapshotName"])

    def take_snapshot(self) -> str:
        """Take a snapshot and wait until it is complete; its name, or `DeployError` if it fails."""
        name = f"deploy-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        self._client.create_application_snapshot(ApplicationName=self._name, SnapshotName=name)
        while True:
            found = self._client.describe_application_snapshot(ApplicationName=self._name, SnapshotName=name)
            status = found["SnapshotDetails"]["SnapshotStatus"]
            if status == "READY":
                self._progress.say(f"  snapshot {name} is complete")
                return name
            if status != "CREATING":
                msg = f"snapshot {name} is {status}; nothing was changed. The application's log group has the reason"
                raise DeployError(msg)
            self._progress.sleep(_POLL_SECONDS)

    def start(self) -> None:
        """Start it, from its newest snapshot if it has one, and wait until it runs."""
        snapshot = self.newest_snapshot()
        restore = "SKIP_RESTORE_FROM_SNAPSHOT" if snapshot is None else "RESTORE_FROM_LATEST_SNAPSHOT"
        self._client.start_application(
            ApplicationName=self._name,
            RunConfiguration={"ApplicationRestoreConfiguration": {"ApplicationRestoreType": restore}},
        )
        self._progress.say(f"  starting {'with new models' if snapshot is None else f'from snapshot {snapshot}'}")
        self.await_status("RUNNING")

    def stop(self) -> None:
        """Stop it, with a snapshot if it takes any, and wait until it is stopped."""
        self._client.stop_application(ApplicationName=self._name)
        self.await_status("READY")

    def await_status(self, wanted: str) -> None:
        """Wait for a status, saying each change; `DeployError` if it ends in another."""
        last = ""
        while True:
            state = self.find()
            status = "gone" if state is None else state.status
            if status != last:
                self._progress.say(f"  application {self._name} is {status}")
                last = status
            if status == wanted:
                return
            if status not in _BUSY:
                msg = f"application {self._name} is {status}, expected {wanted}; its log group has the reason"
                raise DeployError(msg)
            self._progress.sleep(_POLL_SECONDS)
