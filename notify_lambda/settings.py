"""What the function is told, by the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from readers.arns import DYNAMODB_TABLE, SNS_TOPIC, is_arn
from readers.environment import Variable, matching, number, read_environment, switch, url


def _is_sns_topic(text: str) -> bool:
    return is_arn(text, "sns", SNS_TOPIC)


def _is_table(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", text) is not None or is_arn(text, "dynamodb", DYNAMODB_TABLE)


_TOPIC = matching("the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME", _is_sns_topic)
_DASHBOARD = url("an address such as https://dashboard.example.org/")
_TABLE = matching("the name or ARN of a DynamoDB table", _is_table)
_QUEUE = url("the URL of an SQS queue, https://sqs...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where alerts go, and which.

    Parameters
    ----------
    topic_arn
        The SNS topic; a FIFO topic's name ends in `.fifo`.
    minimum_score
        Alerts below it are not sent.
    dashboard_url
        Where people look, or None.
    idempotency_table
        The DynamoDB table that remembers what was sent; None to remember in the function's memory.
    dead_letter_queue_url
        The SQS queue for records that can never be sent; None to log them only.
    report_item_failures
        Whether the trigger reads the list of failed records. If not, a failure is raised.
    """

    topic_arn: Annotated[str, Variable("ALERT_TOPIC_ARN", _TOPIC)]
    minimum_score: Annotated[float, Variable("MINIMUM_SCORE", number(0, 100))] = 0.0
    dashboard_url: Annotated[str | None, Variable("DASHBOARD_URL", _DASHBOARD)] = None
    idempotency_table: Annotated[str | None, Variable("IDEMPOTENCY_TABLE", _TABLE)] = None
    dead_letter_queue_url: Annotated[str | None, Variable("DEAD_LETTER_QUEUE_URL", _QUEUE)] = None
    report_item_failures: Annotated[bool, Variable("REPORT_BATCH_ITEM_FAILURES", switch())] = False


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; `readers.errors.SettingsError` with every problem."""
    return read_environment(Settings, environment)
