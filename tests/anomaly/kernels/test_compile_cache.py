import os
import time
from pathlib import Path

import pytest
from kernel_package import SCRIPT, Package

from anomaly.kernels import compile as compiling_module


def test_a_directory_that_the_user_names_comes_first(package: Package, tmp_path: Path) -> None:
    named = tmp_path / "named"

    assert package.run(NUMBA_CACHE_DIR=str(named)).directory.is_relative_to(named)


def test_a_copy_of_the_package_loads_what_another_copy_has_compiled(package: Package, tmp_path: Path) -> None:
    named = str(tmp_path / "named")
    package.run(NUMBA_CACHE_DIR=named)
    copy = Package(tmp_path / "copy")
    copy.root.mkdir()
    package.kernels.rename(copy.kernels)

    assert copy.run(NUMBA_CACHE_DIR=named).loaded == 1


def refused(*places: str) -> str:
    """Let these places be refused as a read-only file system refuses them (to root, too)."""
    return f"""
import pathlib, tempfile
make, temporary = pathlib.Path.mkdir, tempfile.TemporaryFile
def refuse(path):
    if any(str(path).startswith(place) for place in {places!r}):
        raise OSError(30, "Read-only file system", str(path))
def mkdir(path, *arguments, **named):
    refuse(path)
    make(path, *arguments, **named)
def file(*arguments, dir=None, **named):
    refuse(dir)
    return temporary(*arguments, dir=dir, **named)
pathlib.Path.mkdir, tempfile.TemporaryFile = mkdir, file
{SCRIPT}"""


def test_where_the_package_is_read_only_the_users_cache_is_taken(package: Package) -> None:
    script = refused(str(package.kernels))

    assert package.run(script).directory.is_relative_to(package.root / "home")
    assert package.run(script).loaded == 1


def test_machine_code_in_a_read_only_package_is_used(package: Package) -> None:
    cold = package.run()
    warm = package.run(refused(str(package.kernels)))

    assert (warm.directory, warm.loaded, warm.stderr) == (cold.directory, 1, "")


def test_without_a_writable_home_a_private_temporary_directory_is_taken(package: Package) -> None:
    directory = package.root / "temporary" / f"anomaly-kernels-{os.getuid()}"
    script = refused(str(package.kernels), str(package.root / "home"))

    assert package.run(script).directory.parent == directory
    assert directory.stat().st_mode & 0o777 == 0o700
    assert package.run(script).loaded == 1


def test_a_temporary_directory_that_others_can_write_to_is_not_taken(package: Package) -> None:
    directory = package.root / "temporary" / f"anomaly-kernels-{os.getuid()}"
    directory.mkdir()
    directory.chmod(0o777)
    run = package.run(
        refused(str(package.kernels), str(package.root / "home")).replace("cache_directory())", "'None')")
    )

    assert (run.value, run.compiled) == (16.0, 0)
    assert "set NUMBA_CACHE_DIR" in run.stderr
    assert not list(directory.iterdir())


def test_a_link_among_the_temporary_directories_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"anomaly-kernels-{os.getuid()}").symlink_to(tmp_path / "elsewhere")

    assert compiling_module._private_directory() is None


def test_without_a_temporary_directory_to_write_to_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")

    assert compiling_module._private_directory() is None


def test_of_old_directories_the_last_used_are_kept(package: Package) -> None:
    places = package.kernels / "__pycache__" / "anomaly-kernels"
    now, day = time.time(), 86_400
    for number in range(8):
        place = places / f"{number:016x}"
        place.mkdir(parents=True)
        (place / "outer.run.nbc").write_bytes(b"")
        os.utime(place, (now - number * day / 2, now - number * day / 2))
    (places / "something else").mkdir()
    used = package.run().directory

    assert {path.name for path in places.iterdir()} - {"something else", used.name} == {f"{n:016x}" for n in range(4)}
    assert (places / "something else").exists()


def test_directories_that_may_be_in_use_are_kept(package: Package) -> None:
    places = package.kernels / "__pycache__" / "anomaly-kernels"
    for number in range(8):
        (places / f"{number:016x}").mkdir(parents=True)
    package.run()

    assert len(list(places.iterdir())) == 9
