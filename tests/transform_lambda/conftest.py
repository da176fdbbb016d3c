import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from contracts.results import Result, decode
from devstack.stack import running_stack

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"

_numbers = itertools.count()


@pytest.fixture(scope="session")
def published_value() -> bytes:
    return (GOLDEN / "published_prefix.json").read_bytes().rstrip(b"\n") + b"}"


@pytest.fixture(scope="session")
def result() -> Result:
    return decode((GOLDEN / "result.json").read_bytes())


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with running_stack(tmp_path_factory.mktemp("aws"), only=("aws",)) as stack:
        yield stack.aws_environment


@pytest.fixture
def bucket(aws: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a new bucket; the environment leads boto3 to it."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    name = f"results-{next(_numbers)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
