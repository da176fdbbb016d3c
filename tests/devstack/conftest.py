from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from folders import tmp_path

from devstack.stack import Stack, running_stack

__all__ = ["tmp_path"]

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("broker")) as stack:
        yield stack


@pytest.fixture
def eventually() -> Wait:
    def wait(condition: Callable[[], object]) -> None:
        deadline = monotonic() + 60
        while not condition():
            assert monotonic() < deadline, "did not happen within a minute"
            sleep(0.05)

    return wait


@pytest.fixture
def repository() -> Path:
    return Path(__file__).parents[2]
