"""Starting the programs of the bookstore's path, beside servers that run, and looking at them."""

import contextlib
import json
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bookstore.pipeline.configuration import (
    PLACES,
    Places,
    Sales,
    job_properties,
    read_places,
    write_places,
)
from bookstore.pipeline.progress import read_progress
from bookstore.pipeline.provision import provision
from devstack.errors import DevstackError
from devstack.ports import HOST, choose_ports
from devstack.stack import Stack
from devstack.supervisor import Program, Supervised, read_state, stop_all

_STATE = "pipeline.json"
_OPEN = timedelta(days=3650)
_DASHBOARD_SECONDS = 60.0


def prepare(stack: Stack, sales: Sales, dashboard_url: str | None) -> Places:
    """Make what the path needs, and write down where it is, in the stack's folder.

    Parameters
    ----------
    stack
        All servers, running.
    sales
        What is sold.
    dashboard_url
        Where a dashboard will be served, for the links in alerts.
    """
    directory = stack.directory.resolve()
    places = Places(
        directory=str(directory),
        bootstrap_servers=stack.bootstrap_servers,
        database_url=stack.database_url,
        aws=stack.aws_environment,
        resources=provision(stack),
        sales=sales,
        dashboard_url=dashboard_url,
    )
    places.parquet.mkdir(exist_ok=True)
    write_places(places, directory / PLACES)
    properties = job_properties(stack.bootstrap_servers, directory)
    (directory / "application_properties.json").write_text(json.dumps(properties, indent=2) + "\n", encoding="utf-8")
    return places


def start_programs(places: Places, dashboard_port: int | None) -> Supervised:
    """Start every program, on this process' leash; each is started again when it ends.

    Parameters
    ----------
    places
        From `prepare`.
    dashboard_port
        Where to serve the dashboard; None to serve none.
    """
    directory = Path(places.directory)
    modules: dict[str, list[str]] = {
        "source": ["bookstore.pipeline.source", str(directory / PLACES)],
        "job": ["flink_job", "--properties", str(directory / "application_properties.json")],
        "archive": ["bookstore.pipeline.archive", str(directory / PLACES)],
        "alerting": ["bookstore.pipeline.alerting", str(directory / PLACES)],
    }
    if dashboard_port is not None:
        modules["dashboard"] = ["dashboard", "serve", str(places.parquet), "--port", str(dashboard_port)]
    programs = [
        Program(name, [sys.executable, "-m", *arguments], places.log(name), restart=True)
        for name, arguments in modules.items()
    ]
    return Supervised.start(programs, directory / _STATE)


def keep_running(stack: Stack, days: float) -> str:
    """Let the bookstore's path run until `stop_programs`, on the real clock; where it runs already, leave it be.

    Parameters
    ----------
    stack
        All servers, running.
    days
        How many days of sales the shop begins with; of no effect in a folder whose shop has been open before.

    Returns
    -------
    The dashboard's URL.
    """
    directory = stack.directory.resolve()
    file = directory / PLACES
    states = {program["state"] for program in program_status(directory).values()}
    if states == {"running"} and (url := read_places(file).dashboard_url):
        return url
    stop_programs(directory)
    earlier = read_places(file) if file.exists() else None
    if earlier:
        sales = earlier.sales
    else:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        sales = Sales((now - timedelta(days=days)).isoformat(), (now + _OPEN).isoformat(), 1, None)
    last = urlsplit(earlier.dashboard_url).port if earlier and earlier.dashboard_url else None
    port = choose_ports(("dashboard",), {"dashboard": last} if last else {})["dashboard"]
    url = f"http://{HOST}:{port}/"
    start_programs(prepare(stack, sales, url), port).release()
    deadline = time.monotonic() + _DASHBOARD_SECONDS
    while not _answers(port):
        if time.monotonic() > deadline:
            log = directory / "logs" / "dashboard.log"
            msg = f"The dashboard did not answer within {_DASHBOARD_SECONDS:g} s; its log: {log}"
            raise DevstackError(msg)
        time.sleep(0.2)
    return url


def stop_programs(directory: Path) -> list[str]:
    """Stop the programs of a folder, whoever started them.

    Returns
    -------
    The names of those that ran.
    """
    return stop_all(directory / _STATE)


def places_of(directory: Path) -> Places:
    """Read where everything of a folder is.

    Raises
    ------
    DevstackError
        The path does not run there.
    """
    if not program_status(directory):
        msg = f"The bookstore's path does not run in {directory}; start it with: python -m bookstore up"
        raise DevstackError(msg)
    return read_places(directory / PLACES)


def program_status(directory: Path) -> dict[str, dict[str, Any]]:
    """Look at the programs of a folder.

    Returns
    -------
    For each its `state` (`running`, `ended`), `pid`, `log`, and what it last told of its work.
    """
    state = read_state(directory / _STATE)
    if state is None:
        return {}
    return {
        name: {
            "state": "running" if program["process"].alive() else "ended",
            "pid": program["process"].pid,
            "log": program["log"],
            **read_progress(directory, name),
        }
        for name, program in state["programs"].items()
    }


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((HOST, port), timeout=1).close()
        return True
    return False
