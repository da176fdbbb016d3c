"""The Flink zip as the service runs it: Python 3.12 with PyFlink's own packages only, the service's file of properties.

A standalone cluster stands in for the service, and refuses what a program sets by the very switch of Flink whose
message the service shows.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from job_bench import Bench, body, expected_lines, sales, standalone_cluster
from other_pythons import python312_with_flink

from deploy.package.contents import RUN_OPTIONS
from devstack.stack import running_stack
from devstack.topics import create_topics
from flink_job.environment import ALLOWED_ON_MANAGED_FLINK

pytestmark = [pytest.mark.flink, pytest.mark.kafka, pytest.mark.slow]

ROOT = Path(__file__).parents[2]

SEAL = """
set -e
mount -t overlay overlay -o "lowerdir=$1:/etc" /etc
mount --bind "$2" "$2"
mount -o remount,bind,ro "$2"
mount --bind "$3" "$3"
mount -o remount,bind,ro /
shift 3
exec "$@"
"""
"""Add files to /etc, make all but the temporary folder read-only, and run a command in that."""

SCORE = """
import sys
sys.path.insert(0, sys.argv[1])
from time import process_time
from anomaly import Detector
began = process_time()
Detector().process(1.0)
print(process_time() - began)
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with running_stack() as stack:
        yield stack.bootstrap_servers


@pytest.fixture(scope="module")
def flink_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "deploy", "package", "-o", folder, "--only", "managed-flink.zip"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder / "managed-flink.zip"


@pytest.fixture
def bench(servers: str, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    name = f"sales-{zlib.crc32(request.node.name.encode())}"
    create_topics(servers, {name: 4})
    return Bench(servers, name, tmp_path, 4)


@pytest.fixture
def application(flink_zip: Path) -> Iterator[Path]:
    """Unpack the zip into a folder of its own, deleted afterwards: it has 220 MB."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(flink_zip) as archive:
        archive.extractall(folder)
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield Path(folder)
        for path in [Path(folder), *filter(Path.is_dir, Path(folder).rglob("*"))]:
            path.chmod(0o755)


@pytest.fixture
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def environ_of(python: Path, temporary: Path) -> dict[str, str]:
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "NUMBA"))
    }
    return bare | {"PATH": f"{python.parent}:{bare['PATH']}", "TMPDIR": str(temporary), "HOME": "/nonexistent"}


def sealed(etc: Path, application: Path, temporary: Path) -> list[str | Path]:
    identity = [] if os.geteuid() == 0 else ["--map-root-user"]
    wrapper = ["unshare", "--mount", *identity, "sh", "-c", SEAL, "sh", etc, application, temporary]
    if subprocess.run([*wrapper, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a mount namespace of its own, which this machine does not allow")
    assert subprocess.run([*wrapper, "touch", etc / "x"], check=False, capture_output=True).returncode
    assert subprocess.run([*wrapper, "touch", temporary / "x"], check=False, capture_output=True).returncode == 0
    return wrapper


def write_as_the_service_does(properties: Path, path: Path) -> None:
    groups = json.loads(properties.read_text())
    groups.append({"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": dict(RUN_OPTIONS)})
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(groups))


@pytest.mark.parametrize("read_only", [False, True], ids=["as-it-is", "all-read-only-but-one-folder"])
def test_the_unpacked_zip_gives_the_librarys_records(
    bench: Bench, application: Path, temporary: Path, tmp_path: Path, read_only: bool
) -> None:
    python = python312_with_flink()
    events = sales(150)
    bench.produce((number, body(event)) for number, event in enumerate(events))
    etc = tmp_path / "etc"
    properties = etc / "flink" / "application_properties.json"
    write_as_the_service_does(bench.properties(), properties)
    # Where everything is read-only, the properties are where the service has them, and need not be named.
    wrapper = sealed(etc, application, temporary) if read_only else []
    arguments = [] if read_only else ["--properties", properties]
    settings = [
        "execution.program-config.enabled: false",
        f"execution.program-config.wildcards: {json.dumps(sorted(ALLOWED_ON_MANAGED_FLINK))}",
        "execution.checkpointing.interval: 1 s",
        "state.backend.type: rocksdb",
        f"execution.checkpointing.dir: {temporary.as_uri()}",
    ]
    ask = [python, "-c", "import pyflink; print(pyflink.__path__[0])"]
    home = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    folder = temporary / "cluster"
    folder.mkdir()

    with standalone_cluster(
        home, folder, environ=environ_of(python, temporary), settings=settings, wrapper=wrapper
    ) as environ:
        done = subprocess.run(
            [
                *(*wrapper, home / "bin" / "flink", "run", "-p", "2"),
                *("-py", RUN_OPTIONS["python"], "-pyfs", RUN_OPTIONS["pyFiles"], "--jarfile", RUN_OPTIONS["jarfile"]),
                *(*arguments, "--bounded"),
            ],
            cwd=application,
            env=environ,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(bench.read(bench.output)) == expected_lines(events)


def test_kernels_of_a_read_only_package_are_kept_under_the_temporary_folder(
    application: Path, temporary: Path, tmp_path: Path
) -> None:
    python = python312_with_flink()
    (tmp_path / "etc").mkdir()
    command = [*sealed(tmp_path / "etc", application, temporary), python, "-c", SCORE, application / "dep"]

    first, second = (
        float(
            subprocess.run(
                command, env=environ_of(python, temporary), check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(2)
    )

    assert list(temporary.glob("anomaly-kernels-*/*/*.nbi"))
    assert second < first / 3
