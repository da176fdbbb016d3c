"""Lets the tests of this folder import the modules that they share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from aws_doubles import Aws
from stacks_under_test import SPEC

from deploy.blueprint import Blueprint, make_blueprint
from deploy.uploads import CODE_PARAMETERS


@pytest.fixture
def aws() -> Iterator[Aws]:
    doubles = Aws()
    with doubles.active():
        yield doubles


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in CODE_PARAMETERS.values():
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def blueprint(packages: Path) -> Blueprint:
    return make_blueprint(SPEC, packages)
