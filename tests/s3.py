"""A moto server for the tests that need S3, and a new bucket for each."""

import itertools
from collections.abc import Iterator, Mapping

import boto3
import pytest

from devstack.stack import running_stack

_numbers = itertools.count()


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
