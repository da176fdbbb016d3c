import json
from pathlib import Path

import pytest

from bookstore.pipeline.configuration import GROUPS, Places, Sales, job_properties, read_places, write_places
from bookstore.pipeline.provision import Resources
from flink_job.properties import Aggregation, parse_properties
from ingest_lambda.settings import parse_settings as ingest_settings
from notify_lambda.settings import parse_settings as notify_settings

RESOURCES = Resources(
    database_secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:anybooks/database-AbCdEf",  # noqa: S106 - a name
    alert_topic_arn="arn:aws:sns:us-east-1:123456789012:anybooks-alerts",
    inbox_url="http://127.0.0.1:5000/123456789012/anybooks-inbox",
    dead_letter_url="http://127.0.0.1:5000/123456789012/anybooks-dead-letters",
    idempotency_table="anybooks-sent",
)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(
        directory=str(tmp_path),
        bootstrap_servers="127.0.0.1:9092",
        database_url="postgresql://owner:word@127.0.0.1:5432/postgres",
        aws={"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_DEFAULT_REGION": "us-east-1"},
        resources=RESOURCES,
        sales=Sales("2024-08-29T00:00:00+00:00", "2024-09-12T00:00:00+00:00", 1, None),
        dashboard_url="http://127.0.0.1:8000/",
    )


def test_the_job_accepts_its_properties(tmp_path: Path) -> None:
    settings = parse_properties(json.dumps(job_properties("127.0.0.1:9092", tmp_path)))

    assert settings.detector.aggregation is Aggregation.SUM
    assert settings.detector.period_ms == 60_000
    assert {settings.topics.input, settings.topics.output} == {"sales", "results"}


def test_the_status_looks_at_the_job_s_own_consumer_group(tmp_path: Path) -> None:
    settings = parse_properties(json.dumps(job_properties("127.0.0.1:9092", tmp_path)))

    assert GROUPS["job"] == (settings.job.group_id, settings.topics.input)


def test_ingest_accepts_its_settings_and_gets_its_password_from_the_secret_only(places: Places) -> None:
    environment = places.ingest_environment()

    assert ingest_settings(environment).input_topic == "sales"
    assert places.database_url not in environment.values()


def test_notify_accepts_its_settings_and_reports_single_failures(places: Places) -> None:
    settings = notify_settings(places.notify_environment())

    assert settings.report_item_failures
    assert settings.dashboard_url == places.dashboard_url


def test_places_are_read_as_they_were_written_and_by_their_owner_only(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "places.json"
    write_places(places, file)

    assert read_places(file) == places
    assert file.stat().st_mode & 0o077 == 0
