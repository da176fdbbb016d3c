"""The Lambda that a Kafka trigger on the results topic invokes: alerts go to people, by SNS."""

import functools
import logging
import os
from typing import Any

import boto3

from notify_lambda.courier import Courier
from notify_lambda.dead_letters import DeadLetterQueue
from notify_lambda.idempotency import Ledger, dynamodb_ledger, memory_ledger
from notify_lambda.publisher import CLIENT_CONFIG, SnsPublisher
from notify_lambda.settings import Settings, parse_settings
from readers.kafka_event import parse_event

_logger = logging.getLogger(__name__)


class DeliveryError(Exception):
    """Records that could not be told, where the trigger does not read a list of them; it delivers the batch again."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Tell people about a batch's alerts, each once.

    Parameters
    ----------
    event
        Of a Kafka trigger, from MSK or a cluster of one's own.
    context
        Lambda's; says how much time remains.

    Returns
    -------
    `batchItemFailures`: the records to deliver again.

    Raises
    ------
    SettingsError
        If the environment cannot be used.
    EventError
        If it is not an event of a Kafka trigger.
    DeliveryError
        If records failed and `REPORT_BATCH_ITEM_FAILURES` is not true.
    """
    courier = _courier()
    records = parse_event(event)
    report = courier.deliver(records, context.get_remaining_time_in_millis)
    counts = " ".join(f"{name}={count}" for name, count in sorted(report.counts.items()))
    _logger.info("notified records=%d %s", len(records), counts)
    if report.failed and not courier.settings.report_item_failures:
        msg = f"{len(report.failed)} of {len(records)} records failed, the first is {report.failed[0].place}"
        raise DeliveryError(msg)
    return {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": f"{record.topic}-{record.partition}", "offset": record.offset}}
            for record in report.failed
        ]
    }


@functools.cache
def _courier() -> Courier:
    settings = parse_settings(os.environ)
    queue = settings.dead_letter_queue_url
    return Courier(
        settings,
        SnsPublisher(boto3.client("sns", config=CLIENT_CONFIG), settings.topic_arn),
        _ledger(settings),
        None if queue is None else DeadLetterQueue(boto3.client("sqs", config=CLIENT_CONFIG), queue),
    )


def _ledger(settings: Settings) -> Ledger:
    table = settings.idempotency_table
    if table is None:
        return memory_ledger(settings.topic_arn)
    return dynamodb_ledger(boto3.client("dynamodb", config=CLIENT_CONFIG), table, settings.topic_arn)
