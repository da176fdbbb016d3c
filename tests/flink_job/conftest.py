"""A broker for the tests of a module, topics for each test, and a cluster for those that ask for it."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pyflink
import pytest
from job_bench import Bench, standalone_cluster

from devstack.stack import running_stack
from devstack.topics import create_topics


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with running_stack() as stack:
        yield stack.bootstrap_servers


@pytest.fixture
def bench(servers: str, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    partitions = 4
    name = f"sales-{zlib.crc32(request.node.name.encode())}"
    create_topics(servers, {name: partitions})
    return Bench(servers, name, tmp_path, partitions)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, str]]:
    # With checkpoints, Flink restarts a job that fails.
    settings = ["execution.checkpointing.interval: 1 s"]
    with standalone_cluster(Path(pyflink.__file__).parent, tmp_path, settings=settings) as environ:
        yield environ
