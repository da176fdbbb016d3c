"""Fetch locked wheels for AWS's Python, whatever machine this is, and lay them out as files."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.errors import DeployError

PYTHON = "3.12"

OLDEST_LINUX = ("manylinux2014_x86_64",)
"""The oldest C library that still has wheels: Managed Flink does not document which one it has."""

LAMBDA_LINUX = ("manylinux_2_28_x86_64", *OLDEST_LINUX)
"""Lambda's Python 3.12 runs on Amazon Linux 2023, whose C library is newer than this one."""

_TARGET: tuple[str, ...] = (
    *("--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"),
    *("--no-deps", "--require-hashes"),
)

_LEFT_OUT_FOLDERS = frozenset({"tests", "__pycache__"})
_LEFT_OUT_RECORDS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Files of a `.dist-info` that describe one installation; licences and metadata stay."""


def install(lock: Path, target: Path, cache: Path, linux: Sequence[str] = OLDEST_LINUX) -> dict[str, Path]:
    """Install a lock's wheels into a folder, and list the files that a package needs, by their path below it.

    Parameters
    ----------
    lock
        Requirements with hashes, for the target platform; empty when nothing is needed.
    target
        A folder that does not exist yet.
    cache
        Where wheels are kept; a lock that was fetched once needs no network again.
    linux
        The platforms whose wheels run there, the best first.

    Raises
    ------
    DeployError
        If wheels cannot be fetched, or one is not what the lock says.
    """
    if "==" not in lock.read_text("utf-8"):
        return {}
    target_options = [*_TARGET, *(f"--platform={name}" for name in linux)]
    wheels = _fetched(lock, cache, target_options)
    _pip(
        [
            "install",
            "--no-index",
            "--find-links",
            wheels,
            "--no-compile",
            *target_options,
            "-r",
            lock,
            "--target",
            target,
        ],
        failed=f"the wheels in {wheels} are not what {lock.name} says: delete that folder and try again.",
    )
    paths = (path for path in target.rglob("*") if path.is_file())
    return {path.relative_to(target).as_posix(): path for path in sorted(paths) if _is_needed(path.relative_to(target))}


def _fetched(lock: Path, cache: Path, target_options: Sequence[str]) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    kept = cache / f"{lock.stem}-{digest}"
    if kept.is_dir():
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    fetched = Path(tempfile.mkdtemp(dir=cache, prefix=".fetching-"))
    try:
        _pip(
            ["download", *target_options, "-r", lock, "-d", fetched],
            failed=f"the wheels of {lock.name} cannot be fetched: is the package index within reach?",
        )
        fetched.rename(kept)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return kept


def _is_needed(path: Path) -> bool:
    folders = path.parts[:-1]
    if _LEFT_OUT_FOLDERS & set(folders) or path.parts[0] == "bin":
        return False
    return not (folders and folders[0].endswith(".dist-info") and path.name in _LEFT_OUT_RECORDS)


def _pip(arguments: Sequence[str | Path], failed: str) -> None:
    command: Sequence[str | Path] = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        # pip hides passwords of addresses.
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        msg = f"{failed} pip: {said[0] if said else 'no explanation'}"
        raise DeployError(msg)
