"""What the function is told: parsed once from the environment, all problems in one error."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Settings", "SettingsError", "parse_settings"]

_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,251}(\.fifo)?")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}|arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]{3,255}")
_URL = re.compile(r"[!-~]{1,1000}")
_SWITCH = {"true": True, "false": False}


class SettingsError(ValueError):
    """Settings that cannot be used; the text names each variable, what was found and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where alerts go, and which.

    Parameters
    ----------
    topic_arn
        The SNS topic; a FIFO topic's name ends in ``.fifo``.
    minimum_score
        Alerts below it are not sent; 0 to 100.
    dashboard_url
        Where people look, or None.
    idempotency_table
        The DynamoDB table that remembers what was sent; None to remember in the function's memory.
    dead_letter_queue_url
        The SQS queue for records that can never be sent; None to log them only.
    report_item_failures
        Whether the trigger reads the list of failed records. If not, a failure is raised.
    """

    topic_arn: str
    minimum_score: float = 0.0
    dashboard_url: str | None = None
    idempotency_table: str | None = None
    dead_letter_queue_url: str | None = None
    report_item_failures: bool = False

    @property
    def fifo(self) -> bool:
        """Whether the topic keeps order and drops repeats of five minutes by itself."""
        return self.topic_arn.endswith(".fifo")


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; an empty variable counts as not set.

    Parameters
    ----------
    environment
        ``ALERT_TOPIC_ARN`` and, if wanted, ``MINIMUM_SCORE``, ``DASHBOARD_URL``, ``IDEMPOTENCY_TABLE``,
        ``DEAD_LETTER_QUEUE_URL`` and ``REPORT_BATCH_ITEM_FAILURES``.

    Raises
    ------
    SettingsError
        With every problem, in one line. Addresses are not repeated in it: they can hold passwords.
    """
    problems = []
    topic_arn = environment.get("ALERT_TOPIC_ARN", "")
    if not _TOPIC_ARN.fullmatch(topic_arn):
        problems.append(f"ALERT_TOPIC_ARN is {topic_arn!r}, expected the ARN of an SNS topic, arn:aws:sns:...")
    score = environment.get("MINIMUM_SCORE") or "0"
    minimum_score = _number(score)
    if not 0 <= minimum_score <= 100:  # not true of NaN
        problems.append(f"MINIMUM_SCORE is {score!r}, expected a number from 0 to 100")
    table = environment.get("IDEMPOTENCY_TABLE") or None
    if table is not None and not _TABLE.fullmatch(table):
        problems.append(f"IDEMPOTENCY_TABLE is {table!r}, expected the name or ARN of a DynamoDB table")
    dashboard_url = environment.get("DASHBOARD_URL") or None
    if dashboard_url is not None and (wrong := _wrong_with_url(dashboard_url)):
        problems.append(f"DASHBOARD_URL {wrong}, expected such as https://dashboard.example.org/")
    queue_url = environment.get("DEAD_LETTER_QUEUE_URL") or None
    if queue_url is not None and (wrong := _wrong_with_url(queue_url)):
        problems.append(f"DEAD_LETTER_QUEUE_URL {wrong}, expected the URL of an SQS queue, https://sqs...")
    switch = environment.get("REPORT_BATCH_ITEM_FAILURES") or "false"
    if switch.lower() not in _SWITCH:
        problems.append(f"REPORT_BATCH_ITEM_FAILURES is {switch!r}, expected true or false")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(
        topic_arn=topic_arn,
        minimum_score=minimum_score,
        dashboard_url=dashboard_url,
        idempotency_table=table,
        dead_letter_queue_url=queue_url,
        report_item_failures=_SWITCH[switch.lower()],
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _wrong_with_url(url: str) -> str | None:
    """Tell what is wrong with an address without repeating it."""
    if not _URL.fullmatch(url):
        return "holds white space or characters that are not ASCII, or is longer than 1,000 characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "is not an http or https URL"
    if parts.username is not None:
        return "holds a user name or password"
    if "#" in url:
        return "holds a #fragment"
    return None
