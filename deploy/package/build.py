"""Build packages into a folder, with a list of their checksums and of where they come from."""

import hashlib
import subprocess
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import DeployError
from deploy.package import sources, wheels
from deploy.package.archive import write_zip
from deploy.package.compiled import compiled
from deploy.package.contents import FLINK_JAR, Package

SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Built:
    """A package that was built: its file, its size in bytes and its SHA-256 in hexadecimal digits."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Which source was packaged: a commit, None outside a git checkout, and files that differ from it."""

    commit: str | None
    changed: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        if self.commit is None:
            return "not a git checkout: the commit is unknown"
        if not self.changed:
            return f"commit {self.commit}"
        return f"commit {self.commit} with {len(self.changed)} changed files, {self.changed[0]} among them"


def build(root: Path, packages: Sequence[Package], target: Path, cache: Path, python: Path | None) -> list[Built]:
    """Build packages.

    Parameters
    ----------
    root
        The project's folder.
    packages
        What to build.
    target
        The folder to write to; made if need be.
    cache
        Where wheels are kept.
    python
        What compiles the Lambdas' modules, an interpreter of AWS's version; None leaves them uncompiled.

    Raises
    ------
    DeployError
        If something is missing, or a package becomes larger than it may be.
    """
    if any(name == FLINK_JAR for package in packages for _, name in package.files) and not (root / FLINK_JAR).is_file():
        msg = f"{FLINK_JAR} is missing; build it: mvn -B -q package -pl flink_job/java -am -DskipTests"
        raise DeployError(msg)
    target.mkdir(parents=True, exist_ok=True)
    return [_build_one(root, package, target / package.name, cache, python) for package in packages]


def write_sums(target: Path, built: Sequence[Built], origin: Origin, python: Path | None) -> None:
    """Write checksums, in the form that `sha256sum -c` reads, under what they were made of and with."""
    # Another zlib or compiler may make other bytes of the same content.
    compiler = "not compiled" if python is None else f"compiled by {_version(python)}"
    lines = [f"# {origin}", f"# zlib {zlib.ZLIB_RUNTIME_VERSION}, Lambdas {compiler}"]
    lines += [f"{package.sha256}  {package.path.name}" for package in built]
    (target / SUMS).write_text("\n".join(lines) + "\n", "utf-8")


def origin_of(root: Path) -> Origin:
    """Ask git which commit is checked out, and which files differ from it or are not in it."""
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        status = _git(root, "status", "--porcelain", "--untracked-files=normal")
    except (OSError, subprocess.CalledProcessError):
        return Origin(None, ())
    return Origin(commit, tuple(line[3:] for line in status.splitlines()))


def entries_of(root: Path, package: Package, cache: Path, python: Path | None, folder: Path) -> dict[str, Path]:
    """List what goes into a package, files by their name inside it, as `build` does; `folder` is where to work."""
    ours = [sources.whole(root, part) for part in package.parts]
    if package.handler is not None:
        ours.append(sources.reached_from(root, package.handler.rpartition(".")[0]))
    linux = wheels.OLDEST_LINUX if package.handler is None else wheels.LAMBDA_LINUX
    theirs = wheels.install(root / "requirements" / package.lock, folder / "wheels", cache, linux)
    modules = sources.merged(*ours, theirs)
    if package.handler is not None and python is not None:
        modules |= compiled(modules, python, folder / "compiled")
    files = {name: root / source for name, source in package.files}
    return sources.merged(files, {package.folder + name: file for name, file in modules.items()})


def _build_one(root: Path, package: Package, path: Path, cache: Path, python: Path | None) -> Built:
    with tempfile.TemporaryDirectory() as folder:
        write_zip(path, entries_of(root, package, cache, python, Path(folder)))
    size = path.stat().st_size
    if size > package.limit_bytes:
        path.unlink()
        msg = (
            f"{package.name} has {size / 1e6:.1f} MB, more than the {package.limit_bytes / 1e6:.0f} MB that it may have"
        )
        raise DeployError(msg)
    return Built(path, size, hashlib.sha256(path.read_bytes()).hexdigest())


def _version(python: Path) -> str:
    return subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True).stdout
