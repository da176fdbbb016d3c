"""What has to exist before sales can flow: the table and its reader, topics, and AWS's resources (in moto).

Everything is made only if it is missing, so it may be done at every start.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import boto3
import psycopg
from botocore.exceptions import ClientError
from psycopg import sql

from bookstore.shop import CREATE_TABLE
from devstack.stack import Stack
from devstack.topics import create_topics, list_topics

_READER = "ingest"
_NAME = "anybooks"
_TOPICS = {"sales": 4, "sales-progress": 1, "results": 1, "dead-letters": 1, "late": 1}


@dataclass(frozen=True, slots=True)
class Resources:
    """What was made, as the functions' settings name it."""

    database_secret_arn: str
    """Secret with the address of the database and a role that may only read."""
    alert_topic_arn: str
    """SNS topic of the alerts."""
    inbox_url: str
    """SQS queue that receives what the topic sends: the inbox of the person on duty."""
    dead_letter_url: str
    """SQS queue of what no function could handle."""
    idempotency_table: str
    """DynamoDB table that remembers which alerts were sent."""


def aws_session(environment: Mapping[str, str]) -> boto3.Session:
    """Open a session with the credentials and the region of an environment."""
    return boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


def provision(stack: Stack) -> Resources:
    """Make what is missing in PostgreSQL, Kafka and AWS.

    Parameters
    ----------
    stack
        All servers, running.
    """
    missing = _TOPICS.keys() - list_topics(stack.bootstrap_servers)
    if missing:
        create_topics(stack.bootstrap_servers, {name: _TOPICS[name] for name in sorted(missing)})
    secret = _prepare_database(stack.database_url)
    session, endpoint = aws_session(stack.aws_environment), stack.aws_environment["AWS_ENDPOINT_URL"]
    manager = session.client("secretsmanager", endpoint_url=endpoint)
    with suppress(manager.exceptions.ResourceExistsException):
        manager.create_secret(Name=f"{_NAME}/database")
    secret_arn = manager.put_secret_value(SecretId=f"{_NAME}/database", SecretString=json.dumps(secret))["ARN"]

    queues = session.client("sqs", endpoint_url=endpoint)
    inbox = queues.create_queue(QueueName=f"{_NAME}-inbox")["QueueUrl"]
    dead = queues.create_queue(QueueName=f"{_NAME}-dead-letters")["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]
    topics = session.client("sns", endpoint_url=endpoint)
    topic = topics.create_topic(Name=f"{_NAME}-alerts")["TopicArn"]
    if not topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])

    tables = session.client("dynamodb", endpoint_url=endpoint)
    try:
        tables.create_table(
            TableName=f"{_NAME}-sent",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    return Resources(secret_arn, topic, inbox, dead, f"{_NAME}-sent")


def _prepare_database(url: str) -> dict[str, str]:
    """Make the table, and a role that may read it and nothing else; return the role's secret as RDS writes them."""
    password = secrets.token_urlsafe(24)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CREATE_TABLE)
        role, word = sql.Identifier(_READER), sql.Literal(password)
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (_READER,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, word))
        connection.execute(sql.SQL("GRANT SELECT ON sales TO {}").format(role))
        info = connection.info
        return {
            "engine": "postgres",
            "host": info.host,
            "port": str(info.port),
            "dbname": info.dbname,
            "username": _READER,
            "password": password,
            "sslmode": "disable",  # the server listens on this machine only
        }
