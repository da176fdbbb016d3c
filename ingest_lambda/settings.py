"""What the function is told: parsed once from the environment, all problems in one error."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeVar, get_args

from ingest_lambda.errors import SettingsError

__all__ = ["KafkaAuth", "Settings", "parse_settings"]

AuthKind = Literal["none", "tls", "iam", "scram"]

_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class KafkaAuth:
    """How to reach the brokers; `secret_arn` names the user's secret for `scram`, and is None otherwise."""

    kind: AuthKind
    secret_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One source: a table's rows, by time, to a topic.

    Parameters
    ----------
    database_secret_arn, database_url
        Where the database and its credentials are found; exactly one is given.
    table
        As written in SQL: `sales`, `shop.sales`, `"Shop"."Sales"`.
    timestamp_column
        By which rows are selected; always published.
    columns
        The columns to publish, in order, the timestamp column among them.
    dimensions
        Those that make the key; None to take the columns of text types.
    bootstrap_servers
        `host:port` each.
    kafka_auth
        How to reach them.
    input_topic
        Where the rows go.
    progress_topic
        Where the marker goes; has one partition and no other writer.
    settle
        How long rows may take from their timestamp to their commit.
    max_catch_up
        The longest span of time that one run reads.
    """

    database_secret_arn: str | None
    database_url: str | None = field(repr=False)
    table: str
    timestamp_column: str
    columns: tuple[str, ...]
    dimensions: tuple[str, ...] | None
    bootstrap_servers: tuple[str, ...]
    kafka_auth: KafkaAuth
    input_topic: str
    progress_topic: str
    settle: timedelta
    max_catch_up: timedelta

    @property
    def transactional_id(self) -> str:
        """The same for every run, and for any other function that is given this progress topic by mistake."""
        return f"ingest.{self.progress_topic}"


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Parameters
    ----------
    environment
        Variables; those that are unknown are left alone.

    Raises
    ------
    SettingsError
        Naming every variable that is missing or wrong, what was found and what was expected.
    """
    problems: list[str] = []
    given = {name: text.strip() for name, text in environment.items() if text.strip()}

    def take(name: str, parse: Callable[[str], _T], default: str | None = None) -> _T | None:
        text = given.get(name, default)
        if text is None:
            problems.append(f"{name} is not set")
            return None
        try:
            return parse(text)
        except ValueError as error:
            problems.append(f"{name} is {_shown(name, text)}, expected {error}")
            return None

    arn, url = _database(given, take, problems)
    table = take("SOURCE_TABLE", str)
    timestamp_column = take("TIMESTAMP_COLUMN", str)
    parsed_columns = take("SOURCE_COLUMNS", _columns)
    servers = take("BOOTSTRAP_SERVERS", _servers)
    auth = take("KAFKA_AUTH", _auth, "iam")
    input_topic = take("INPUT_TOPIC", _topic)
    progress_topic = take("PROGRESS_TOPIC", _topic)
    settle = take("SETTLE_SECONDS", _whole_number(0, 3600), "10")
    catch_up = take("MAX_CATCH_UP_MINUTES", _whole_number(1, 1440), "60")
    if input_topic is not None and input_topic == progress_topic:
        problems.append(f"PROGRESS_TOPIC is {progress_topic!r} like INPUT_TOPIC, expected a topic of its own")
    if (
        problems
        or table is None
        or timestamp_column is None
        or parsed_columns is None
        or servers is None
        or auth is None
        or input_topic is None
        or progress_topic is None
        or settle is None
        or catch_up is None
    ):
        raise SettingsError("; ".join(problems))
    columns, dimensions = parsed_columns
    return Settings(
        database_secret_arn=arn,
        database_url=url,
        table=table,
        timestamp_column=timestamp_column,
        columns=columns if timestamp_column in columns else (timestamp_column, *columns),
        dimensions=dimensions,
        bootstrap_servers=servers,
        kafka_auth=auth,
        input_topic=input_topic,
        progress_topic=progress_topic,
        settle=timedelta(seconds=settle),
        max_catch_up=timedelta(minutes=catch_up),
    )


def _shown(name: str, text: str) -> str:
    """Repeat a value, unless somebody may have put a password into it."""
    hidden = name in ("DATABASE_SECRET_ARN", "KAFKA_AUTH") or "@" in text
    return "something else (not shown)" if hidden else repr(text)


def _database(
    given: Mapping[str, str], take: Callable[[str, Callable[[str], str]], str | None], problems: list[str]
) -> tuple[str | None, str | None]:
    """Read where the database is; a URL, which may hold a password, is never repeated."""
    url = given.get("DATABASE_URL")
    if url is None:
        return take("DATABASE_SECRET_ARN", _secret_arn), None
    if "DATABASE_SECRET_ARN" in given:
        problems.append("DATABASE_URL and DATABASE_SECRET_ARN are both set, expected one of them")
    elif "AWS_LAMBDA_FUNCTION_NAME" in given:
        problems.append(
            "DATABASE_URL is set in a Lambda, expected DATABASE_SECRET_ARN; a URL is for use on one machine"
        )
    elif not url.startswith(("postgresql://", "postgres://")):
        problems.append(
            "DATABASE_URL is something else (not shown), expected postgresql://user:password@host:port/database"
        )
    return None, url


def _secret_arn(text: str) -> str:
    if not _SECRET_ARN.fullmatch(text):
        raise ValueError("arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME")
    return text


def _columns(text: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    names = [name.strip() for name in text.split(",")]
    marked = tuple(name[:-1].rstrip() for name in names if name.endswith("*"))
    columns = tuple(name.removesuffix("*").rstrip() for name in names)
    if not all(columns) or len(set(columns)) < len(columns):
        raise ValueError("names of columns, comma-separated, each once, those of dimensions may end in *")
    return columns, marked or None


def _servers(text: str) -> tuple[str, ...]:
    servers = tuple(server.strip() for server in text.split(","))
    if not all(_HOST_PORT.fullmatch(server) for server in servers):
        raise ValueError("host:port, comma-separated")
    return servers


def _auth(text: str) -> KafkaAuth:
    kind, _, arn = text.partition(":")
    if kind == "scram" and _SECRET_ARN.fullmatch(arn):
        return KafkaAuth("scram", arn)
    for known in get_args(AuthKind):
        if text == known != "scram":
            return KafkaAuth(known)
    raise ValueError("none, tls, iam, or scram:ARN with the ARN of the user's secret in Secrets Manager")


def _topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise ValueError("a topic's name: up to 249 letters, digits, dots, underscores and hyphens")
    return text


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least:,} to {most:,}")
        return int(text)

    return parse
