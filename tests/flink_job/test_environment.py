import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from properties_text import BOOKSTORE, text_of

from flink_job import environment
from flink_job.failures import JobError
from flink_job.properties import Delivery, RunSettings, parse_properties

RUN = replace(parse_properties(text_of(BOOKSTORE)).job, parallelism=2, checkpoint_interval_ms=5000)


@pytest.fixture(autouse=True)
def jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "anomaly-flink.jar"
    path.touch()
    monkeypatch.setattr(environment, "JAR", path)
    return path


def with_checkpoints(directory: Path) -> RunSettings:
    return replace(RUN, delivery=Delivery.EXACTLY_ONCE, checkpoint_directory=str(directory))


@pytest.mark.parametrize(
    ("environ", "local"),
    [({}, True), ({"PYFLINK_GATEWAY_PORT": "1"}, False), ({"PYFLINK_GATEWAY_PORT": "1", "IS_LOCAL": "true"}, True)],
)
def test_a_run_is_local_unless_flink_started_it(environ: dict[str, str], local: bool) -> None:
    assert environment.is_local(environ) is local


def test_on_a_cluster_only_the_key_that_managed_flink_allows_is_set() -> None:
    assert environment.cluster_configuration() == {"python.execution-mode": "process"}


def test_every_other_key_is_refused_on_a_cluster_by_name(tmp_path: Path) -> None:
    local = environment.local_configuration(with_checkpoints(tmp_path), None)

    with pytest.raises(JobError) as caught:
        environment.only_allowed(local)

    named = str(caught.value)
    for key in ("parallelism.default", "state.backend.type", "execution.checkpointing.interval", "python.executable"):
        assert key in named.replace(",", "").split()
    assert "python.execution-mode" not in named
    assert environment.only_allowed(environment.cluster_configuration()) == environment.cluster_configuration()


# In a process of its own: PyFlink starts a JVM and leaves its pipes open.
PRINT_CHANGED_KEYS = """
import json
import sys

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from flink_job.properties import parse_properties
from flink_job.environment import JAR, cluster_configuration
from flink_job.settings import jvm_settings_json, scoring_settings
from flink_job.topology import build

def keys(flink):
    return dict(flink._j_stream_execution_environment.getConfiguration().toMap())

settings = parse_properties(sys.argv[1])
configuration = Configuration()
configuration.set_string("pipeline.jars", JAR.as_uri())  # what --jarfile does
before = keys(StreamExecutionEnvironment.get_execution_environment(configuration))
for key, value in cluster_configuration().items():
    configuration.set_string(key, value)
flink = StreamExecutionEnvironment.get_execution_environment(configuration)
jvm_settings = jvm_settings_json(settings, bounded=False, parallelism=0)
build(flink, jvm_settings, scoring_settings(settings))
flink._generate_stream_graph(clear_transformations=True)
after = keys(flink)
print(json.dumps(sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))))
"""


@pytest.mark.flink
def test_nothing_that_managed_flink_forbids_is_set_until_the_job_is_submitted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_CHANGED_KEYS, text_of(BOOKSTORE)], check=True, capture_output=True, text=True
    )

    changed = set(json.loads(done.stdout.splitlines()[-1]))
    # The address, and on a cluster nothing, is where PyFlink runs Python inside this process.
    assert changed - {"python.loopback-server.address"} == {"python.execution-mode", "python.job-options"}
    assert changed - {"python.loopback-server.address"} <= environment.ALLOWED_ON_MANAGED_FLINK


def test_a_local_run_brings_its_own_jar_python_and_parallelism(jar: Path) -> None:
    configuration = environment.local_configuration(RUN, None)

    assert configuration["pipeline.jars"] == f"file://{jar}"
    assert configuration["parallelism.default"] == "2"
    assert not [key for key in configuration if "checkpoint" in key or "state" in key]


def test_a_checkpoint_directory_turns_on_kept_checkpoints_and_rocksdb(tmp_path: Path) -> None:
    configuration = environment.local_configuration(with_checkpoints(tmp_path), None)

    assert configuration["state.backend.type"] == "rocksdb"
    assert configuration["execution.checkpointing.dir"] == f"file://{tmp_path}"
    assert configuration["execution.checkpointing.interval"] == "5000 ms"
    assert configuration["execution.checkpointing.externalized-checkpoint-retention"] == "RETAIN_ON_CANCELLATION"
    assert "execution.state-recovery.path" not in configuration


def test_a_run_resumes_from_the_checkpoint_it_is_given(tmp_path: Path) -> None:
    configuration = environment.local_configuration(with_checkpoints(tmp_path), tmp_path / "job" / "chk-7")

    assert configuration["execution.state-recovery.path"] == f"file://{tmp_path}/job/chk-7"


def test_exactly_once_without_checkpoints_is_refused_saying_what_is_missing() -> None:
    exactly_once = replace(RUN, delivery=Delivery.EXACTLY_ONCE)

    with pytest.raises(JobError, match=r"exactly-once needs checkpoint\.directory"):
        environment.local_configuration(exactly_once, None)


def test_a_jar_that_was_not_built_is_named_with_the_command_that_builds_it(jar: Path) -> None:
    jar.unlink()

    with pytest.raises(JobError, match=r"anomaly-flink\.jar is missing; build it: mvn"):
        environment.local_configuration(RUN, None)


def make_checkpoint(folder: Path, *, content: bytes, age: int) -> Path:
    folder.mkdir(parents=True)
    metadata = folder / "_metadata"
    metadata.write_bytes(content)
    os.utime(metadata, (1_700_000_000 - age, 1_700_000_000 - age))
    return folder


def test_the_newest_complete_checkpoint_of_any_run_is_found(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "first-run" / "chk-90", content=b"x", age=100)
    newest = make_checkpoint(tmp_path / "second-run" / "chk-7", content=b"x", age=50)
    make_checkpoint(tmp_path / "second-run" / "chk-8", content=b"", age=10)
    (tmp_path / "second-run" / "chk-9").mkdir()

    assert environment.newest_checkpoint(tmp_path) == newest


@pytest.mark.parametrize("name", [".", "absent"])
def test_without_a_checkpoint_there_is_none_to_find(tmp_path: Path, name: str) -> None:
    assert environment.newest_checkpoint(tmp_path / name) is None


def test_workers_find_the_project_whatever_the_path_was() -> None:
    environ = {"PYTHONPATH": "/elsewhere"}
    environment.let_workers_import(environ)

    project, elsewhere = environ["PYTHONPATH"].split(":")
    assert (Path(project) / "flink_job" / "__main__.py").is_file()
    assert elsewhere == "/elsewhere"
