"""The command line: `build` writes the page into one file, `serve` serves it and keeps it fresh."""

import argparse
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from anomaly.page import MAX_ALERTS, MAX_SERIES, carried_page
from dashboard.catalog import Catalog
from dashboard.errors import DashboardError
from dashboard.server import Refresher, make_app
from dashboard.snapshot import Choice, take_snapshot
from dashboard.source import open_source
from readers.times import utc

_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.WARNING)
    try:
        return int(options.run(options))
    except DashboardError as error:
        _say(f"dashboard: {error}")
        return 1
    except KeyboardInterrupt:
        _say("dashboard: interrupted")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard", description="A page of the results: chart, alerts, figures."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("source", metavar="SOURCE", help="folder or s3://bucket/prefix with dt=YYYY-MM-DD/*.parquet")
    common.add_argument("--title", default="Anomalies", help="the page's title (default: %(default)s)")

    build = commands.add_parser("build", parents=[common], help="write one file that needs no server and no network")
    build.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="where to write the page; - for standard output"
    )
    build.add_argument(
        "--series", action="append", default=[], metavar="NAME",
        help="carry this series whole, by name or identifier; may be repeated (default: those with the newest alerts)",
    )  # fmt: skip
    build.add_argument(
        "--max-series",
        type=_count,
        default=MAX_SERIES,
        metavar="N",
        help="how many series to carry whole (default: %(default)s)",
    )
    build.add_argument(
        "--max-alerts",
        type=_count,
        default=MAX_ALERTS,
        metavar="N",
        help="how many alerts to list (default: %(default)s)",
    )
    build.add_argument(
        "--from",
        dest="start",
        type=_time,
        metavar="TIME",
        help="leave out what is before, such as 2026-11-09 or 2026-11-09T12:00, UTC",
    )
    build.add_argument("--to", dest="end", type=_time, metavar="TIME", help="leave out what is from then on")
    build.set_defaults(run=_build)

    serve = commands.add_parser("serve", parents=[common], help="serve the page; new results appear by themselves")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    serve.add_argument(
        "--port", type=int, default=8050, help="port to listen on; 0 for any free one (default: %(default)s)"
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another name that browsers may call the server by; may be repeated",
    )
    serve.add_argument(
        "--refresh",
        type=_seconds,
        default=15.0,
        metavar="SECONDS",
        help="how often to look for news (default: %(default)s)",
    )
    serve.set_defaults(run=_serve)
    return parser


def _build(options: argparse.Namespace) -> int:
    began = time.monotonic()
    choice = Choice(tuple(options.series), options.max_series, options.max_alerts, start=options.start, end=options.end)
    if choice.start is not None and choice.end is not None and choice.start >= choice.end:
        msg = "--from must be before --to"
        raise DashboardError(msg)
    catalog = Catalog(open_source(options.source, os.environ), options.title)
    catalog.refresh()
    _refuse_strangers(catalog)
    for problem in catalog.problems():
        _say(f"dashboard: left out: {problem}")
    written = carried_page(take_snapshot(catalog, choice, time.time_ns() // 1_000_000)).encode()
    if options.output == "-":
        sys.stdout.buffer.write(written)
        return 0
    path = Path(options.output)
    _replace(path, written)
    _say(f"{path}: {len(written) / 1e6:.1f} MB, {time.monotonic() - began:.1f} s")
    return 0


def _serve(options: argparse.Namespace) -> int:
    catalog = Catalog(open_source(options.source, os.environ), options.title)
    catalog.check()
    try:
        listener = socket.create_server((options.host, options.port), family=_family(options.host))
    except OSError as error:
        msg = f"cannot listen on {options.host}:{options.port}: {error.strerror}; choose another --port"
        raise DashboardError(msg) from error
    host = f"[{options.host}]" if ":" in options.host else options.host
    refresher = Refresher(catalog, options.refresh)
    hosts = {host, "localhost", "127.0.0.1", "[::1]", *options.allow_host}
    app = make_app(catalog, refresher, options.title, options.refresh, sorted(hosts))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3))
    refresher.start()
    print(f"http://{host}:{listener.getsockname()[1]}/", flush=True)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # how one ends a server
    finally:
        refresher.stop()
    return 0


def _refuse_strangers(catalog: Catalog) -> None:
    """Raise when there are files and none of them can be shown."""
    overview = catalog.overview(alerts=0)
    if overview.newest is None and overview.problems:
        msg = "; ".join(overview.problems)
        raise DashboardError(msg)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that whoever looks sees the old one or the new one, whole."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).chmod(0o644)
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror}"
        raise DashboardError(msg) from error


def _time(text: str) -> int:
    try:
        return int(utc(text).timestamp() * 1000)
    except ValueError:
        msg = f"expected a time such as 2026-11-09 or 2026-11-09T12:00, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        msg = f"expected a whole number from 1 to 10000, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.2 <= value <= 86_400:
        msg = f"expected seconds from 0.2 to 86400, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value


def _say(text: str) -> None:
    print(text, file=sys.stderr)
