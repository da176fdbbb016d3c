"""Pythons beside the one that runs the tests: AWS's version, alone and with what Managed Flink has installed."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_FLINK = ROOT / ".venv-flink-runtime"


def python312() -> Path:
    of_pyenv = Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12")
    for candidate in filter(None, [sys.executable, shutil.which("python3.12"), *of_pyenv]):
        ask = [candidate, "-c", "import sys, venv; print(sys.base_prefix); sys.exit(sys.version_info[:2] != (3, 12))"]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Path(done.stdout.strip()) / "bin" / "python3.12"
    pytest.skip("needs Python 3.12, the version on AWS, as python3.12 on the path or from pyenv")


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
