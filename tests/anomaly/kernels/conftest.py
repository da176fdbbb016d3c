"""What the tests of single kernels share."""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="module")
def _compiled_code_does_not_warn() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield
