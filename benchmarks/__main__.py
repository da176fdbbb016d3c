"""The command line of the benchmarks."""

import argparse
import json
import sys
from collections.abc import Sequence

from benchmarks import engine, lambdas

BENCHMARKS = {"engine": engine, "lambdas": lambdas}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its figures, as a table or as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHMARKS), help="what to measure")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    figures = BENCHMARKS[options.name].measure()
    print(json.dumps(figures, indent=1) if options.json else BENCHMARKS[options.name].table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
