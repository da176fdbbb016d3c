"""`python -m bookstore demo`: two weeks of bookstore sales go the whole way, through real servers, in a few minutes.

Sales appear in PostgreSQL minute by minute, with spikes planted among them; the functions carry them to Kafka, the
Flink job scores them, and the results become Parquet files, a page to look at, and alerts in an inbox. At the end it
counts what arrived where, and compares the alerts with the spikes. Leaves nothing running.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bookstore.demo_report import Tracker, reckon, reckoning_lines, table
from bookstore.lag import read_lags
from bookstore.pipeline.configuration import GROUPS, Places, Sales
from bookstore.pipeline.flow import count_flow, flow_lines, flow_problems
from bookstore.pipeline.inbox import Mail, read_inbox
from bookstore.pipeline.progress import read_progress
from bookstore.pipeline.running import prepare, start_programs
from bookstore.sales import Plan, make_plan
from bookstore.screen import Screen
from bookstore.tail import tail
from contracts.results import decode, format_time
from devstack.command import positive
from devstack.errors import DevstackError
from devstack.stack import SERVERS, Stack, running_stack
from devstack.supervisor import Supervised
from devstack.topics import open_admin

_DAYS = 14
_SPEED = 90.0
_LONGER = timedelta(minutes=3)  # the shop closes later: a minute's result comes only after later sales
_READERS = {name: GROUPS[name] for name in ("archive", "alerting")}
_PATIENCE = 90.0  # seconds without any progress after which the demo gives up


def add_demo_command(commands: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    """Add the command to a parser's commands; its `run` default runs the demo."""
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = commands.add_parser("demo", help="two weeks of it all in a few minutes", description=more or about)
    parser.add_argument("--days", type=positive, default=_DAYS, help="how many days of sales (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which sales (default: %(default)s)")
    parser.add_argument(
        "--speed", type=positive, default=_SPEED, help="at most so many of the shop's minutes a second (%(default)s)"
    )
    parser.add_argument("--directory", type=Path, metavar="DIR", help="keep data, logs and properties in a new folder")
    parser.add_argument(
        "--page", type=Path, default=Path("anybooks.html"), help="where the page goes (default: %(default)s)"
    )
    parser.set_defaults(run=_run, when_interrupted="; everything it started is stopped.")


def _run(options: argparse.Namespace) -> int:
    # Whole days up to the last midnight: the same sales and spikes at whatever time of the day the demo runs.
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    plan = make_plan(end - timedelta(days=options.days), end + _LONGER, options.seed)
    if options.directory and (options.directory / "kafka").exists():
        msg = f"{options.directory} holds an earlier demo; name a new folder."
        raise DevstackError(msg)
    if not options.page.parent.is_dir():
        msg = f"The page {options.page} cannot be written: there is no folder {options.page.parent}."
        raise DevstackError(msg)
    with contextlib.ExitStack() as held:
        directory = options.directory or Path(
            held.enter_context(tempfile.TemporaryDirectory(prefix="anybooks-", ignore_cleanup_errors=True))
        )
        _Demo(plan, end, options.speed, Screen(sys.stdout)).run(directory, options.page)
    _say_what_next(options.directory)
    return 0


