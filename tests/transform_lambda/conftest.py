import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from s3 import aws as aws
from s3 import bucket as bucket

from contracts.results import Result, decode

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"


@pytest.fixture(scope="session")
def published_value() -> bytes:
    return (GOLDEN / "published_prefix.json").read_bytes().rstrip(b"\n") + b"}"


@pytest.fixture(scope="session")
def result() -> Result:
    return decode((GOLDEN / "result.json").read_bytes())
