"""The Lambdas as they are deployed: size of each zip, and CPU time of a cold start's imports.

Each zip is unpacked into an empty directory, and its handler imported by a fresh Python 3.12 that sees this
directory and what Lambda's runtime has, boto3. Figures are medians.
"""

import argparse
import compileall
import importlib.util
import shutil
import statistics
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.package.build import build
from deploy.package.command import ROOT, WHEELS
from deploy.package.compiled import find_python
from deploy.package.contents import LAMBDAS, Package
from deploy.package.wheels import PYTHON

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's runtime can import besides the standard library."""
RUNS = 5

_IMPORT = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + sys.argv[2:]
import importlib, resource
before = resource.getrusage(resource.RUSAGE_SELF)
handler = getattr(importlib.import_module(sys.argv[1].rpartition(".")[0]), sys.argv[1].rpartition(".")[2])
after = resource.getrusage(resource.RUSAGE_SELF)
assert callable(handler)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, *sys.modules)
"""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """What importing a handler in a fresh process took."""

    cpu_seconds: float
    modules: frozenset[str]
    """The names of all that was loaded, without their submodules."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let the interpreter be named."""
    parser.add_argument("--python", type=Path, help=f"a Python {PYTHON} (default: looks for one)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options say."""
    return measure(options.python)


def measure(python: Path | None = None) -> dict[str, Any]:
    """Return, for each Lambda, the size of its zip, of its content, and the CPU time of its imports.

    Parameters
    ----------
    python
        A Python 3.12; None looks for one.
    """
    python = python or find_python()
    if python is None:
        msg = f"needs Python {PYTHON}, the version on AWS"
        raise SystemExit(msg)
    with tempfile.TemporaryDirectory() as folder:
        built = build(ROOT, LAMBDAS, Path(folder), WHEELS, python)
        runtime = lambda_runtime(python, Path(folder) / "runtime")
        return {
            package.name.removesuffix(".zip"): {
                "zip_mb": one.size / 1e6,
                "unpacked_mb": _unpacked_bytes(one.path) / 1e6,
                "import_cpu_ms": statistics.median(
                    cold_start(python, package, one.path, runtime).cpu_seconds * 1000 for _ in range(RUNS)
                ),
            }
            for package, one in zip(LAMBDAS, built, strict=True)
        }


def table(figures: dict[str, Any]) -> str:
    """Lay out what `measure` returned."""
    rows = [
        f"{name:<18}{f['zip_mb']:>9.1f}{f['unpacked_mb']:>13.1f}{f['import_cpu_ms']:>16.0f}"
        for name, f in figures.items()
    ]
    return "\n".join([f"{'lambda':<18}{'zip MB':>9}{'unpacked MB':>13}{'import CPU ms':>16}", *rows])


def lambda_runtime(python: Path, folder: Path) -> Path:
    """Make a directory of what Lambda's runtime can import, compiled as it is there."""
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            msg = f"{name} is not installed"
            raise RuntimeError(msg)
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            ignored = shutil.ignore_patterns("__pycache__", "data")
            shutil.copytree(origin.parent, folder / name, ignore=ignored)
            # Descriptions of all services have 120 MB; no import reads them.
        else:
            shutil.copy(origin, folder)
    subprocess.run([python, "-m", compileall.__name__, "-q", folder], check=True)
    return folder


def cold_start(python: Path, package: Package, zipped: Path, runtime: Path) -> ColdStart:
    """Import a package's handler in a fresh process.

    Raises
    ------
    subprocess.CalledProcessError
        If the handler cannot be imported from what is in the zip.
    """
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder)
        done = subprocess.run(
            # -I: without the surroundings; -B: a function's directory is read-only.
            [python, "-I", "-B", "-c", _IMPORT, str(package.handler), folder, runtime],
            cwd=folder,
            env={"AWS_DEFAULT_REGION": "eu-central-1"},
            capture_output=True,
            text=True,
            check=True,
        )
    seconds, *modules = done.stdout.split()
    return ColdStart(float(seconds), frozenset(name.partition(".")[0] for name in modules))


def _unpacked_bytes(zipped: Path) -> int:
    with zipfile.ZipFile(zipped) as archive:
        return sum(member.file_size for member in archive.infolist())
