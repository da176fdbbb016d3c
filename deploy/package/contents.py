"""What goes into which zip."""

from dataclasses import dataclass
from types import MappingProxyType

FLINK_JAR = "flink_job/java/target/anomaly-flink.jar"
FLINK_MAIN = "deploy/package/flink_main.py"

RUN_OPTIONS = MappingProxyType({"python": "main.py", "jarfile": "lib/anomaly-flink.jar", "pyFiles": "dep/"})
"""Property group `kinesis.analytics.flink.run.options` of an application that runs the Flink zip."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Package:
    """One zip."""

    name: str
    """Its file name."""
    lock: str
    """File below `requirements/` that pins the wheels inside."""
    limit_bytes: int
    """The largest size that is accepted."""
    parts: tuple[str, ...] = ()
    """Our packages that are inside as a whole."""
    handler: str | None = None
    """For a Lambda, its handler as Lambda writes it; of our packages, the modules that it imports are inside."""
    folder: str = ""
    """Where packages and wheels are inside the zip: empty, or ending in a slash."""
    files: tuple[tuple[str, str], ...] = ()
    """Single files, by their name inside the zip; each a path from the project's root."""


FLINK = Package(
    "managed-flink.zip",
    "flink-dep.lock",
    # The service's own limit.
    512 * _MEGABYTE,
    parts=("anomaly", "contracts", "flink_job", "readers"),
    # Workers get what is in here, and nothing else from the zip.
    folder="dep/",
    files=((RUN_OPTIONS["python"], FLINK_MAIN), (RUN_OPTIONS["jarfile"], FLINK_JAR)),
)

LAMBDAS = (
    Package("ingest-lambda.zip", "ingest-lambda.lock", 15 * _MEGABYTE, handler="ingest_lambda.handler.handler"),
    Package(
        "transform-lambda.zip", "transform-lambda.lock", 15 * _MEGABYTE, handler="transform_lambda.handler.handler"
    ),
    Package("notify-lambda.zip", "notify-lambda.lock", 15 * _MEGABYTE, handler="notify_lambda.handler.handler"),
    # What Lambda takes without a detour over S3.
    Package(
        "parquet-lambda.zip", "parquet-lambda.lock", 50 * _MEGABYTE, handler="transform_lambda.parquet_handler.handler"
    ),
)

PACKAGES = (FLINK, *LAMBDAS)
