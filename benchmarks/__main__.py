"""The command line of the benchmarks."""

import argparse
import json
import sys
from collections.abc import Sequence

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
        benchmark.add_options(one)
    options = parser.parse_args(arguments)
    benchmark = BENCHMARKS[options.name]
    figures = benchmark.run(options)
    print(json.dumps(figures, indent=1) if options.json else benchmark.table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
