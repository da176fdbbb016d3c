"""What the tests of single kernels share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kernel_package import INNER, OUTER, SOURCE, Package


@pytest.fixture(autouse=True, scope="module")
def _compiled_code_does_not_warn() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def package(tmp_path: Path) -> Package:
    package = Package(tmp_path)
    for directory in (package.kernels, tmp_path / "home", tmp_path / "temporary"):
        directory.mkdir()
    (package.kernels / "__init__.py").write_text("")
    (package.kernels / "compile.py").write_text(SOURCE.read_text())
    (package.kernels / "inner.py").write_text(INNER)
    (package.kernels / "outer.py").write_text(OUTER)
    return package
