"""The command line of the benchmarks."""

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import detector, forest, lambdas
from benchmarks.quality import command as quality

BENCHMARKS = {"detector": detector, "forest": forest, "quality": quality, "lambdas": lambdas}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its figures, as a table or as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, benchmark in BENCHMARKS.items():
        about = (benchmark.__doc__ or "").strip().partition("\n")[0]
        one = names.add_parser(name, help=about, description=benchmark.__doc__)
        one.add_argument("--json", action="store_true", help="print JSON instead of a table")
        one.add_argument("--update", type=Path, metavar="FILE.md", help="also writes the table into this page")
        benchmark.add_options(one)
    options = parser.parse_args(arguments)
    benchmark = BENCHMARKS[options.name]
    figures = benchmark.run(options)
    table = f"{benchmark.table(figures)}\n\n{machine()}"
    print(json.dumps({"machine": machine(), **figures}, indent=1) if options.json else table)
    if options.update:
        page = options.update.read_text(encoding="utf-8")
        options.update.write_text(updated(page, options.name, table), encoding="utf-8")
    return 0


def machine() -> str:
    """Say where, with what and when something was measured, in one line."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE) if info.exists() else []
    processor = models[0] if models else platform.processor() or platform.machine()
    day = datetime.now(UTC).date()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {day}"


def updated(page: str, name: str, table: str) -> str:
    """Return a page of Markdown with a benchmark's table in place of the one under its mark.

    The mark is the line `<!-- python -m benchmarks NAME -->`; the table is the block of text that follows.

    Raises
    ------
    SystemExit
        When the page has no such mark with a block.
    """
    mark = f"<!-- python -m benchmarks {name} -->"
    block = re.compile(re.escape(mark) + r"\n+```text\n.*?```", re.DOTALL)
    if not block.search(page):
        msg = f"the page has no line {mark} with a block of ```text below it"
        raise SystemExit(msg)
    return block.sub(lambda _: f"{mark}\n\n```text\n{table}\n```", page)


if __name__ == "__main__":
    sys.exit(main())
