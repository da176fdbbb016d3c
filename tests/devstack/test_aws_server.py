from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from devstack.aws_server import AwsServer
from devstack.ports import HOST
from devstack.stack import Stack, running_stack

Ports = list[dict[str, int]]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("aws"), only=("aws",)) as running:
        yield running


@pytest.fixture
def session(aws: Stack, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session as any Lambda makes it: from the environment alone."""
    for name, value in aws.aws_environment.items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def test_what_is_put_into_s3_is_there_for_the_next_client(session: boto3.Session) -> None:
    session.client("s3").create_bucket(Bucket="books")
    session.client("s3").put_object(Bucket="books", Key="dt=2024-08-29/dune", Body=b"spice")
    found = session.client("s3").get_object(Bucket="books", Key="dt=2024-08-29/dune")
    assert found["Body"].read() == b"spice"


def test_what_is_published_to_a_topic_arrives_in_its_queue(session: boto3.Session) -> None:
    sns, sqs = session.client("sns"), session.client("sqs")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")
    sns.publish(TopicArn=topic, Subject="AnyBooks", Message="a spike")
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)["Messages"]
    assert [message["Body"].count("a spike") for message in messages] == [1]


def test_a_secret_is_read_by_its_arn(session: boto3.Session) -> None:
    secrets = session.client("secretsmanager")
    arn = secrets.create_secret(Name="database", SecretString="hush")["ARN"]
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "hush"


def test_a_port_taken_between_its_choice_and_its_use_is_replaced(tmp_path: Path, unlucky_ports: Ports) -> None:
    with running_stack(tmp_path, only=("aws",)) as running:
        assert running.endpoints["aws"]["endpoint.url"] == f"http://{HOST}:{unlucky_ports[1]['server']}"
    assert len(unlucky_ports) == 2


def test_a_port_that_nobody_listens_on_is_not_ready() -> None:
    assert not AwsServer().ready({"server": 1})
