"""What the path's programs have in common: one argument, logs on standard error, an end when they are asked."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from bookstore.pipeline.configuration import Places, read_places
from devstack.errors import DevstackError


def run_stage(name: str, description: str, run: Callable[[Places, threading.Event], None]) -> int:
    """Run a program of the path, as `python -m bookstore.pipeline.NAME PLACES`.

    Parameters
    ----------
    name
        Of its module.
    description
        What `--help` says it brings where.
    run
        Does the work until the event is set.

    Returns
    -------
    The exit code: 0 when it was asked to stop, 1 when it failed.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bookstore.pipeline.{name}", description=description)
    parser.add_argument("places", type=Path, help="the file with the places")
    places = read_places(parser.parse_args().places)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of its failures comes as exceptions
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        run(places, stopped)
    except DevstackError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0
