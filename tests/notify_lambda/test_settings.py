import pytest

from notify_lambda.settings import Settings, parse_settings
from readers.errors import SettingsError

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alerts"


def test_a_topic_is_enough() -> None:
    assert parse_settings({"ALERT_TOPIC_ARN": TOPIC}) == Settings(topic_arn=TOPIC)


def test_everything_may_be_set() -> None:
    assert parse_settings(
        {
            "ALERT_TOPIC_ARN": TOPIC + ".fifo",
            "MINIMUM_SCORE": "82.5",
            "DASHBOARD_URL": "https://dashboard.example.org/anomalies?site=north",
            "IDEMPOTENCY_TABLE": "alerts-sent",
            "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/letters",
            "REPORT_BATCH_ITEM_FAILURES": "True",
            "PATH": "/usr/bin",
        }
    ) == Settings(
        topic_arn=TOPIC + ".fifo",
        minimum_score=82.5,
        dashboard_url="https://dashboard.example.org/anomalies?site=north",
        idempotency_table="alerts-sent",
        dead_letter_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/letters",
        report_item_failures=True,
    )


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as problem:
        parse_settings(
            {"MINIMUM_SCORE": "101", "DEAD_LETTER_QUEUE_URL": "arn:aws:sqs:eu-central-1:123456789012:letters"}
        )

    assert str(problem.value) == (
        "ALERT_TOPIC_ARN is not set, expected the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME; "
        "MINIMUM_SCORE is '101', expected a number from 0 to 100; "
        "DEAD_LETTER_QUEUE_URL is not an http or https URL, expected the URL of an SQS queue, https://sqs..."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_TOPIC_ARN", "alerts"),
        ("ALERT_TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:alerts"),
        ("IDEMPOTENCY_TABLE", "a"),
        ("IDEMPOTENCY_TABLE", "table name"),
        ("DASHBOARD_URL", "https://me:hunter2@dashboard.example.org/"),
        ("REPORT_BATCH_ITEM_FAILURES", "1"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} ") as problem:
        parse_settings({"ALERT_TOPIC_ARN": TOPIC, name: value})
    assert "hunter2" not in str(problem.value)
