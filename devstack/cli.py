"""The command line: `up`, `status`, `down` and `topics`."""

import argparse
import json
from collections.abc import Sequence

from devstack import stack
from devstack.command import add_command, broker_of, broker_options, repeated, run, say
from devstack.topics import create_topics


def main(arguments: Sequence[str]) -> int:
    """Run one command; see `devstack.command.run`. For `status`, 1 is that not everything runs."""
    return run("devstack", _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstack", description="Real servers on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = add_command(commands, "up", "start servers; prints their addresses as JSON", _up)
    up.add_argument(
        "--only", type=_servers, default=list(stack.SERVERS), metavar="NAME[,NAME]",
        help=f"start just these: {', '.join(stack.SERVERS)}",
    )  # fmt: skip
    add_command(commands, "status", "say which servers run; exit code 1 when not all do", _status)
    add_command(commands, "down", "stop the servers; data and logs stay", _down)
    about = "create topics; the broker makes none by itself"
    topics = add_command(commands, "topics", about, _topics, broker_options())
    topics.add_argument("topics", nargs="+", type=_topic, metavar="NAME=PARTITIONS", help="such as sales=4 results=1")
    return parser


def _up(options: argparse.Namespace) -> int:
    started = start(options)
    say(f"Ready. Stop with: python -m devstack down{repeated(options.directory)}")
    print(json.dumps(started.endpoints))
    return 0


def start(options: argparse.Namespace) -> stack.Stack:
    """Start the servers that `options.only` names in `options.directory`, and say so."""
    before = stack.status(options.directory)
    if all(before.get(name, {}).get("state") == "running" for name in options.only):
        say(f"Running already: {', '.join(options.only)}.")
    else:
        say(f"Starting {', '.join(options.only)} in {options.directory} ...")
    return stack.start(options.directory, options.only)


def _status(options: argparse.Namespace) -> int:
    found = stack.status(options.directory)
    if not found:
        say(f"Nothing runs in {options.directory}. Start with: python -m devstack up{repeated(options.directory)}")
    print(json.dumps(found, indent=2))
    return 0 if found and all(server["state"] == "running" for server in found.values()) else 1


def _down(options: argparse.Namespace) -> int:
    stopped = stack.stop(options.directory)
    say(f"Stopped {', '.join(stopped)}." if stopped else f"Nothing was running in {options.directory}.")
    return 0


def _topics(options: argparse.Namespace) -> int:
    create_topics(broker_of(options), dict(options.topics))
    print(json.dumps(dict(options.topics)))
    return 0


def _servers(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in stack.SERVERS:
            msg = f"unknown server {name!r}; known: {', '.join(stack.SERVERS)}"
            raise argparse.ArgumentTypeError(msg)
    return names


def _topic(text: str) -> tuple[str, int]:
    name, _, partitions = text.partition("=")
    if not name or not partitions.isascii() or not partitions.isdigit() or int(partitions) < 1:
        msg = f"{text!r} is not NAME=PARTITIONS, such as sales=4"
        raise argparse.ArgumentTypeError(msg)
    return name, int(partitions)
