"""The command line: `demo`, `up`, `status`, `inbox`, `down` and `produce`."""

import argparse
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bookstore import demo
from bookstore.lag import read_lags
from bookstore.pipeline import running
from bookstore.pipeline.configuration import GROUPS
from bookstore.pipeline.inbox import read_inbox
from bookstore.produce import produce
from bookstore.sales import make_plan
from devstack import cli as servers
from devstack import stack
from devstack.command import add_command, broker_of, broker_options, positive, repeated, run, say
from devstack.errors import DevstackError
from devstack.topics import open_admin


def main(arguments: Sequence[str]) -> int:
    """Run one command; see `devstack.command.run`. For `status`, 1 is that not everything runs."""
    return run("bookstore", _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bookstore", description="The example: a bookstore's sales, the whole way, on this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo.add_demo_command(commands)
    up = add_command(commands, "up", "start the servers, the shop, its functions, the job and the dashboard", _up)
    up.add_argument(
        "--days", type=positive, default=2, help="days of sales that a new shop begins with (default: %(default)s)"
    )
    up.set_defaults(only=list(stack.SERVERS))
    about = "say what runs, how far and how far behind; exit code 1 when not all runs"
    add_command(commands, "status", about, _status)
    add_command(commands, "inbox", "show the alerts that have arrived since the last look", _inbox)
    add_command(commands, "down", "stop everything; data and logs stay", _down)
    about = "sell books: the sales of some days, into a Kafka topic"
    sales = add_command(commands, "produce", about, _produce, broker_options())
    sales.add_argument("--topic", required=True, help="an existing topic")
    sales.add_argument("--days", type=positive, default=14, help="how many days, up to now (default: %(default)s)")
    sales.add_argument("--seed", type=int, default=1, help="which sales (default: %(default)s)")
    pace = sales.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=positive, metavar="N", help="N times as fast as the clock")
    pace.add_argument("--as-fast-as-possible", action="store_true", help="the default")
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
        with contextlib.suppress(DevstackError), open_admin(found["kafka"]["endpoints"]["bootstrap.servers"]) as admin:
            for name, lag in read_lags(admin, GROUPS).items():
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
