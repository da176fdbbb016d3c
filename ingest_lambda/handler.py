"""The Lambda function: rows of the database, minute by minute, to the detector's input topic."""

import functools
import logging
import os
from datetime import UTC, datetime
from typing import Any

from ingest_lambda.database import Source
from ingest_lambda.deadline import Deadline
from ingest_lambda.publisher import Publisher
from ingest_lambda.run import Ingest
from ingest_lambda.schedule import scheduled_time
from ingest_lambda.secrets import read_secret
from ingest_lambda.settings import parse_settings


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - the service's own type
    """Publish the rows that settled before the event's scheduled time.

    Parameters
    ----------
    event
        `{"scheduledTime": "2024-08-29T13:35:00Z"}` from EventBridge Scheduler, or a rule's event with `time`.
    context
        Of the Lambda service; its remaining time bounds the run.

    Returns
    -------
    What was done; see `Ingest.run`.

    Raises
    ------
    IngestError
        Why not all was done; whatever was committed stays, and the next run goes on from there.
    """
    deadline = Deadline.before(context.get_remaining_time_in_millis())
    return _ingest().run(scheduled_time(event), datetime.now(UTC), deadline)


@functools.cache
def _ingest() -> Ingest:
    """Build what stays warm between invocations."""
    logging.getLogger("ingest_lambda").setLevel(logging.INFO)
    settings = parse_settings(os.environ)
    return Ingest(settings, Source(settings, read_secret), Publisher(settings, read_secret))