class _Demo:
    """One run.

    Parameters
    ----------
    plan
        What is sold.
    end
        Up to when it is counted.
    speed
        The shop's minutes per second.
    screen
        Where to print.
    """

    def __init__(self, plan: Plan, end: datetime, speed: float, screen: Screen) -> None:
        self._plan = plan
        self._end = end
        self._until = format_time(round(end.timestamp() * 1000))
        self._speed = speed
        self._screen = screen
        self._tracker = Tracker()
        self._mails: list[Mail] = []
        self._shop_time: str | None = None

    def run(self, directory: Path, page: Path) -> None:
        """Run it all in a folder, and write the page."""
        began = time.monotonic()
        self._screen.say(f"Starting {', '.join(SERVERS)} ...")
        with running_stack(directory, only=tuple(SERVERS)) as stack:
            sales = Sales(self._plan.start.isoformat(), self._plan.end.isoformat(), self._plan.seed, 60.0 * self._speed)
            places = prepare(stack, sales, dashboard_url=None)
            days = (self._end - self._plan.start) / timedelta(days=1)
            self._screen.say(
                f"They answer. The shop opens: {days:g} days, {len(self._plan.planted)} spikes among the sales. "
                "The first results take about 20 seconds ..."
            )
            running = start_programs(places, dashboard_port=None)
            try:
                self._follow(stack, places, running)
            finally:
                running.stop()
            self._screen.keep(["", *table(self._tracker), ""])
            self._conclude(places)
            _write_page(places.parquet, page)
        self._screen.say(f"The page: {page.resolve()}. It took {time.monotonic() - began:.0f} seconds.")

    def _follow(self, stack: Stack, places: Places, running: Supervised) -> None:
        """Show what arrives until everything has."""
        following = tail(stack.bootstrap_servers, "results", lambda: False)
        heard = time.monotonic()
        arrived = False
        with contextlib.closing(following) as batches, open_admin(stack.bootstrap_servers) as admin:
            for batch in batches:
                mails = list(read_inbox(places.aws, places.resources.inbox_url))
                for result in map(decode, batch):
                    if result.detection_period_start_time < self._until:
                        self._tracker.add(result)
                for mail in mails:
                    self._screen.say(mail.text)
                self._mails += mails
                self._screen.refresh(lambda: ["", *table(self._tracker), self._summary()], self._summary)
                source = read_progress(stack.directory, "source")
                if batch or mails or source.get("time") != self._shop_time:
                    self._shop_time, heard = source.get("time"), time.monotonic()
                elif arrived:
                    return  # the last mail may have come after the inbox had been read, so it was read once more
                elif source.get("done") and self._complete(places):
                    arrived = not any(read_lags(admin, _READERS).values())
                if running.poll() is not None or time.monotonic() > heard + _PATIENCE:
                    logs = stack.directory / "logs"
                    msg = f"Nothing has arrived for {_PATIENCE:g} seconds.\n{_ends_of(logs)}"
                    raise DevstackError(msg)

    def _complete(self, places: Places) -> bool:
        """Say whether every minute that was sold in has a result."""
        with psycopg.connect(places.database_url) as connection:
            sold = connection.execute(
                "SELECT count(DISTINCT (product_name, date_trunc('minute', event_time))) FROM sales"
                " WHERE event_time < %s",
                (self._end,),
            ).fetchone()
        return sold is not None and self._tracker.minutes >= sold[0]

    def _summary(self) -> str:
        shop = f"... the shop's clock shows {self._shop_time[:16].replace('T', ' ')}" if self._shop_time else "..."
        if not self._tracker.minutes:
            return f"{shop}, waiting for results"
        return f"{shop}; {self._tracker.minutes:,} minutes scored, {len(self._mails)} alerts"

    def _conclude(self, places: Places) -> None:
        """Count along the path, and compare the alerts with what was planted."""
        names = (mail.name for mail in self._mails)
        flow = count_flow(places.database_url, places.bootstrap_servers, places.parquet, names, self._end)
        end = f"{self._end:%Y-%m-%d %H:%M} UTC"
        self._screen.say(f"Counted up to {end}; the shop stays open a little longer, to complete the last minute.")
        for line in ("", *flow_lines(flow), "", *reckoning_lines(reckon(self._plan.planted, self._tracker.alerts()))):
            self._screen.say(line)
        if problems := flow_problems(flow):
            raise DevstackError("\n".join(["Something was lost or repeated on the way:", *problems]))
        self._screen.say("Nothing was lost or repeated on the way.")


def _write_page(parquet: Path, page: Path) -> None:
    command = [sys.executable, "-m", "dashboard", "build", str(parquet), "-o", str(page), "--title", "AnyBooks"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        msg = f"The page could not be written: {run.stderr.strip()}"
        raise DevstackError(msg)


def _ends_of(logs: Path) -> str:
    """Show the last lines of every log, those of the servers left out."""
    ends = []
    for log in sorted(logs.glob("*.log")):
        if log.stem not in SERVERS and (lines := log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]):
            ends += [f"{log}:", *(f"  {line}" for line in lines)]
    return "\n".join(ends)


def _say_what_next(directory: Path | None) -> None:
    here, python = Path.cwd(), Path(sys.executable)
    python = python.relative_to(here) if python.is_relative_to(here) else python
    print("\nNothing is left running. Try next:")
    if directory is None:
        print(f"  {python} -m bookstore demo --seed 2 --directory demo   other sales; everything is kept")
    else:
        print(f"  {python} -m dashboard serve {directory / 'parquet'}   the page, on a server")
    print(f"  {python} -m bookstore up   the same on the real clock, until `{python} -m bookstore down`")
    print(f"  {python} -m anomaly score IN.csv -o OUT.csv   the same detector on a file of your own")
