import itertools
import json
from collections.abc import Callable
from urllib.parse import urlsplit

import boto3
import pytest
from ingest_world import MINUTE, START, World

from devstack.stack import Stack
from ingest_lambda.errors import RefusedError, SourceError, UnavailableError
from ingest_lambda.secrets import read_secret

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

_numbers = itertools.count()

Put = Callable[[str | dict[str, object]], str]


@pytest.fixture
def put(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Store the test's secret, again and again; give its ARN."""
    for name, value in stack.aws_environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("secretsmanager")
    arns: list[str] = []

    def store(secret: str | dict[str, object]) -> str:
        text = secret if isinstance(secret, str) else json.dumps(secret)
        if arns:
            client.put_secret_value(SecretId=arns[0], SecretString=text)
        else:
            arns.append(client.create_secret(Name=f"secret-{next(_numbers)}", SecretString=text)["ARN"])
        return arns[0]

    return store


def database_secret(world: World, **changes: object) -> dict[str, object]:
    """The secret as Amazon RDS writes it."""
    url = urlsplit(world.stack.database_url)
    return {
        "engine": "postgres",
        "host": url.hostname,
        "port": url.port,
        "dbname": url.path.strip("/"),
        "username": url.username,
        "password": url.password,
        "sslmode": "disable",
        **changes,
    }


def test_numbers_in_a_secret_are_text(put: Put) -> None:
    assert read_secret(put({"host": "db", "port": 5432})) == {"host": "db", "port": "5432"}


@pytest.mark.parametrize("secret", ["canary", '["canary"]', '{"password": ["canary"]}', '{"password": "canary"'])
def test_a_secret_of_another_shape_is_refused_without_showing_it(put: Put, secret: str) -> None:
    with pytest.raises(SourceError, match="is not a JSON object of text and numbers") as raised:
        read_secret(put(secret))

    error: BaseException | None = raised.value
    while error is not None:
        assert "canary" not in f"{error!r}{vars(error)}"
        error = error.__cause__ or error.__context__


def test_a_secret_that_does_not_exist_is_named(put: Put) -> None:
    arn = put("{}")[:-8] + "nobody"

    with pytest.raises(SourceError, match=rf"refused the secret {arn}: ResourceNotFoundException"):
        read_secret(arn)


def test_secrets_manager_that_does_not_answer_is_worth_another_try(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = put("{}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(UnavailableError, match="EndpointConnectionError"):
        read_secret(arn)


def test_a_run_finds_its_database_by_the_secret(put: Put, world: World) -> None:
    world.sell((START, "item-A", 1))
    function = world.function(DATABASE_URL="", DATABASE_SECRET_ARN=put(database_secret(world)))

    assert world.run(START + MINUTE, function)["rows"] == 1


def test_without_another_word_in_the_secret_the_connection_must_be_encrypted(put: Put, world: World) -> None:
    secret = database_secret(world)
    del secret["sslmode"]
    function = world.function(DATABASE_URL="", DATABASE_SECRET_ARN=put(secret))

    with pytest.raises(UnavailableError, match="server does not support SSL, but SSL was required"):
        world.run(START + MINUTE, function, seconds=2)


def test_a_secret_that_lacks_something_is_told(put: Put, world: World) -> None:
    arn = put({"username": "ingest", "password": "canary"})

    with pytest.raises(SourceError, match=f"the secret {arn} has no host and no dbname"):
        world.run(START + MINUTE, world.function(DATABASE_URL="", DATABASE_SECRET_ARN=arn))


def test_a_password_that_was_rotated_is_read_anew(put: Put, world: World) -> None:
    role, first, second = f"rotated_{world.name}", "canary-1", "canary-2"
    world.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'canary-1'")
    try:
        arn = put(database_secret(world, username=role, password=first))
        function = world.function(DATABASE_URL="", DATABASE_SECRET_ARN=arn)
        world.run(START + MINUTE, function)
        world.execute(f"ALTER ROLE {role} PASSWORD 'canary-2'")
        world.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
        with pytest.raises(RefusedError) as raised:
            world.run(START + 2 * MINUTE, function)
        assert "canary" not in str(raised.value)

        put(database_secret(world, username=role, password=second))
        assert world.run(START + 2 * MINUTE, function)["outcome"] == "caught up"
    finally:
        world.close_functions()
        world.execute(f"DROP ROLE {role}")
