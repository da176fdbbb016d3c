from collections.abc import Iterator

import pytest
from folders import tmp_path as tmp_path

from devstack.stack import Stack, running_stack


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("broker")) as stack:
        yield stack
