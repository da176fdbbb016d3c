"""Near misses, topics and ARNs."""

from pathlib import Path

import pytest
from imports import loaded_by

import readers
from readers.arns import DYNAMODB_TABLE, SECRET, SNS_TOPIC, is_arn, region_of
from readers.near_misses import did_you_mean, near_miss
from readers.topics import topic


def test_the_nearest_name_is_asked_for() -> None:
    assert near_miss("sale", ["books", "sales", "sails"]) == "sales"
    assert did_you_mean("sale", ("books", "sales")) == " (did you mean 'sales'?)"


def test_nothing_is_asked_where_nothing_is_near() -> None:
    assert near_miss("sale", []) is None
    assert near_miss("sale", ["inventory"]) is None
    assert near_miss("sale", ["sails"], likeness=0.9) is None
    assert did_you_mean("sale", ["inventory"]) == ""


@pytest.mark.parametrize("name", ["a", "sales.eu-1_B", "x" * 249])
def test_a_topics_name_is_taken(name: str) -> None:
    assert topic(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "é", "x" * 250, "a\n"])
def test_what_brokers_refuse_is_no_topic(name: str) -> None:
    with pytest.raises(ValueError, match="expected a topic's name: 1 to 249 letters"):
        topic(name)


@pytest.mark.parametrize(
    ("arn", "service", "resource"),
    [
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf", "secretsmanager", SECRET),
        ("arn:aws-cn:sns:cn-north-1:123456789012:alerts", "sns", SNS_TOPIC),
        ("arn:aws:sns:eu-central-1:123456789012:alerts.fifo", "sns", SNS_TOPIC),
        ("arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/sent", "dynamodb", DYNAMODB_TABLE),
    ],
)
def test_an_arn_names_a_service_and_its_resource(arn: str, service: str, resource: str) -> None:
    assert is_arn(arn, service, resource)
    assert not is_arn(arn, "sqs", resource)
    assert not is_arn(arn + "\n", service, resource)
    assert not is_arn(arn.replace("123456789012", "1234"), service, resource)
    assert region_of(arn) in arn
    assert region_of(arn).count("-") >= 2


def test_loading_every_reader_is_cheap() -> None:
    # For cold starts: what finds near misses is loaded when a name is missed.
    folder = Path(readers.__file__).parent
    loaded = loaded_by(*(f"readers.{path.stem}" for path in folder.glob("[a-z]*.py")))

    assert "readers.kafka_event" in loaded
    assert not {"difflib", "asyncio", "urllib.request", "email", "logging", "ssl"} & loaded
