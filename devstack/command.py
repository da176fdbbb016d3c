"""What the commands of servers and of programs on them share: a folder, a broker, and how a command ends.

Results go to standard output, as one JSON object; everything said to people goes to standard error.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from devstack import stack
from devstack.errors import DevstackError

_DIRECTORY = Path(".devstack")
_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def run(name: str, options: argparse.Namespace) -> int:
    """Run the command that was chosen, `options.run`.

    Returns
    -------
    The exit code: the command's own, 0 when all went well, or 1 failed, 130 interrupted; argparse itself ends with 2.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of its failures comes as exceptions
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.run(options))
    except DevstackError as error:
        say(f"{name}: {error}")
        return 1
    except KeyboardInterrupt:
        say(f"{name}: interrupted{getattr(options, 'when_interrupted', '')}")
        return _INTERRUPTED


def add_command(
    commands: Any,  # noqa: ANN401 - argparse does not publish the type
    name: str,
    about: str,
    run: Callable[[argparse.Namespace], int],
    options: argparse.ArgumentParser | None = None,
) -> argparse.ArgumentParser:
    """Add a command to a parser's commands, with the options of a folder if no others are given."""
    parser: argparse.ArgumentParser = commands.add_parser(name, parents=[options or folder_options()], help=about)
    parser.set_defaults(run=run)
    return parser


def folder_options() -> argparse.ArgumentParser:
    """Give the options of every command that works on a folder of servers."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--directory", type=Path, default=_DIRECTORY, metavar="DIR", help="data and logs (default: %(default)s)"
    )
    return parser


def broker_options() -> argparse.ArgumentParser:
    """Give the options of every command that works on a broker, the folder's among them."""
    parser = argparse.ArgumentParser(add_help=False, parents=[folder_options()])
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="the broker (default: the one that `up` started)")
    return parser


def broker_of(options: argparse.Namespace) -> str:
    """Name the broker that a command means.

    Raises
    ------
    DevstackError
        None is named, and none runs in the folder.
    """
    if options.bootstrap:
        return str(options.bootstrap)
    kafka = stack.status(options.directory).get("kafka", {})
    if kafka.get("state") != "running":
        msg = (
            f"No broker runs in {options.directory}. Start one with: "
            f"python -m devstack up{repeated(options.directory)}, or name one with --bootstrap."
        )
        raise DevstackError(msg)
    return str(kafka["endpoints"]["bootstrap.servers"])


def repeated(directory: Path) -> str:
    """Repeat the option that names the folder, where it is not the default one, for a command to be typed next."""
    return "" if directory == _DIRECTORY else f" --directory {directory}"


def positive(text: str) -> float:
    """Read a number above 0 from the command line."""
    number = float(text)
    if not 0 < number < float("inf"):
        msg = f"{text} is not a number above 0"
        raise argparse.ArgumentTypeError(msg)
    return number


def say(text: str) -> None:
    """Tell a person."""
    print(text, file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
