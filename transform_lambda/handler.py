"""The Lambda that Data Firehose invokes between the result topic and Parquet on S3."""

import logging
from typing import Any

from transform_lambda.firehose import parse_event, reply, verdicts
from transform_lambda.transformation import Outcome, Verdict, transform

_logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG001 - Lambda's signature
    """Answer an event of Data Firehose with flat rows.

    Parameters
    ----------
    event
        Of a stream with a Kafka topic as its source, or with direct put.
    context
        Not used.

    Returns
    -------
    Each `recordId` once, with the result `Ok`, `Dropped` or `ProcessingFailed`; at most 6 MB.

    Raises
    ------
    EventError
        If it is not an event of Data Firehose.
    """
    parsed = parse_event(event)
    values = (record.value() for record in parsed.records)
    answers = reply(parsed, [Outcome(Verdict.FAILED) if value is None else transform(value) for value in values])
    counts = verdicts(answers)
    _logger.info("transformed %s", " ".join(f"{verdict}={counts[verdict]}" for verdict in Verdict))
    return answers
