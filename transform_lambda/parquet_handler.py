"""The Lambda behind a Kafka trigger that writes Parquet itself, for those without Data Firehose."""

import functools
import logging
import os
from datetime import UTC, datetime
from typing import Any

from transform_lambda.kafka_trigger import sort_records
from transform_lambda.parquet import ParquetStore
from transform_lambda.settings import parse_settings

_logger = logging.getLogger(__name__)


@functools.cache
def _store() -> ParquetStore:
    settings = parse_settings(os.environ)
    return ParquetStore(settings.destination, settings.rows_per_file)


def handler(event: dict[str, Any], context: Any) -> dict[str, list[Any]]:  # noqa: ANN401, ARG001 - Lambda's signature
    """Write an event's results as Parquet.

    Parameters
    ----------
    event
        Of a Kafka trigger.
    context
        Not used.

    Returns
    -------
    No failed records: records that are no results are kept beside the rows, anything else fails the batch, which the
    trigger then repeats; a repetition changes nothing.

    Raises
    ------
    EventError
        If it is not an event of a Kafka trigger.
    """
    found = sort_records(event)
    store = _store()
    store.reject(found.letters)
    written = store.write(found.rows)
    _logger.info(
        "stored rows=%d added=%d rejected=%d empty=%d", written.rows, written.added, len(found.letters), found.empty
    )
    return {"batchItemFailures": []}


def compact_handler(event: Any, context: Any) -> None:  # noqa: ANN401, ARG001 - Lambda's signature
    """Merge the small files of finished days; for a schedule, once a day.

    Parameters
    ----------
    event, context
        Not used.
    """
    done = _store().compact(datetime.now(UTC).date())
    _logger.info("compacted files=%d left=%d", done.files, len(done.left))
