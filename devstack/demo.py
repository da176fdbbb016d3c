"""`python -m devstack.demo`: two weeks of bookstore sales, through real servers, in a few minutes.

Starts Kafka, sells books for 14 days with spikes planted among them, lets the Flink job read them all, shows what it
makes of them, and compares its alerts with the spikes. Leaves nothing running.
"""

import argparse
import contextlib
import json
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from contracts.results import decode
from devstack.bookstore import Plan, make_plan
from devstack.demo_report import Tracker, alert_sentence, reckon, reckoning_lines, table
from devstack.errors import DevstackError
from devstack.produce import Produced, produce
from devstack.screen import Screen
from devstack.stack import Stack, running_stack
from devstack.supervisor import Program, Supervised
from devstack.tail import tail
from devstack.topics import create_topics

__all__ = ["job_properties", "main"]

_DAYS = 14
_TOPICS = {"sales": 4, "results": 1, "dead-letters": 1, "late": 1}
_THRESHOLD = 70


def main(arguments: Sequence[str]) -> int:
    """Run the demo.

    Returns
    -------
    The exit code: 0 done, 1 failed, 130 interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m devstack.demo", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--days", type=float, default=_DAYS, help="how many days of sales (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which sales (default: %(default)s)")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="keep data, logs and properties in a new folder")
    options = parser.parse_args(arguments)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of its failures comes as exceptions
    signal.signal(signal.SIGTERM, _interrupt)
    # Whole days up to the last midnight: the same sales and spikes at whatever time of the day the demo runs.
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    plan = make_plan(end - timedelta(days=options.days), end, options.seed)
    try:
        with contextlib.ExitStack() as held:
            if options.directory and (options.directory / "kafka").exists():
                raise DevstackError(f"{options.directory} holds an earlier demo; name a new folder.")
            directory = options.directory or Path(
                held.enter_context(tempfile.TemporaryDirectory(prefix="anybooks-", ignore_cleanup_errors=True))
            )
            _run(plan, directory, Screen(sys.stdout))
    except DevstackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything it started is stopped.", file=sys.stderr)
        return 130
    _say_what_next(options.directory)
    return 0


def job_properties(bootstrap_servers: str) -> list[dict[str, object]]:
    """Configure the Flink job for the bookstore, in the form of an `application_properties.json`."""
    groups = {
        "kafka": {"bootstrap.servers": bootstrap_servers},
        "topics": {"input": "sales", "output": "results", "dead.letters": "dead-letters", "late": "late"},
        "detector": {
            "name": "anybooks",
            "timestamp.field": "event_time",
            "measure.field": "quantity",
            "measure.aggregation": "SUM",
            "dimension.fields": "product_name",
            "detection.period": "1 min",
            "decision.threshold": str(_THRESHOLD),
            "max.lateness": "30 s",
        },
    }
    return [{"PropertyGroupId": name, "PropertyMap": properties} for name, properties in groups.items()]


def _run(plan: Plan, directory: Path, screen: Screen) -> None:
    began = time.monotonic()
    screen.say("Starting Kafka ...")
    with running_stack(directory) as stack:
        create_topics(stack.bootstrap_servers, _TOPICS)
        days = (plan.end - plan.start) / timedelta(days=1)
        screen.say(f"Kafka answers at {stack.bootstrap_servers}. Selling books for {days:g} days ...")
        produced = produce(plan, stack.bootstrap_servers, "sales")
        screen.say(f"{produced.records:,} sales of {produced.quantity:,} books, {len(plan.planted)} spikes among them.")
        tracker = _score(stack, directory, screen)
    _conclude(plan, produced, tracker, time.monotonic() - began, screen)


def _score(stack: Stack, directory: Path, screen: Screen) -> Tracker:
    """Run the Flink job over all sales while showing its results."""
    properties = directory / "application_properties.json"
    properties.write_text(json.dumps(job_properties(stack.bootstrap_servers), indent=2) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "flink_job", "--properties", str(properties), "--bounded"]
    job = Program("flink-job", command, directory / "logs" / "flink-job.log")
    screen.say("Starting the Flink job; the first results take about 20 seconds ...")
    tracker = Tracker()
    running = Supervised.start([job], directory / "flink-job.json")
    try:
        following = tail(stack.bootstrap_servers, "results", lambda: running.poll() is not None)
        with contextlib.closing(following) as batches:
            for batch in batches:
                for result in map(decode, batch):
                    if tracker.add(result):
                        screen.say(alert_sentence(result))
                screen.refresh(lambda: ["", *table(tracker), _summary(tracker)], lambda: _summary(tracker))
    finally:
        running.stop()
    if running.poll() != 0:
        tail_of_log = job.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        raise DevstackError(
            "\n".join([f"The Flink job failed (exit code {running.poll()}). Its log ends:", *tail_of_log])
        )
    screen.keep(["", *table(tracker), ""])
    return tracker


def _summary(tracker: Tracker) -> str:
    if not tracker.minutes:
        return "... waiting for results"
    return f"... {tracker.minutes:,} minutes scored, up to {tracker.newest()}, {len(tracker.alerts())} alerts"


def _conclude(plan: Plan, produced: Produced, tracker: Tracker, seconds: float, screen: Screen) -> None:
    for line in reckoning_lines(reckon(plan.planted, tracker.alerts())):
        screen.say(line)
    if tracker.total != produced.quantity:
        raise DevstackError(f"{produced.quantity:,} books were sold, but the results count {tracker.total:,g}.")
    screen.say(f"All {produced.quantity:,} books sold are in the results. It took {seconds:.0f} seconds.")


def _say_what_next(directory: Path | None) -> None:
    here, python = Path.cwd(), Path(sys.executable)
    python = python.relative_to(here) if python.is_relative_to(here) else python
    print("\nNothing is left running. Try next:")
    if directory is None:
        print(f"  {python} -m devstack.demo --seed 2 --directory demo   other sales; everything is kept")
    else:
        properties = directory / "application_properties.json"
        print(f"  {python} -m devstack up --directory {directory}   the same broker again, with the topics of the demo")
        print(f"  {python} -m flink_job --properties {properties} --bounded   then score them once more")
    print(f"  {python} -m anomaly score IN.csv -o OUT.csv   the same detector on a file of your own")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
