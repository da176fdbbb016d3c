"""Temporary folders that servers of other accounts may use.

As root, PostgreSQL runs as another account, and pytest shuts its own folder to others whenever it starts: a second run
of pytest would take the folder from a server of the first.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="devstack-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
