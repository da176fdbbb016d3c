"""`python -m bookstore.pipeline.alerting PLACES`: the Kafka trigger between the results and the function `notify`."""

import sys
import threading
from pathlib import Path

from bookstore.pipeline.configuration import Places
from bookstore.pipeline.progress import Progress
from bookstore.pipeline.provision import aws_session
from bookstore.pipeline.stage import run_stage
from harness.failure_destinations import SqsQueue
from harness.function import Function
from harness.kafka_retries import RetryRules
from harness.kafka_trigger import KafkaTrigger

_RULES = RetryRules(report_batch_item_failures=True, bisect=True, maximum_retry_attempts=10)


def main() -> int:
    """Run until stopped; see `run_stage`."""
    return run_stage("alerting", "results to alerts", _run)


def _run(places: Places, stopped: threading.Event) -> None:
    queues = aws_session(places.aws).client("sqs", endpoint_url=places.aws["AWS_ENDPOINT_URL"])
    environment, log = places.notify_environment(), places.log("notify")
    with Function("notify_lambda.handler:handler", environment, name="notify", log=log) as notify:
        KafkaTrigger(
            places.bootstrap_servers,
            ["results"],
            group="alerting",
            function=notify,
            batch_size=1_000,
            rules=_RULES,
            on_failure=SqsQueue(queues, places.resources.dead_letter_url),
        ).run(stopped.is_set, progress=Progress(Path(places.directory), "alerting").tell_counts)


if __name__ == "__main__":
    sys.exit(main())
