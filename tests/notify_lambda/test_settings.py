import pytest

from notify_lambda.settings import Settings, SettingsError, parse_settings

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


def test_an_empty_variable_counts_as_not_set() -> None:
    empty = dict.fromkeys(
        ("MINIMUM_SCORE", "DASHBOARD_URL", "IDEMPOTENCY_TABLE", "DEAD_LETTER_QUEUE_URL", "REPORT_BATCH_ITEM_FAILURES"),
        "",
    )

    assert parse_settings({"ALERT_TOPIC_ARN": TOPIC, **empty}) == Settings(topic_arn=TOPIC)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as problem:
        parse_settings({"MINIMUM_SCORE": "high", "REPORT_BATCH_ITEM_FAILURES": "maybe"})

    assert str(problem.value) == (
        "ALERT_TOPIC_ARN is '', expected the ARN of an SNS topic, arn:aws:sns:...; "
        "MINIMUM_SCORE is 'high', expected a number from 0 to 100; "
        "REPORT_BATCH_ITEM_FAILURES is 'maybe', expected true or false"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_TOPIC_ARN", "alerts"),
        ("ALERT_TOPIC_ARN", "arn:aws:sqs:eu-central-1:123456789012:alerts"),
        ("ALERT_TOPIC_ARN", TOPIC + "\n"),
        ("MINIMUM_SCORE", "-1"),
        ("MINIMUM_SCORE", "100.1"),
        ("MINIMUM_SCORE", "nan"),
        ("IDEMPOTENCY_TABLE", "a"),
        ("IDEMPOTENCY_TABLE", "table name"),
        ("DASHBOARD_URL", "dashboard.example.org"),
        ("DASHBOARD_URL", "javascript:alert(1)"),
        ("DASHBOARD_URL", "https://"),
        ("DASHBOARD_URL", "https://dashboard.example.org/#top"),
        ("DASHBOARD_URL", "https://dashboard.example.org/\nBcc: x"),
        ("DASHBOARD_URL", "https://dashboard.example.org:99999/"),
        ("DASHBOARD_URL", "https://[/"),
        ("DASHBOARD_URL", "https://" + "d" * 1000 + ".example.org"),
        ("DEAD_LETTER_QUEUE_URL", "arn:aws:sqs:eu-central-1:123456789012:letters"),
        ("REPORT_BATCH_ITEM_FAILURES", "1"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        parse_settings({"ALERT_TOPIC_ARN": TOPIC, name: value})


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as problem:
        parse_settings({"ALERT_TOPIC_ARN": TOPIC, "DASHBOARD_URL": "https://me:hunter2@dashboard.example.org/"})

    assert "user name or password" in str(problem.value)
    assert "hunter2" not in str(problem.value)
