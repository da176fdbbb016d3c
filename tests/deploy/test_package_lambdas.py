"""The Lambda zips, each unpacked into an empty folder and imported by AWS's Python with nothing else but boto3."""

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from other_pythons import python312

from benchmarks.lambdas import cold_start, lambda_runtime
from deploy.package.build import Built, build
from deploy.package.command import ROOT, WHEELS
from deploy.package.contents import LAMBDAS, Package

SLOW = {"parquet-lambda.zip"}
"""Arrow takes a while to compress."""
BY_NAME = pytest.mark.parametrize(
    "package",
    [
        pytest.param(package, id=package.name, marks=[pytest.mark.slow] if package.name in SLOW else [])
        for package in LAMBDAS
    ],
)

Zips = Callable[[Package], Built]


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Zips:
    folder = tmp_path_factory.mktemp("dist")
    return functools.cache(lambda package: build(ROOT, [package], folder, WHEELS, python312())[0])


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lambda_runtime(python312(), tmp_path_factory.mktemp("runtime"))


@BY_NAME
def test_a_handler_is_imported_from_its_zip_alone_and_loads_nothing_heavy(
    zips: Zips, runtime: Path, package: Package
) -> None:
    heavy = {"anomaly", "numba", "numpy", "pandas", "pydantic", "pyflink"}
    if package.name not in SLOW:
        heavy |= {"pyarrow"}

    assert not heavy & cold_start(python312(), package, zips(package).path, runtime).modules


@BY_NAME
def test_a_zip_is_small(zips: Zips, package: Package) -> None:
    with_arrow = package.name == "parquet-lambda.zip"

    assert zips(package).size <= (50_000_000 if with_arrow else 15_000_000)


def test_a_handler_whose_zip_lacks_something_is_found_out(zips: Zips, runtime: Path) -> None:
    ingest, transform, *_ = LAMBDAS

    with pytest.raises(subprocess.CalledProcessError):
        cold_start(python312(), ingest, zips(transform).path, runtime)
