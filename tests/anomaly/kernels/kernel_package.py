"""A package of two kernel files, for the tests of their compilation."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from anomaly.kernels import compile as compiling_module

SOURCE = Path(compiling_module.__file__)
LINE = "anomaly: compiling its kernels for this machine, once; about ten seconds\n"

INNER = """
from kernels.compile import component, inlined

FACTOR = 2.0

@component
def scaled(x):
    return FACTOR * x

@inlined
def shifted(x):
    return x + 1.0
"""
OUTER = """
from kernels.compile import entry
from kernels.inner import scaled, shifted

@entry
def run(numbers):
    total = 0.0
    for i in range(numbers.size):
        total += shifted(scaled(numbers[i]))
    return total
"""
SCRIPT = """
import numpy as np
from kernels.compile import cache_directory, prepare
from kernels.outer import run

prepare()
prepare()
print(run(np.arange(4.0)), cache_directory())
"""


@dataclass
class Package:
    """Two kernel files with the module under test, as they would be installed: run in processes of their own."""

    root: Path

    @property
    def kernels(self) -> Path:
        return self.root / "kernels"

    @property
    def environment(self) -> dict[str, str]:
        taken_over = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "XDG_"))}
        places = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "temporary")}
        return {**taken_over, **places, "PYTHONPATH": str(self.root), "NUMBA_DEBUG_CACHE": "1"}

    def start(self, script: str = SCRIPT, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str = SCRIPT, **environment: str) -> "Run":
        return finished(self.start(script, **environment))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.kernels / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@dataclass
class Run:
    value: float
    directory: Path
    compiled: int
    loaded: int
    stderr: str


def finished(process: subprocess.Popen[str]) -> Run:
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    value, directory = stdout.splitlines()[-1].split()
    return Run(float(value), Path(directory), stdout.count("data saved to"), stdout.count("data loaded from"), stderr)
