"""Compile modules for Lambda's Python: a function's folder is read-only, so that each cold start would compile anew."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.package.wheels import PYTHON

CODE_FOLDER = "/var/task"
"""Where Lambda unpacks a zip; tracebacks show it."""

_ASK = "import sys; print(sys.base_prefix, *sys.version_info[:2])"
_COMPILE = ("-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
"""With a hash instead of a time, and one that is not looked at, as the files never change."""


def find_python() -> Path | None:
    """Find a Python of the version on AWS: this one, one on the path, or one of pyenv."""
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{PYTHON}.*/bin/python{PYTHON}"))
    on_path = shutil.which(f"python{PYTHON}")
    candidates: list[str | Path] = [sys.executable, *filter(None, [on_path]), *of_pyenv]
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", _ASK], capture_output=True, text=True, check=False)
        prefix, _, version = done.stdout.strip().partition(" ")
        if version == PYTHON.replace(".", " "):
            return Path(prefix) / "bin" / f"python{PYTHON}"
    return None


def compiled(entries: Mapping[str, Path], python: Path, folder: Path) -> dict[str, Path]:
    """Compile modules, and list the compiled files by their path inside a zip.

    Parameters
    ----------
    entries
        Files by their path inside the zip; those that are no modules are passed over.
    python
        An interpreter of the version that will import them.
    folder
        Where to work, a folder that does not exist yet.

    Raises
    ------
    DeployError
        If a module is no Python.
    """
    for name in entries:
        if name.endswith(".py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(entries[name], folder / name)
    done = subprocess.run(
        [python, *_COMPILE, "-s", folder, "-p", CODE_FOLDER, folder],
        # It orders constants that are sets.
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"a module does not compile: {done.stdout.strip() or done.stderr.strip()}"
        raise DeployError(msg)
    return dict(_found(folder))


def _found(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.pyc")):
        yield path.relative_to(folder).as_posix(), path
