import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from other_pythons import python312
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.cli import main
from deploy.errors import DeployError
from deploy.package import sources, wheels
from deploy.package.archive import write_zip
from deploy.package.build import Built, build, entries_of, origin_of, write_sums
from deploy.package.command import ROOT, WHEELS
from deploy.package.compiled import compiled
from deploy.package.contents import FLINK, LAMBDAS, PACKAGES, RUN_OPTIONS, Package

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;]+)", re.MULTILINE)
RUNTIMES_OWN = {"apache-flink", "numpy", "pandas", "pyarrow"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project of two packages, one of which imports some of the other."""
    root = tmp_path / "project"
    for name, text in {
        "shared/__init__.py": "",
        "shared/used.py": "import json\n",
        "shared/unused.py": "",
        "some_lambda/__init__.py": "",
        "some_lambda/handler.py": "def handler(event, context):\n    from some_lambda import late\n    import boto3\n",
        "some_lambda/late.py": "from shared.used import json\nSIZES = {'small', 'large', 'huge'}\n",
        "some_lambda/other.py": "import pyarrow\n",
        "requirements/none.lock": "# nothing\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


PACKAGE = Package(
    "some.zip", "none.lock", 100_000, handler="some_lambda.handler.handler", files=(("main.py", "shared/used.py"),)
)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_a_lambda_has_the_modules_that_its_handler_reaches_and_no_others(project: Path) -> None:
    assert list(sources.reached_from(project, "some_lambda.handler")) == [
        "shared/__init__.py",
        "shared/used.py",
        "some_lambda/__init__.py",
        "some_lambda/handler.py",
        "some_lambda/late.py",
    ]


def test_a_handler_that_does_not_exist_is_named(project: Path) -> None:
    with pytest.raises(DeployError, match=r"no module some_lambda\.handel"):
        sources.reached_from(project, "some_lambda.handel")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"a\.py comes from .*one and from .*two"):
        sources.merged({"a.py": tmp_path / "one"}, {"a.py": tmp_path / "two"})


def test_a_whole_package_is_its_modules_without_java_or_caches() -> None:
    inside = sources.whole(ROOT, "flink_job")

    assert "flink_job/__main__.py" in inside
    assert not [name for name in inside if "/java/" in name or "__pycache__" in name or not name.endswith(".py")]


def test_a_zip_tells_nothing_about_when_and_where_it_was_made(tmp_path: Path) -> None:
    zips = []
    for number, (mode, moment) in enumerate(((0o600, 1_500_000_000), (0o777, 1_700_000_000))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("a", "b"):
            (folder / name).write_bytes(name.encode() * 1000)
            (folder / name).chmod(mode)
            os.utime(folder / name, (moment, moment))
        entries = {name: folder / name for name in ("ab" if number else "ba")}
        write_zip(folder / "zip", entries)
        zips.append((folder / "zip").read_bytes())

    assert zips[0] == zips[1]
    with zipfile.ZipFile(tmp_path / "0" / "zip") as archive:
        assert [member.external_attr >> 16 for member in archive.infolist()] == [0o100644, 0o100644]


def test_a_zip_that_cannot_be_finished_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "zip"
    path.write_bytes(b"before")

    with pytest.raises(OSError, match="absent"):
        write_zip(path, {"a": tmp_path / "absent"})

    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("zip", b"before")]


def test_the_same_source_elsewhere_gives_the_same_bytes(project: Path, tmp_path: Path) -> None:
    copied = tmp_path / "elsewhere" / "copied"
    shutil.copytree(project, copied)
    python = python312()

    [one] = build(project, [PACKAGE], tmp_path / "one", tmp_path / "cache", python)
    [two] = build(copied, [PACKAGE], tmp_path / "two", tmp_path / "cache", python)

    assert one.sha256 == two.sha256 == hashlib.sha256(two.path.read_bytes()).hexdigest()
    assert "some_lambda/__pycache__/late.cpython-312.pyc" in names(one.path)
    (copied / "some_lambda" / "late.py").write_text("changed = True\n")
    [three] = build(copied, [PACKAGE], tmp_path / "two", tmp_path / "cache", python)
    assert three.sha256 != one.sha256


def test_without_a_compiler_the_modules_are_there_uncompiled(project: Path, tmp_path: Path) -> None:
    [built] = build(project, [PACKAGE], tmp_path / "dist", tmp_path / "cache", None)

    assert "some_lambda/late.py" in names(built.path)
    assert not [name for name in names(built.path) if name.endswith(".pyc")]


def test_a_module_that_does_not_compile_is_shown(project: Path, tmp_path: Path) -> None:
    (project / "broken.py").write_text("def :\n")

    with pytest.raises(DeployError, match=r"does not compile(.|\n)*broken\.py"):
        compiled({"broken.py": project / "broken.py"}, python312(), tmp_path / "work")


def test_a_package_larger_than_it_may_be_is_refused_and_removed(project: Path, tmp_path: Path) -> None:
    small = Package("some.zip", "none.lock", 100, handler=PACKAGE.handler)

    with pytest.raises(DeployError, match=r"some\.zip has 0\.0 MB, more than"):
        build(project, [small], tmp_path / "dist", tmp_path / "cache", None)

    assert not (tmp_path / "dist" / "some.zip").exists()


def test_a_jar_that_was_not_built_is_named_with_the_command_that_builds_it(project: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"anomaly-flink\.jar is missing; build it: mvn"):
        build(project, [FLINK], tmp_path / "dist", tmp_path / "cache", None)


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", root, *identity, *arguments], check=True, capture_output=True)


def test_checksums_can_be_checked_and_say_which_commit_was_packaged(project: Path, tmp_path: Path) -> None:
    assert str(origin_of(project)) == "not a git checkout: the commit is unknown"
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "first")
    clean = origin_of(project)
    assert re.fullmatch("commit [0-9a-f]{40}", str(clean))
    (project / "shared" / "used.py").write_text("changed = 1\n")
    assert str(origin_of(project)) == f"{clean} with 1 changed files, shared/used.py among them"

    built = build(project, [PACKAGE], tmp_path / "dist", tmp_path / "cache", None)
    write_sums(tmp_path / "dist", built, clean, None)

    assert (tmp_path / "dist" / "SHA256SUMS").read_text().startswith(f"# {clean}\n# zlib ")
    check = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "dist", check=True, capture_output=True).stdout == b"some.zip: OK\n"
    assert isinstance(built[0], Built)


def test_a_wheel_that_is_not_what_the_lock_says_stops_the_build(tmp_path: Path) -> None:
    lock = tmp_path / "bad.lock"
    lock.write_text(f"jmespath==1.1.0 --hash=sha256:{'0' * 64}\n")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    kept = tmp_path / "cache" / f"bad-{digest}"
    kept.mkdir(parents=True)
    write_zip(kept / "jmespath-1.1.0-py3-none-any.whl", {"jmespath.py": lock})

    with pytest.raises(DeployError, match=r"are not what bad\.lock says: delete that folder"):
        wheels.install(lock, tmp_path / "target", tmp_path / "cache")


@pytest.mark.parametrize("package", PACKAGES, ids=[package.name for package in PACKAGES])
def test_every_wheel_is_pinned_by_hash_to_what_the_tests_run_where_that_is_built_for_aws(package: Package) -> None:
    text = (ROOT / "requirements" / package.lock).read_text()
    pinned = dict(PINNED.findall(text))

    assert text.count("--hash=sha256:") >= len(pinned) > 0
    assert "://" not in text
    differing = {name for name, version in pinned.items() if metadata.version(name) != version}
    # The tests' own are built for a newer C library, or need PyFlink's older one.
    assert differing <= {"numba", "llvmlite", "pyarrow"}


def test_what_the_runtimes_have_is_not_shipped() -> None:
    locked = {package: dict(PINNED.findall((ROOT / "requirements" / package.lock).read_text())) for package in PACKAGES}

    assert not locked[FLINK].keys() & RUNTIMES_OWN
    assert not [package for package in LAMBDAS if locked[package].keys() & {"boto3", "botocore", "numpy", "numba"}]


def test_numba_takes_the_numpy_that_the_flink_runtime_has(tmp_path: Path) -> None:
    runtime = dict(PINNED.findall((ROOT / "requirements" / "flink-runtime.lock").read_text()))
    files = wheels.install(ROOT / "requirements" / FLINK.lock, tmp_path / "wheels", WHEELS)
    [described] = [path for name, path in files.items() if re.fullmatch(r"numba-.*\.dist-info/METADATA", name)]
    needs = [
        Requirement(line.partition(": ")[2])
        for line in described.read_text().splitlines()
        if line.startswith("Requires-Dist")
    ]

    [numpy] = [need for need in needs if canonicalize_name(need.name) == "numpy"]
    assert runtime["numpy"] in numpy.specifier
    assert {need.name for need in needs} - {"numpy"} <= {name.partition("/")[0] for name in files}


def test_the_command_says_in_one_line_what_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.package.command.ROOT", tmp_path)

    assert main(["package", "-o", str(tmp_path / "dist"), "--only", "managed-flink.zip"]) == 1

    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert shown.err.startswith("deploy: flink_job/java/target/anomaly-flink.jar is missing")


def test_the_flink_zip_has_its_main_one_jar_and_what_the_runtime_lacks(tmp_path: Path) -> None:
    inside = entries_of(ROOT, FLINK, WHEELS, None, tmp_path)

    assert [name for name in inside if "/" not in name] == [RUN_OPTIONS["python"]]
    assert [name for name in inside if name.startswith("lib/")] == [RUN_OPTIONS["jarfile"]]
    assert {name.split("/")[1] for name in inside if name.startswith("dep/") and ".dist-info" not in name} == {
        *("anomaly", "contracts", "flink_job", "llvmlite", "msgspec", "numba", "readers")
    }
    libraries = [name for name in inside if name.endswith(".so")]
    assert libraries
    assert not [name for name in libraries if "cpython-" in name and "cpython-312-x86_64-linux-gnu" not in name]
    assert not [name for name in inside if re.search(r"(^|/)(tests|__pycache__|java)/|\.pyc$|\.java$", name)]
