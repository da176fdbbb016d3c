import re
from datetime import timedelta
from pathlib import Path

import pytest

from ingest_lambda.settings import KafkaAuth, Settings, parse_settings
from readers.environment import variables
from readers.errors import SettingsError

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
ENVIRONMENT = {
    "DATABASE_SECRET_ARN": ARN,
    "SOURCE_TABLE": "sales",
    "TIMESTAMP_COLUMN": "event_time",
    "SOURCE_COLUMNS": "product_name, quantity",
    "BOOTSTRAP_SERVERS": "b-1.shop.kafka.eu-central-1.amazonaws.com:9098,b-2.shop.example.com:9098",
    "INPUT_TOPIC": "sales",
    "PROGRESS_TOPIC": "sales-progress",
    "PATH": "/usr/bin",
}


def problem(**changes: str) -> str:
    with pytest.raises(SettingsError) as raised:
        parse_settings(ENVIRONMENT | changes)
    return str(raised.value)


def test_what_is_not_set_is_chosen_safely() -> None:
    settings = parse_settings(ENVIRONMENT)

    assert settings.kafka_auth == KafkaAuth("iam")
    assert settings.settle == timedelta(seconds=10)
    assert settings.max_catch_up == timedelta(minutes=60)
    assert settings.source_columns.marked is None


def test_the_timestamp_column_is_published_listed_or_not() -> None:
    assert parse_settings(ENVIRONMENT).columns == ("event_time", "product_name", "quantity")
    listed = parse_settings(ENVIRONMENT | {"SOURCE_COLUMNS": "quantity,event_time"})
    assert listed.columns == ("quantity", "event_time")


def test_a_star_marks_a_dimension() -> None:
    settings = parse_settings(ENVIRONMENT | {"SOURCE_COLUMNS": "store_id*, quantity,product_name *"})

    assert settings.columns == ("event_time", "store_id", "quantity", "product_name")
    assert settings.source_columns.marked == ("store_id", "product_name")


def test_the_transactional_id_belongs_to_the_progress_topic() -> None:
    assert parse_settings(ENVIRONMENT).transactional_id == "ingest.sales-progress"


@pytest.mark.parametrize("kind", ["none", "tls", "iam"])
def test_kinds_of_authentication(kind: str) -> None:
    assert parse_settings(ENVIRONMENT | {"KAFKA_AUTH": kind}).kafka_auth.kind == kind


def test_scram_names_the_secret_of_its_user() -> None:
    assert parse_settings(ENVIRONMENT | {"KAFKA_AUTH": f"scram:{ARN}"}).kafka_auth == KafkaAuth("scram", ARN)


def test_one_error_names_every_problem() -> None:
    text = problem(SOURCE_TABLE="", SETTLE_SECONDS="soon", MAX_CATCH_UP_MINUTES="0", INPUT_TOPIC="sales/eu")

    assert text == (
        "SOURCE_TABLE is not set, expected a table or view, as in SQL; "
        "INPUT_TOPIC is 'sales/eu', expected a topic's name: 1 to 249 letters, digits, dots, underscores and hyphens; "
        "SETTLE_SECONDS is 'soon', expected a whole number from 0 to 3,600; "
        "MAX_CATCH_UP_MINUTES is '0', expected a whole number from 1 to 1,440"
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SOURCE_COLUMNS": "quantity,,product_name"}, "SOURCE_COLUMNS is"),
        ({"SOURCE_COLUMNS": "quantity,quantity*"}, "SOURCE_COLUMNS is"),
        ({"BOOTSTRAP_SERVERS": "localhost"}, "BOOTSTRAP_SERVERS is 'localhost', expected host:port"),
        ({"PROGRESS_TOPIC": "sales"}, "PROGRESS_TOPIC is 'sales' like INPUT_TOPIC, expected a topic of its own"),
        ({"DATABASE_URL": "postgresql://localhost/shop"}, "both set, expected one of them"),
        ({"DATABASE_SECRET_ARN": "  "}, "DATABASE_SECRET_ARN is not set"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, str], named: str) -> None:
    assert named in problem(**changes)


def test_a_url_is_refused_in_a_lambda() -> None:
    text = problem(
        DATABASE_SECRET_ARN="", DATABASE_URL="postgresql://u:canary@db:5432/shop", AWS_LAMBDA_FUNCTION_NAME="ingest"
    )

    assert "DATABASE_URL is set in a Lambda, expected DATABASE_SECRET_ARN" in text
    assert "canary" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"DATABASE_SECRET_ARN": "canary"},
        {"DATABASE_SECRET_ARN": "", "DATABASE_URL": "mysql://u:canary@db/shop"},
        {"KAFKA_AUTH": "scram:ingest:canary"},
        {"BOOTSTRAP_SERVERS": "ingest:canary@broker:9096"},
    ],
)
def test_a_password_in_the_wrong_place_is_not_repeated(changes: dict[str, str]) -> None:
    assert "canary" not in problem(**changes)


def test_settings_that_are_shown_hide_the_url() -> None:
    environment = ENVIRONMENT | {"DATABASE_SECRET_ARN": "", "DATABASE_URL": "postgresql://u:canary@localhost/shop"}

    assert "canary" not in repr(parse_settings(environment))


def test_the_page_lists_every_variable_that_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text("utf-8")

    assert re.findall(r"^\| `([A-Z_]+)` \|", page, re.M) == [variable.name for variable in variables(Settings)]
