"""The command line: `up`, `status`, `down`, `inbox`, `topics` and `produce`.

Results go to standard output, as one JSON object; everything said to people goes to standard error.
"""

import argparse
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from devstack import stack
from devstack.bookstore import make_plan
from devstack.errors import DevstackError
from devstack.lag import Lags
from devstack.pipeline import running
from devstack.pipeline.configuration import GROUPS
from devstack.pipeline.inbox import read_inbox
from devstack.produce import produce
from devstack.topics import create_topics

__all__ = ["main"]

_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    The exit code: 0 done, 1 failed (and for `status`: not everything runs), 2 wrong usage, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of its failures comes as exceptions
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.run(options))
    except DevstackError as error:
        _say(f"devstack: {error}")
        return 1
    except KeyboardInterrupt:
        _say("devstack: interrupted")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstack", description="Real servers on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--directory", type=Path, default=Path(".devstack"), metavar="DIR", help="data and logs (default: %(default)s)"
    )

    up = commands.add_parser(
        "up",
        parents=[folder],
        help="start the servers and the bookstore's path between them; prints their addresses as JSON",
    )
    up.add_argument(
        "--only",
        type=_servers,
        metavar="NAME[,NAME]",
        help=f"start just these servers: {', '.join(stack.SERVERS)}",
    )
    up.add_argument(
        "--days", type=_positive, default=2, help="days of sales that a new shop begins with (default: %(default)s)"
    )
    up.set_defaults(run=_up)

    status = commands.add_parser(
        "status", parents=[folder], help="say what runs, how far and how far behind; exit code 1 when not all runs"
    )
    status.set_defaults(run=_status)

    down = commands.add_parser("down", parents=[folder], help="stop everything; data and logs stay")
    down.set_defaults(run=_down)

    inbox = commands.add_parser("inbox", parents=[folder], help="show the alerts that have arrived since the last look")
    inbox.set_defaults(run=_inbox)

    broker = argparse.ArgumentParser(add_help=False, parents=[folder])
    broker.add_argument("--bootstrap", metavar="HOST:PORT", help="the broker (default: the one that `up` started)")

    topics = commands.add_parser("topics", parents=[broker], help="create topics; the broker makes none by itself")
    topics.add_argument("topics", nargs="+", type=_topic, metavar="NAME=PARTITIONS", help="such as sales=4 results=1")
    topics.set_defaults(run=_topics)

    sales = commands.add_parser(
        "produce", parents=[broker], help="sell books: the AnyBooks sales of some days, into a Kafka topic"
    )
    sales.add_argument("--topic", required=True, help="an existing topic")
    sales.add_argument("--days", type=_positive, default=14, help="how many days, up to now (default: %(default)s)")
    sales.add_argument("--seed", type=int, default=1, help="which sales (default: %(default)s)")
    pace = sales.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=_positive, metavar="N", help="N times as fast as the clock")
    pace.add_argument("--as-fast-as-possible", action="store_true", help="the default")
    sales.set_defaults(run=_produce)
    return parser


def _up(options: argparse.Namespace) -> int:
    servers = options.only or list(stack.SERVERS)
    before = stack.status(options.directory)
    if all(before.get(name, {}).get("state") == "running" for name in servers):
        _say("The servers run already." if options.only is None else "Running already.")
    else:
        _say(f"Starting {', '.join(servers)} in {options.directory} ...")
    started = stack.start(options.directory, servers)
    addresses: dict[str, Any] = dict(started.endpoints)
    if options.only is None:
        _say("Starting the shop, its functions, the job and the dashboard ...")
        addresses["dashboard"] = {"url": running.keep_running(started, options.days)}
        _say(f"The dashboard: {addresses['dashboard']['url']} (its first figures take about a minute).")
    _say(f"Ready. Stop with: python -m devstack down{_option(options.directory)}")
    print(json.dumps(addresses))
    return 0


def _status(options: argparse.Namespace) -> int:
    found: dict[str, Any] = stack.status(options.directory)
    programs = running.program_status(options.directory)
    if not found and not programs:
        _say(f"Nothing runs in {options.directory}. Start with: python -m devstack up{_option(options.directory)}")
    elif programs and found.get("kafka", {}).get("state") == "running":
        with contextlib.suppress(DevstackError), Lags(found["kafka"]["endpoints"]["bootstrap.servers"]) as lags:
            for name, lag in lags.read(GROUPS).items():
                programs.get(name, {})["lag"] = lag
    found |= programs
    print(json.dumps(found, indent=2))
    return 0 if found and all(server["state"] == "running" for server in found.values()) else 1


def _down(options: argparse.Namespace) -> int:
    stopped = [*running.stop_programs(options.directory), *stack.stop(options.directory)]
    _say(f"Stopped {', '.join(stopped)}." if stopped else f"Nothing was running in {options.directory}.")
    return 0


def _inbox(options: argparse.Namespace) -> int:
    places = running.places_of(options.directory)
    for mail in read_inbox(places.aws, places.resources.inbox_url):
        print(mail.text, f"  {mail.link}" if mail.link else "", sep="\n" if mail.link else "", flush=True)
    return 0


def _topics(options: argparse.Namespace) -> int:
    create_topics(_broker(options), dict(options.topics))
    print(json.dumps(dict(options.topics)))
    return 0


def _produce(options: argparse.Namespace) -> int:
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    plan = make_plan(end - timedelta(days=options.days), end, options.seed)
    total = produce(plan, _broker(options), options.topic, options.speed)
    planted = [
        {
            "product_name": event.product,
            "start": event.start.isoformat(),
            "end": event.end.isoformat(),
            "factor": event.factor,
        }
        for event in plan.planted
    ]
    print(json.dumps({"records": total.records, "quantity": total.quantity, "planted": planted}))
    return 0


def _broker(options: argparse.Namespace) -> str:
    if options.bootstrap:
        return str(options.bootstrap)
    kafka = stack.status(options.directory).get("kafka", {})
    if kafka.get("state") != "running":
        raise DevstackError(
            f"No broker runs in {options.directory}. "
            f"Start one with: python -m devstack up{_option(options.directory)}, or name one with --bootstrap."
        )
    return str(kafka["endpoints"]["bootstrap.servers"])


def _option(directory: Path) -> str:
    return "" if directory == Path(".devstack") else f" --directory {directory}"


def _servers(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in stack.SERVERS:
            raise argparse.ArgumentTypeError(f"unknown server {name!r}; known: {', '.join(stack.SERVERS)}")
    return names


def _topic(text: str) -> tuple[str, int]:
    name, _, partitions = text.partition("=")
    if not name or not partitions.isascii() or not partitions.isdigit() or int(partitions) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PARTITIONS, such as sales=4")
    return name, int(partitions)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
