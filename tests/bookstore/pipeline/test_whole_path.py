import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest

from bookstore.lag import read_lags
from bookstore.pipeline.configuration import GROUPS, Places, Sales
from bookstore.pipeline.flow import Flow, count_flow, flow_problems
from bookstore.pipeline.inbox import Mail, read_inbox
from bookstore.pipeline.progress import read_progress
from bookstore.pipeline.running import prepare, program_status, start_programs
from bookstore.sales import make_plan
from devstack.stack import Stack, running_stack
from devstack.topics import open_admin

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.flink, pytest.mark.slow]

END = datetime(2024, 9, 15, tzinfo=UTC)
DAYS, LONGER = timedelta(days=3), timedelta(minutes=3)
APART = 5  # seconds between two faults
PATIENCE = 240  # seconds without any change


@pytest.fixture
def stack() -> Iterator[Stack]:
    # Not below pytest's own folder: another run of pytest would shut PostgreSQL's account out of it.
    with running_stack(only=("kafka", "postgres", "aws")) as stack:
        yield stack


def run_the_path(stack: Stack, faults: list[Callable[[], bool]]) -> tuple[Flow, list[Mail]]:
    """Sell for three days while one fault after the other happens; count once all is done.

    A fault is tried again until it says that it could happen.
    """
    plan = make_plan(END - DAYS, END + LONGER, seed=3)
    assert plan.planted
    places = prepare(stack, Sales(plan.start.isoformat(), plan.end.isoformat(), plan.seed, 60.0 * 45), None)
    running = start_programs(places, None)
    mails: list[Mail] = []
    try:
        heard = due = monotonic()
        before: object = None
        arrived = None
        while faults or not everything_arrived(stack, places):
            mails += read_inbox(places.aws, places.resources.inbox_url)
            shop = read_progress(stack.directory, "source").get("time")
            state = (shop, len(mails), read_progress(stack.directory, "archive"))
            if state != before:
                heard, before = monotonic(), state
            assert monotonic() < heard + PATIENCE, state
            arrived = arrived or read_progress(stack.directory, "archive").get("received")
            if faults and arrived and monotonic() >= due and faults[0]():
                del faults[0]
                due = monotonic() + APART
            sleep(0.2)
        mails += read_inbox(places.aws, places.resources.inbox_url)
        return count(places, mails), mails
    finally:
        running.stop()


def everything_arrived(stack: Stack, places: Places) -> bool:
    """Say whether the shop is closed, every period that was sold in has its result, and every result was read.

    In this order: a result that came after somebody looked at the readers would be missing where they write.
    """
    if not read_progress(stack.directory, "source").get("done"):
        return False
    flow = count(places, [])
    if flow.results < flow.row_periods:
        return False
    with open_admin(stack.bootstrap_servers) as admin:
        return not any(read_lags(admin, {name: GROUPS[name] for name in ("archive", "alerting")}).values())


def count(places: Places, mails: list[Mail]) -> Flow:
    names = (mail.name for mail in mails)
    return count_flow(places.database_url, places.bootstrap_servers, places.parquet, names, END)


def kill(pid: int) -> bool:
    os.kill(pid, signal.SIGKILL)
    return True


def kill_functions_of(stack: Stack, program: str) -> bool:
    """Kill the processes that run a function's handler, if there are any yet."""
    pid = program_status(stack.directory)[program]["pid"]
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    workers = [int(text) for text in found.stdout.split()]
    for worker in workers:
        kill(worker)
    return bool(workers)


def test_whatever_is_killed_once_nothing_is_lost_or_repeated(stack: Stack) -> None:
    def restart(server: str) -> Callable[[], bool]:
        def fault() -> bool:
            stack.kill(server)
            sleep(2)
            stack.restart(server)
            return True

        return fault

    def killed_program(name: str) -> Callable[[], bool]:
        return lambda: kill(program_status(stack.directory)[name]["pid"])

    # The job first, while much is still to be sold: after the last sale it might wait for a silent partition anew.
    faults = [
        killed_program("job"),
        *(lambda name=name: kill_functions_of(stack, name) for name in ("source", "archive", "alerting")),
        restart("kafka"),
        restart("postgres"),
        *map(killed_program, ("source", "archive", "alerting")),
    ]

    flow, mails = run_the_path(stack, faults)

    assert flow_problems(flow) == []
    assert flow.rows > 50_000
    assert flow.alerts == len(mails) > 0
    assert {"item-A", "item-B"} >= {mail.text.partition(":")[0] for mail in mails}
