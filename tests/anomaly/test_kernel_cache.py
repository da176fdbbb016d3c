import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from anomaly import _jit

SCRIPT = """
import sys
from numba.core import caching

# What numba finds where neither the package's directory nor the user's cache directory can be written to.
def refused(_locator):
    raise OSError("read-only")

caching.InTreeCacheLocator.ensure_cache_path = refused
caching.UserWideCacheLocator.ensure_cache_path = refused

from anomaly._jit import kernel

@kernel
def doubled(x):
    return 2 * x

print(doubled(21), doubled.stats.cache_path, sum(doubled.stats.cache_hits.values()))
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def run(temporary: Path) -> list[str]:
    script = temporary / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(_jit.__file__).parents[1])}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()


def test_kernels_are_kept_in_a_private_temporary_directory_where_numba_has_no_place_for_them(temporary: Path) -> None:
    directory = temporary / f"anomaly-kernels-{os.getuid()}"

    value, path, hits = run(temporary)
    assert (value, hits) == ("42", "0")
    assert Path(path).is_relative_to(directory)
    assert directory.stat().st_mode & 0o777 == 0o700

    assert run(temporary)[2] == "1"


def test_a_directory_that_others_can_write_to_is_not_taken(temporary: Path) -> None:
    directory = temporary / f"anomaly-kernels-{os.getuid()}"
    directory.mkdir()
    directory.chmod(0o777)

    assert _jit._private_directory() is None
    assert run(temporary)[:2] == ["42", "None"]


def test_a_link_is_not_taken(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir(mode=0o700)
    (temporary / f"anomaly-kernels-{os.getuid()}").symlink_to(temporary / "elsewhere")

    assert _jit._private_directory() is None


def test_without_a_temporary_directory_to_write_to_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")

    assert _jit._private_directory() is None
