"""What runs inside the containers, run here."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bookstore import containers
from deploy.containers import answers, flink_health, fresh
from deploy.containers.pick_requirements import pick

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "deploy" / "containers"
LOCK = (ROOT / "requirements" / "all.lock").read_text()
SERVERS = {
    "BOOTSTRAP_SERVERS": "kafka:19092",
    "PGHOST": "postgres",
    "PGUSER": "any books",
    "PGPASSWORD": "p@ss/word",
    "PGDATABASE": "anybooks",
    "AWS_ENDPOINT_URL": "http://aws:5000",
    "AWS_REGION": "us-east-1",
    "DIRECTORY": "/data",
}


@contextmanager
def answering(body: object, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_job_manager_is_well_while_its_job_runs() -> None:
    with answering({"jobs": [{"state": "RUNNING"}]}) as url:
        assert flink_health._job(url) == ""
    with answering({"jobs": [{"state": "FAILED"}, {"state": "RESTARTING"}]}) as url:
        assert flink_health._job(url) == "no running job, but ['FAILED', 'RESTARTING']"


def test_a_server_that_is_not_there_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers.main("http://127.0.0.1:1/") == 1
    assert "refused" in capsys.readouterr().out
    with answering({}, status=500) as url:
        assert answers.main(url) == 1
    with answering({}) as url:
        assert answers.main(url) == 0


def test_flink_that_does_not_answer_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> str:
        msg = "nobody listens"
        raise ConnectionRefusedError(msg)

    monkeypatch.setattr(flink_health, "_job", refuse)
    assert flink_health.main("job") == 1
    assert capsys.readouterr().out == "nobody listens\n"


def test_a_program_is_well_while_it_tells_of_its_progress(tmp_path: Path) -> None:
    file = tmp_path / "archive.progress.json"
    assert fresh.main(str(file), "60") == 1
    file.touch()
    assert fresh.main(str(file), "60") == 0
    os.utime(file, (0, time.time() - 61))
    assert fresh.main(str(file), "60") == 1


def started(tmp_path: Path, *arguments: str) -> list[str]:
    """Run the job manager's script with a Flink that only prints what it is told."""
    script = tmp_path / "flink" / "bin" / "standalone-job.sh"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    script.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "FLINK_HOME": str(tmp_path / "flink"),
        "CHECKPOINTS": str(tmp_path / "state"),
    }
    done = subprocess.run(
        ["bash", CONTAINERS / "jobmanager.sh", *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def checkpoint(tmp_path: Path, name: str, age: int, content: str = "complete") -> Path:
    folder = tmp_path / "state" / name
    folder.mkdir(parents=True)
    (folder / "_metadata").write_text(content)
    os.utime(folder / "_metadata", (0, time.time() - age))
    return folder


def test_without_a_checkpoint_the_job_begins_without_state(tmp_path: Path) -> None:
    said = started(tmp_path, "-Dparallelism.default=2")

    assert said[:2] == ["start-foreground", "-Dparallelism.default=2"]
    assert "--fromSavepoint" not in said
    assert said[-2:] == ["--properties", "/etc/flink/application_properties.json"]


def test_the_job_continues_from_the_newest_complete_checkpoint_of_any_run(tmp_path: Path) -> None:
    checkpoint(tmp_path, "aa/chk-900", age=60)
    newest = checkpoint(tmp_path, "bb/chk-3", age=30)
    checkpoint(tmp_path, "bb/chk-4", age=5, content="")
    (tmp_path / "state/bb/chk-5").mkdir()

    said = started(tmp_path)

    assert said[0] == f"resuming from {newest}"
    assert said[said.index("--fromSavepoint") + 1] == f"file://{newest}"


def test_picked_requirements_are_entries_of_the_lock_to_the_letter() -> None:
    picked = pick(LOCK, ["boto3", "psycopg"])

    names = re.findall(r"^([a-z0-9-]+)==", picked, re.M)
    assert names == [
        *("boto3", "botocore", "jmespath", "psycopg", "psycopg-binary", "python-dateutil", "s3transfer"),
        *("six", "typing-extensions", "tzdata", "urllib3"),
    ]
    assert all(entry in LOCK for entry in re.split(r"(?m)^(?=[a-z])", picked))
    assert picked.count("==") == len(names)


def test_picked_requirements_hold_all_that_the_packages_say_they_need() -> None:
    wanted = re.search(r"pick_requirements.py all.lock ((?:[a-z0-9-]+|\s|\\)+)>", programs_dockerfile())
    assert wanted is not None
    names = wanted[1].replace("\\", " ").split()
    picked = set(re.findall(r"^([a-z0-9-]+)==", pick(LOCK, names), re.M))

    assert set(names) <= picked
    for name in picked & {distribution.name.lower() for distribution in metadata.distributions()}:
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert re.sub(r"[._-]+", "-", requirement.name.lower()) in picked, f"{name} needs {requirement.name}"


def test_a_name_that_is_not_in_the_lock_is_told() -> None:
    done = subprocess.run(
        [sys.executable, CONTAINERS / "pick_requirements.py", ROOT / "requirements" / "all.lock", "left-pad"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "has no entry 'left-pad'" in done.stderr


def test_the_servers_of_the_environment_make_a_stack() -> None:
    stack = containers.stack_of(SERVERS)

    assert stack.database_url == "postgresql://any%20books:p%40ss%2Fword@postgres/anybooks"
    assert stack.bootstrap_servers == "kafka:19092"
    assert stack.aws_environment["AWS_ENDPOINT_URL"] == "http://aws:5000"


def test_missing_variables_are_named_all_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert containers.main({**SERVERS, "PGPASSWORD": "", "AWS_REGION": ""}) == 1
    assert capsys.readouterr().err == "containers: Not set: PGPASSWORD, AWS_REGION.\n"


@pytest.mark.kafka
@pytest.mark.postgres
def test_preparing_again_changes_nothing_that_is_there(
    tmp_path: Path, run_servers: Callable[[Path], dict[str, str]]
) -> None:
    environment = run_servers(tmp_path)
    assert containers.main(environment) == 0
    first = json.loads((tmp_path / "data" / "places.json").read_text())
    assert containers.main(environment) == 0

    assert json.loads((tmp_path / "data" / "places.json").read_text()) == first
    assert first["bootstrap_servers"] == environment["BOOTSTRAP_SERVERS"]
    assert (tmp_path / "data" / "parquet").is_dir()
    assert (tmp_path / "data" / "logs").is_dir()


@pytest.fixture
def run_servers() -> Iterator[Callable[[Path], dict[str, str]]]:
    from contextlib import ExitStack
    from urllib.parse import unquote, urlsplit

    from devstack.stack import running_stack

    with ExitStack() as held:

        def run(directory: Path) -> dict[str, str]:
            stack = held.enter_context(running_stack(directory / "servers", ("kafka", "postgres", "aws")))
            database = urlsplit(stack.database_url)
            (directory / "data").mkdir()
            return {
                "BOOTSTRAP_SERVERS": stack.bootstrap_servers,
                "PGHOST": f"{database.hostname}:{database.port}",
                "PGUSER": unquote(database.username or ""),
                "PGPASSWORD": unquote(database.password or ""),
                "PGDATABASE": database.path[1:],
                "AWS_ENDPOINT_URL": stack.aws_environment["AWS_ENDPOINT_URL"],
                "AWS_REGION": stack.aws_environment["AWS_REGION"],
                "DIRECTORY": str(directory / "data"),
            }

        yield run


def programs_dockerfile() -> str:
    return (CONTAINERS / "programs.Dockerfile").read_text()
