"""Starting the programs of the bookstore's path, beside servers that run, and looking at them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devstack.pipeline.configuration import PLACES, Places, Sales, job_properties, write_places
from devstack.pipeline.progress import read_progress
from devstack.pipeline.provision import provision
from devstack.stack import Stack
from devstack.supervisor import Program, Supervised, read_state

__all__ = ["prepare", "program_status", "start_programs", "stop_programs"]

_STATE = "pipeline.json"
_STOP_SECONDS = 30.0


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
        "source": ["devstack.pipeline.source", str(directory / PLACES)],
        "job": ["flink_job", "--properties", str(directory / "application_properties.json")],
        "archive": ["devstack.pipeline.archive", str(directory / PLACES)],
        "alerting": ["devstack.pipeline.alerting", str(directory / PLACES)],
    }
    if dashboard_port is not None:
        modules["dashboard"] = ["dashboard", "serve", str(places.parquet), "--port", str(dashboard_port)]
    programs = [
        Program(name, [sys.executable, "-m", *arguments], places.log(name), restart=True)
        for name, arguments in modules.items()
    ]
    return Supervised.start(programs, directory / _STATE)


def stop_programs(directory: Path) -> list[str]:
    """Stop the programs of a folder, whoever started them.

    Returns
    -------
    The names of those that ran.
    """
    state = read_state(directory / _STATE)
    if state is None:
        return []
    programs = {name: program["process"] for name, program in state["programs"].items()}
    stopped = [name for name, process in programs.items() if process.alive()]
    # The supervisor goes first, or it would start again what ends.
    for process in (state["supervisor"], *programs.values()):
        process.stop_group(_STOP_SECONDS)
    (directory / _STATE).unlink(missing_ok=True)
    return stopped


def program_status(directory: Path) -> dict[str, Mapping[str, Any]]:
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
