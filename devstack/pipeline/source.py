"""`python -m devstack.pipeline.source PLACES`: the shop sells, and each of its minutes the schedule fires at `ingest`.

The shop's clock may run faster than the function answers. A schedule that comes due meanwhile is then missed, as it
would be while a function is throttled: the next one reads what it would have read. After the shop's last minute the
schedule goes on until everything is read.
"""

import argparse
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from devstack.bookstore import make_plan
from devstack.harness.function import Function
from devstack.harness.schedule import Schedule
from devstack.harness.scheduler import Retries, Scheduler
from devstack.pipeline.configuration import Places, read_places
from devstack.pipeline.progress import Progress
from devstack.shop import Clock, ShopEvent, run_shop

__all__ = ["Source", "main"]

_INPUT = '{"scheduledTime": "<aws.scheduler.scheduled-time>"}'
_MINUTE = timedelta(minutes=1)
_PAUSE = 0.5  # seconds until the next minute is tried when one has failed at the end
_READ = {"caught up", "nothing to do"}


class Source:
    """Fires the schedule, and keeps account of it.

    Parameters
    ----------
    ingest
        The function.
    progress
        Where to tell.
    """

    def __init__(self, ingest: Function, progress: Progress) -> None:
        self._ingest = ingest
        self._progress = progress
        self._scheduler = Scheduler(self, Schedule(input=_INPUT), retries=Retries(maximum_attempts=0))
        self._facts: dict[str, Any] = {"time": None, "rows": 0, "fired": 0, "failed": 0, "missed": 0, "done": False}
        self._answer: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The function's name."""
        return self._ingest.name

    def invoke(self, event: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Invoke the function, and remember what it answers."""
        self._answer = {}
        self._answer = self._ingest.invoke(event)
        return self._answer

    def fire(self, scheduled: datetime) -> bool:
        """Fire once; say whether everything up to then is read."""
        fired = self._scheduler.fire(scheduled)
        self._facts["fired"] += 1
        self._facts["failed"] += fired.failures
        self._progress.tell(lambda: self._facts)
        return self._answer.get("outcome") in _READ

    def follow(self, minutes: "queue.SimpleQueue[ShopEvent | None]") -> None:
        """Fire at each minute, or where several are over already, at the last of them, until None comes."""
        for over in _batches(minutes):
            self._facts["missed"] += len(over) - 1
            self._facts.update(time=over[-1].time.isoformat(), rows=over[-1].rows)
            self.fire(over[-1].time)

    def finish(self, scheduled: datetime) -> None:
        """Fire until everything is read."""
        while not self.fire(scheduled):
            time.sleep(_PAUSE)
        self._progress.tell(lambda: self._facts | {"done": True}, now=True)


def main(arguments: Sequence[str]) -> int:
    """Sell and fire until stopped.

    Returns
    -------
    The exit code: 0 stopped, 1 failed.
    """
    parser = argparse.ArgumentParser(prog="python -m devstack.pipeline.source", description="Sells, and fires ingest.")
    parser.add_argument("places", type=Path, help="the file with the places")
    places = read_places(parser.parse_args(arguments).places)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(places)
    except KeyboardInterrupt:
        return 0
    return 1


def _run(places: Places) -> None:
    sales = places.sales
    start, end = datetime.fromisoformat(sales.start), datetime.fromisoformat(sales.end)
    plan = make_plan(start, end, sales.seed)
    minutes: queue.SimpleQueue[ShopEvent | None] = queue.SimpleQueue()

    failures: list[psycopg.Error] = []

    def sell() -> None:
        try:
            for event in run_shop(plan, places.database_url, Clock(sales.speed)):
                minutes.put(event)
        except psycopg.Error as error:
            failures.append(error)
        finally:
            minutes.put(None)

    progress = Progress(Path(places.directory), "source")
    environment, log = places.ingest_environment(), places.log("ingest")
    with Function("ingest_lambda.handler:handler", environment, name="ingest", log=log) as ingest:
        source = Source(ingest, progress)
        # Before the first sale: a detector that has no marker begins with the minute before its first schedule.
        while not source.fire(start):
            time.sleep(_PAUSE)
        shop = threading.Thread(target=sell, name="shop", daemon=True)
        shop.start()
        source.follow(minutes)
        if failures:
            raise failures[0]
        source.finish(end + _MINUTE)
        while True:  # until stopped: a program that ends is started again
            time.sleep(3600)


def _batches(minutes: "queue.SimpleQueue[ShopEvent | None]") -> Iterator[list[ShopEvent]]:
    """Take whatever is over, at least a minute at a time."""
    while True:
        taken = [minutes.get()]
        while not minutes.empty():
            taken.append(minutes.get())
        over = [event for event in taken if event is not None]
        if over:
            yield over
        if len(over) < len(taken):
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
