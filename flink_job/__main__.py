"""Start the job: `python -m flink_job --properties FILE [--bounded]`, alone or under `flink run`."""

import argparse
import atexit
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from py4j.protocol import Py4JJavaError
from pyflink.common import Configuration, JobClient
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway

from flink_job import environment
from flink_job.failures import JobError, causes, explain
from flink_job.properties import JobSettings, PropertiesError, read_properties
from flink_job.settings import detector_config, jvm_settings_json, refused_by_library, scoring_settings
from flink_job.topics import prepare_topics
from flink_job.topology import build

FAILED = 1
MISCONFIGURED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job.

    Parameters
    ----------
    arguments
        The command line without the program's name; None takes it from `sys.argv`.

    Returns
    -------
    Exit code: 0 when done or submitted, 1 when the job failed, 2 when it cannot start as configured, 130 when it was
    interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m flink_job", description="Scores a Kafka topic's time series.")
    parser.add_argument(
        "--properties",
        type=Path,
        default=Path("/etc/flink/application_properties.json"),
        metavar="FILE",
        help="the job's properties (default: %(default)s)",
    )
    parser.add_argument(
        "--bounded", action="store_true", help="read to the end of the topic as it is now, emit everything, stop"
    )
    options = parser.parse_args(arguments)
    try:
        return _run(read_properties(options.properties), bounded=options.bounded)
    except (PropertiesError, JobError) as error:
        _say(str(error))
        return MISCONFIGURED
    except Py4JJavaError as error:
        _say(f"the job failed: {explain(causes(error.java_exception))}")
        return FAILED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED


def _run(settings: JobSettings, *, bounded: bool) -> int:
    scoring = scoring_settings(settings)
    try:
        detector_config(scoring)
    except ValueError as error:
        raise refused_by_library(error) from error
    local = environment.is_local(os.environ)
    configuration = _local(settings) if local else environment.cluster_configuration()
    flink = StreamExecutionEnvironment.get_execution_environment(_flink(configuration))
    prepare_topics(get_gateway().jvm, settings.kafka, settings.topics)
    parallelism = settings.job.parallelism if local else 0
    jvm_settings = jvm_settings_json(settings, bounded=bounded, parallelism=parallelism)
    build(flink, jvm_settings, scoring)
    if not local:
        flink.execute(settings.detector.name)
        return 0
    _say(
        f"{settings.detector.name}: {settings.topics.input} -> {settings.topics.output} "
        f"at {settings.kafka['bootstrap.servers']}, parallelism {parallelism}"
        f"{', to the present end' if bounded else '; stop with Ctrl-C'}"
    )
    _wait(flink.execute_async(settings.detector.name))
    return 0


def _wait(job: JobClient) -> None:
    """Wait for a job's end, or for Ctrl-C, which cancels it; a service manager's stop is as good."""
    interrupted = threading.Event()
    usual = {
        number: signal.signal(number, lambda *_: interrupted.set())
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    # Asked now and then: an exception in the middle of a call to the JVM would come with a traceback of its library.
    result = job.get_job_execution_result()
    while not result.done():
        if interrupted.wait(0.2):
            for number, handler in usual.items():
                signal.signal(number, handler)
            job.cancel().result()
            raise KeyboardInterrupt
    result.result()


def _local(settings: JobSettings) -> dict[str, str]:
    environment.let_workers_import(os.environ)
    directory = settings.job.checkpoint_directory
    checkpoint = None if directory is None else environment.newest_checkpoint(Path(directory))
    if checkpoint is not None:
        _say(f"resuming from {checkpoint}")
    return environment.local_configuration(settings.job, checkpoint)


def _flink(configuration: dict[str, str]) -> Configuration:
    result = Configuration()
    for key, value in configuration.items():
        result.set_string(key, value)
    return result


def _say(text: str) -> None:
    print(f"flink_job: {text}", file=sys.stderr, flush=True)


def _leave(code: int) -> NoReturn:
    # A local run's Python worker stops its server at exit, which starts a thread; from Python 3.12 on that is refused
    # once the interpreter is shutting down, with a traceback. So the exit functions run while it still may.
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way to run them early
    sys.exit(code)


if __name__ == "__main__":
    _leave(main())
