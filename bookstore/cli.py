"""The command line: `demo`, `up`, `status`, `inbox`, `down` and `produce`."""

import argparse
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bookstore import demo
from bookstore.lag import Lags
from bookstore.pipeline import running
from bookstore.pipeline.configuration import GROUPS
from bookstore.pipeline.inbox import read_inbox
from bookstore.produce import produce
from bookstore.sales import make_plan
from devstack import cli as servers
from devstack import stack
from devstack.command import broker_of, broker_options, folder_options, positive, repeated, run, say
from devstack.errors import DevstackError


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    The exit code: 0 done, 1 failed (and for `status`: not everything runs), 2 wrong usage, 130 interrupted.
    """
    return run("bookstore", _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bookstore", description="The example: a bookstore's sales, the whole way, on this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo.add_demo_command(commands)
    up = commands.add_parser(
        "up", parents=[folder_options()], help="start the servers, the shop, its functions, the job and the dashboard"
    )
    up.add_argument(
        "--days", type=positive, default=2, help="days of sales that a new shop begins with (default: %(default)s)"
    )
    up.set_defaults(run=_up, only=list(stack.SERVERS))
    status = commands.add_parser(
        "status",
        parents=[folder_options()],
        help="say what runs, how far and how far behind; exit code 1 when not all runs",
    )
    status.set_defaults(run=_status)
    inbox = commands.add_parser(
        "inbox", parents=[folder_options()], help="show the alerts that have arrived since the last look"
    )
    inbox.set_defaults(run=_inbox)
    down = commands.add_parser("down", parents=[folder_options()], help="stop everything; data and logs stay")
    down.set_defaults(run=_down)
    sales = commands.add_parser(
        "produce", parents=[broker_options()], help="sell books: the sales of some days, into a Kafka topic"
    )
    sales.add_argument("--topic", required=True, help="an existing topic")
    sales.add_argument("--days", type=positive, default=14, help="how many days, up to now (default: %(default)s)")
    sales.add_argument("--seed", type=int, default=1, help="which sales (default: %(default)s)")
    pace = sales.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=positive, metavar="N", help="N times as fast as the clock")
    pace.add_argument("--as-fast-as-possible", action="store_true", help="the default")
    sales.set_defaults(run=_produce)
    return parser


def _up(options: argparse.Namespace) -> int:
    started = servers.start(options)
    say("Starting the shop, its functions, the job and the dashboard ...")
    url = running.keep_running(started, options.days)
    say(f"The dashboard: {url} (its first figures take about a minute).")
    say(f"Ready. Stop with: python -m bookstore down{repeated(options.directory)}")
    print(json.dumps({**started.endpoints, "dashboard": {"url": url}}))
    return 0


def _status(options: argparse.Namespace) -> int:
    found: dict[str, Any] = stack.status(options.directory)
    programs = running.program_status(options.directory)
    if not programs:
        say(f"The bookstore is closed. Open it with: python -m bookstore up{repeated(options.directory)}")
    elif found.get("kafka", {}).get("state") == "running":
        with contextlib.suppress(DevstackError), Lags(found["kafka"]["endpoints"]["bootstrap.servers"]) as lags:
            for name, lag in lags.read(GROUPS).items():
                programs.get(name, {})["lag"] = lag
    found |= programs
    print(json.dumps(found, indent=2))
    return 0 if programs and all(one["state"] == "running" for one in found.values()) else 1


def _inbox(options: argparse.Namespace) -> int:
    places = running.places_of(options.directory)
    for mail in read_inbox(places.aws, places.resources.inbox_url):
        print(mail.text, f"  {mail.link}" if mail.link else "", sep="\n" if mail.link else "", flush=True)
    return 0


def _down(options: argparse.Namespace) -> int:
    stopped = [*running.stop_programs(options.directory), *stack.stop(options.directory)]
    say(f"Stopped {', '.join(stopped)}." if stopped else f"Nothing was running in {options.directory}.")
    return 0


def _produce(options: argparse.Namespace) -> int:
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    plan = make_plan(end - timedelta(days=options.days), end, options.seed)
    total = produce(plan, broker_of(options), options.topic, options.speed)
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
