"""How each part of the bookstore's path is configured: the same settings as on AWS, with local addresses.

Pure: addresses in, settings out.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from bookstore.pipeline.provision import Resources

PLACES = "places.json"
"""Name of the file with the places, in the stack's folder."""

_DETECTOR = "anybooks"

GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"job": (f"anomaly-{_DETECTOR}", "sales"), "archive": ("archive", "results"), "alerting": ("alerting", "results")}
)
"""The programs that read topics: the consumer group and the topic of each."""

_THRESHOLD = 70
_SETTLE_SECONDS = 15  # a sale is entered at most 10 seconds after it was made
_CATCH_UP_MINUTES = 1440


class Sales(msgspec.Struct, frozen=True):
    """What the shop sells."""

    start: str
    end: str
    """First moment, and first moment after the last: ISO 8601 with offset."""
    seed: int
    """Decides about every sale and spike."""
    speed: float | None
    """Shop seconds per second, from `start` on; None for the real clock, with all minutes up to now at once."""


class Places(msgspec.Struct, frozen=True):
    """Where everything is: what a program of the path must know, as one JSON file."""

    directory: str
    """Folder of the stack."""
    bootstrap_servers: str
    database_url: str
    """The broker, and the database as its owner, for the shop."""
    aws: dict[str, str]
    """Variables for AWS clients."""
    resources: Resources
    """What was provisioned."""
    sales: Sales
    """What is sold."""
    dashboard_url: str | None = None
    """Where people look, if a dashboard is served."""

    @property
    def parquet(self) -> Path:
        """Folder of the Parquet files."""
        return Path(self.directory) / "parquet"

    def log(self, name: str) -> Path:
        """Name the log of a program or function."""
        return Path(self.directory) / "logs" / f"{name}.log"

    def ingest_environment(self) -> dict[str, str]:
        """Give the settings of the ingest function."""
        return self.aws | {
            "DATABASE_SECRET_ARN": self.resources.database_secret_arn,
            "SOURCE_TABLE": "sales",
            "TIMESTAMP_COLUMN": "event_time",
            "SOURCE_COLUMNS": "event_time,product_name*,quantity",
            "BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KAFKA_AUTH": "none",
            "INPUT_TOPIC": "sales",
            "PROGRESS_TOPIC": "sales-progress",
            "SETTLE_SECONDS": str(_SETTLE_SECONDS),
            "MAX_CATCH_UP_MINUTES": str(_CATCH_UP_MINUTES),
        }

    def notify_environment(self) -> dict[str, str]:
        """Give the settings of the notify function."""
        settings = {
            "ALERT_TOPIC_ARN": self.resources.alert_topic_arn,
            "IDEMPOTENCY_TABLE": self.resources.idempotency_table,
            "DEAD_LETTER_QUEUE_URL": self.resources.dead_letter_url,
            "REPORT_BATCH_ITEM_FAILURES": "true",
        }
        if self.dashboard_url:
            settings["DASHBOARD_URL"] = self.dashboard_url
        return self.aws | settings


def write_places(places: Places, file: Path) -> None:
    """Keep the addresses, passwords among them, for the programs and for nobody else."""
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(places)))


def read_places(file: Path) -> Places:
    """Read what `write_places` wrote."""
    return msgspec.json.decode(file.read_bytes(), type=Places)


def job_properties(bootstrap_servers: str, directory: Path) -> list[dict[str, object]]:
    """Configure the Flink job for the bookstore, in the form of an `application_properties.json`."""
    groups: Mapping[str, Mapping[str, str]] = {
        "kafka": {"bootstrap.servers": bootstrap_servers},
        "topics": {"input": "sales", "output": "results", "dead.letters": "dead-letters", "late": "late"},
        "detector": {
            "name": _DETECTOR,
            "timestamp.field": "event_time",
            "measure.field": "quantity",
            "measure.aggregation": "SUM",
            "dimension.fields": "product_name",
            "detection.period": "1 min",
            "decision.threshold": str(_THRESHOLD),
            "max.lateness": "30 s",
        },
        # Two products leave partitions empty; five seconds later these no longer hold back the others.
        "job": {
            "idle.timeout": "5 s",
            "checkpoint.directory": str(directory.resolve() / "checkpoints"),
            "checkpoint.interval": "10 s",
        },
    }
    return [{"PropertyGroupId": name, "PropertyMap": properties} for name, properties in groups.items()]
