"""What the function is told, by the environment."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal, get_args

from readers.arns import SECRET, is_arn
from readers.environment import Kind, Variable, matching, read_environment, secret, text, topic, whole

AuthKind = Literal["none", "tls", "iam", "scram"]

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class KafkaAuth:
    """How to reach the brokers; `secret_arn` names the user's secret for `scram`, and is None otherwise."""

    kind: AuthKind
    secret_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns in order, and those of them that are marked as dimensions; None if none is."""

    names: tuple[str, ...]
    marked: tuple[str, ...] | None


def _columns(text: str) -> Columns:
    names = [name.strip() for name in text.split(",")]
    marked = tuple(name[:-1].rstrip() for name in names if name.endswith("*"))
    columns = tuple(name.removesuffix("*").rstrip() for name in names)
    if not all(columns) or len(set(columns)) < len(columns):
        raise ValueError
    return Columns(columns, marked or None)


def _servers(text: str) -> tuple[str, ...]:
    servers = tuple(server.strip() for server in text.split(","))
    if not all(_HOST_PORT.fullmatch(server) for server in servers):
        raise ValueError
    return servers


def _auth(text: str) -> KafkaAuth:
    kind, _, arn = text.partition(":")
    if kind == "scram" and is_arn(arn, "secretsmanager", SECRET):
        return KafkaAuth("scram", arn)
    for known in get_args(AuthKind):
        if text == known != "scram":
            return KafkaAuth(known)
    raise ValueError


def _is_database_url(text: str) -> bool:
    return text.startswith(("postgresql://", "postgres://"))


_DATABASE_URL = matching("postgresql://user:password@host:port/database", _is_database_url, hidden=True)
_COLUMNS = Kind("names of columns, comma-separated, each once, those of dimensions may end in *", _columns)
_SERVERS = Kind("host:port, comma-separated", _servers)
_AUTH = Kind("none, tls, iam, or scram:ARN with the ARN of the user's secret in Secrets Manager", _auth, hidden=True)
_SETTLE = whole(0, 3600, lambda seconds: timedelta(seconds=seconds))
_CATCH_UP = whole(1, 1440, lambda minutes: timedelta(minutes=minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One source: a table's rows, by time, to a topic."""

    database_secret_arn: Annotated[str | None, Variable("DATABASE_SECRET_ARN", secret())] = None
    database_url: Annotated[str | None, Variable("DATABASE_URL", _DATABASE_URL)] = field(default=None, repr=False)
    """Where the database and its credentials are found; exactly one is given."""
    table: Annotated[str, Variable("SOURCE_TABLE", text("a table or view, as in SQL"))]
    """As written in SQL: `sales`, `shop.sales`, `"Shop"."Sales"`."""
    timestamp_column: Annotated[str, Variable("TIMESTAMP_COLUMN", text("the name of a column"))]
    """By which rows are selected; always published."""
    source_columns: Annotated[Columns, Variable("SOURCE_COLUMNS", _COLUMNS)]
    """The columns to publish, and which of them make the key."""
    bootstrap_servers: Annotated[tuple[str, ...], Variable("BOOTSTRAP_SERVERS", _SERVERS)]
    """`host:port` each."""
    kafka_auth: Annotated[KafkaAuth, Variable("KAFKA_AUTH", _AUTH)] = KafkaAuth("iam")
    """How to reach them."""
    input_topic: Annotated[str, Variable("INPUT_TOPIC", topic())]
    """Where the rows go."""
    progress_topic: Annotated[str, Variable("PROGRESS_TOPIC", topic())]
    """Where the marker goes; has one partition and no other writer."""
    settle: Annotated[timedelta, Variable("SETTLE_SECONDS", _SETTLE)] = timedelta(seconds=10)
    """How long rows may take from their timestamp to their commit."""
    max_catch_up: Annotated[timedelta, Variable("MAX_CATCH_UP_MINUTES", _CATCH_UP)] = timedelta(minutes=60)
    """The longest span of time that one run reads."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to publish, in order, the timestamp column among them."""
        names = self.source_columns.names
        return names if self.timestamp_column in names else (self.timestamp_column, *names)

    @property
    def transactional_id(self) -> str:
        """The same for every run, and for any other function that is given this progress topic by mistake."""
        return f"ingest.{self.progress_topic}"


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; `readers.errors.SettingsError` with every problem."""
    return read_environment(Settings, environment, _together)


def _together(given: Mapping[str, str]) -> Iterator[str]:
    if "DATABASE_URL" in given:
        if "DATABASE_SECRET_ARN" in given:
            yield "DATABASE_URL and DATABASE_SECRET_ARN are both set, expected one of them"
        elif "AWS_LAMBDA_FUNCTION_NAME" in given:
            yield "DATABASE_URL is set in a Lambda, expected DATABASE_SECRET_ARN; a URL is for use on one machine"
    elif "DATABASE_SECRET_ARN" not in given:
        yield f"DATABASE_SECRET_ARN is not set, expected {secret().expected}"
    if "PROGRESS_TOPIC" in given and given["PROGRESS_TOPIC"] == given.get("INPUT_TOPIC"):
        yield f"PROGRESS_TOPIC is {given['PROGRESS_TOPIC']!r} like INPUT_TOPIC, expected a topic of its own"
