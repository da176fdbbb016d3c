"""Pythons beside the one that runs the tests: AWS's version, alone and with what Managed Flink has installed."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from deploy.package.compiled import find_python

ROOT = Path(__file__).parents[1]
WITH_FLINK = ROOT / ".venv-flink-runtime"


def python312() -> Path:
    found = find_python()
    if found is None:
        pytest.skip("needs Python 3.12, the version on AWS, as python3.12 on the path or from pyenv")
    return found


def python312_with_flink() -> Path:
    """Install PyFlink and nothing else beside a Python 3.12, once: a minute, 1 GB."""
    lock = ROOT / "requirements" / "flink-runtime.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    complete = WITH_FLINK / ".complete"
    if not complete.is_file() or complete.read_text() != digest:
        subprocess.run([python312(), "-m", "venv", "--clear", WITH_FLINK], check=True)
        pip = [WITH_FLINK / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        build = ROOT / "requirements" / "build.lock"
        subprocess.run([*pip, "--require-hashes", "-r", build], check=True)
        subprocess.run([*pip, "--require-hashes", "--no-build-isolation", "-r", lock], check=True)
        complete.write_text(digest)
    return WITH_FLINK / "bin" / "python"
