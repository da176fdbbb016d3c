import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.stack import Stack, running_stack

sys.path.insert(0, str(Path(__file__).parent))

from ingest_world import World


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # Not in pytest's own folder, which the next pytest on the machine locks against PostgreSQL's user.
    with running_stack(only=("kafka", "postgres", "aws")) as stack:
        yield stack


@pytest.fixture
def make_world(stack: Stack) -> Iterator[Callable[..., World]]:
    made = []

    def make(columns: str | None = None) -> World:
        made.append(World(stack, columns))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
