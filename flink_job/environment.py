"""Flink's configuration: everything on a local run, and only what Managed Flink allows where a cluster decides."""

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from flink_job.failures import JobError
from flink_job.properties import Delivery, RunSettings

JAR = Path(__file__).parent / "java" / "target" / "anomaly-flink.jar"
"""The jar of the JVM half, where Maven puts it; a cluster is handed it with the job."""

PROJECT = Path(__file__).parent.parent
"""The folder that holds this package and those that it imports."""

ALLOWED_ON_MANAGED_FLINK = frozenset(
    {
        "execution.runtime-mode",
        "pipeline.auto-generate-uids",
        "pipeline.auto-watermark-interval",
        "pipeline.cached-files",
        "pipeline.classpaths",
        "pipeline.closure-cleaner-level",
        "pipeline.force-avro",
        "pipeline.force-kryo",
        "pipeline.generic-types",
        "pipeline.global-job-parameters",
        "pipeline.jars",
        "pipeline.jobvertex-parallelism-overrides",
        "pipeline.max-parallelism",
        "pipeline.name",
        "pipeline.object-reuse",
        "pipeline.operator-chaining.chain-operators-with-different-max-parallelism",
        "pipeline.operator-chaining.enabled",
        "pipeline.serialization-config",
        "pipeline.vertex-description-mode",
        "pipeline.vertex-name-include-index-prefix",
        "pipeline.watermark-alignment.allow-unaligned-source-splits",
        "python.execution-mode",
        "python.internal.archives-key-map",
        "python.internal.files-key-map",
        "python.internal.requirements-file-key",
        "python.job-options",
        "python.operator-chaining.enabled",
    }
)
"""What Managed Flink 2.2 lets a program set, by its page "Programmatic Flink configuration properties" of 2026.

With any other key it refuses the job: "Not allowed configuration change(s) were detected". PyFlink sets
`pipeline.cached-files`, `python.job-options` and `python.internal.*` by itself.
"""


def is_local(environ: Mapping[str, str]) -> bool:
    """Tell whether this process brings its own Flink: yes, unless `flink run` or Managed Flink started it.

    `IS_LOCAL` set to anything says yes as well.
    """
    return "IS_LOCAL" in environ or "PYFLINK_GATEWAY_PORT" not in environ


def cluster_configuration() -> dict[str, str]:
    """Give the configuration where a cluster has its own: Python runs in processes, whatever the cluster's default.

    Raises
    ------
    JobError
        If Managed Flink would refuse a key of it.
    """
    return only_allowed({"python.execution-mode": "process"})


def only_allowed(configuration: dict[str, str]) -> dict[str, str]:
    """Give a configuration back, provided that Managed Flink lets a program set all of it.

    Parameters
    ----------
    configuration
        Values by Flink's keys.

    Raises
    ------
    JobError
        If there are keys that only the service may set; it names them.
    """
    if forbidden := sorted(configuration.keys() - ALLOWED_ON_MANAGED_FLINK):
        msg = f"a job must not set {', '.join(forbidden)} on a cluster: Managed Flink refuses jobs that do"
        raise JobError(msg)
    return configuration


def local_configuration(job: RunSettings, resume_from: Path | None) -> dict[str, str]:
    """Give the configuration of a local run.

    Parameters
    ----------
    job
        How to run.
    resume_from
        The checkpoint to begin with, None to begin without state.

    Raises
    ------
    JobError
        If the jar of the JVM half was not built, or exactly-once was asked for without checkpoints.
    """
    if not JAR.is_file():
        msg = f"the job's jar {JAR} is missing; build it: mvn -B -q package -f {JAR.parent.parent}"
        raise JobError(msg)
    configuration = cluster_configuration() | {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "pipeline.jars": JAR.as_uri(),
        "pipeline.auto-generate-uids": "false",
        "pipeline.generic-types": "false",
        "parallelism.default": str(job.parallelism),
        # The process ends with its one job, so nothing leaks; a Kafka client that logs while it closes would say so.
        "classloader.check-leaked-classloader": "false",
    }
    if job.checkpoint_directory is not None:
        configuration |= {
            "state.backend.type": "rocksdb",
            "execution.checkpointing.interval": f"{job.checkpoint_interval_ms} ms",
            "execution.checkpointing.dir": Path(job.checkpoint_directory).absolute().as_uri(),
            "execution.checkpointing.incremental": "true",
            "execution.checkpointing.num-retained": "2",
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            "restart-strategy.type": "failure-rate",
            "restart-strategy.failure-rate.max-failures-per-interval": "5",
            "restart-strategy.failure-rate.failure-rate-interval": "5 min",
            "restart-strategy.failure-rate.delay": "1 s",
        }
    elif job.delivery is Delivery.EXACTLY_ONCE:
        msg = 'delivery.guarantee exactly-once needs checkpoint.directory in group "job" when the job runs locally'
        raise JobError(msg)
    if resume_from is not None:
        configuration["execution.state-recovery.path"] = resume_from.as_uri()
        configuration["execution.state-recovery.claim-mode"] = "CLAIM"
    return configuration


def newest_checkpoint(directory: Path) -> Path | None:
    """Find the newest complete checkpoint below a directory.

    Parameters
    ----------
    directory
        A checkpoint directory: a folder for each run, in it `chk-N` folders, complete once they hold `_metadata`.

    Returns
    -------
    The `chk-N` folder, absolute, or None if there is none.
    """
    complete = [path for path in directory.absolute().glob("*/chk-*/_metadata") if path.stat().st_size > 0]
    return max(complete, key=lambda path: path.stat().st_mtime_ns).parent if complete else None


def let_workers_import(environ: MutableMapping[str, str]) -> None:
    """Put the project on the path of Python workers, which do not inherit this process' own."""
    environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT), *filter(None, [environ.get("PYTHONPATH")])])
