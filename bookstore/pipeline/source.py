"""`python -m bookstore.pipeline.source PLACES`: the shop sells, and each of its minutes the schedule fires at `ingest`.

The shop's clock may run faster than the function answers. A schedule that comes due meanwhile is then missed, as it
would be while a function is throttled: the next one reads what it would have read. After the shop's last minute the
schedule goes on until everything is read.
"""

import queue
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bookstore.pipeline.configuration import Places
from bookstore.pipeline.progress import Progress
from bookstore.pipeline.stage import run_stage
from bookstore.sales import make_plan
from bookstore.shop import Clock, ShopEvent, run_shop
from devstack.errors import DevstackError
from harness.function import Function
from harness.invocation import Invocable
from harness.schedule import Schedule
from harness.scheduler import Retries, Scheduler

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
    stopped
        Set when it shall end.
    """

    def __init__(self, ingest: Invocable, progress: Progress, stopped: threading.Event) -> None:
        self._ingest = ingest
        self._progress = progress
        self._stopped = stopped
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

    def insist(self, scheduled: datetime) -> None:
        """Fire until everything before is read."""
        while not self._stopped.is_set() and not self.fire(scheduled):
            self._stopped.wait(_PAUSE)

    def tell_done(self) -> None:
        """Tell that nothing more will come."""
        if not self._stopped.is_set():
            self._progress.tell(lambda: self._facts | {"done": True}, now=True)


def main() -> int:
    """Run until stopped; see `run_stage`."""
    return run_stage("source", "the shop's sales to Kafka", _run)


def _run(places: Places, stopped: threading.Event) -> None:
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

    def close_when_stopped() -> None:
        stopped.wait()
        minutes.put(None)

    environment, log = places.ingest_environment(), places.log("ingest")
    with Function("ingest_lambda.handler:handler", environment, name="ingest", log=log) as ingest:
        source = Source(ingest, Progress(Path(places.directory), "source"), stopped)
        # Before the first sale: a detector that has no marker begins with the minute before its first schedule.
        source.insist(start)
        threading.Thread(target=sell, name="shop", daemon=True).start()
        threading.Thread(target=close_when_stopped, name="stop", daemon=True).start()
        source.follow(minutes)
        if failures:
            msg = f"the shop cannot enter its sales: {failures[0]}"
            raise DevstackError(msg)
        source.insist(end + _MINUTE)
        source.tell_done()
        stopped.wait()  # a program that ends is started again


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
    sys.exit(main())
