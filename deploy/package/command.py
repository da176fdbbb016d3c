"""`python -m deploy package`: the Managed Flink zip and one zip per Lambda."""

import argparse
from pathlib import Path
from typing import Any

from deploy.package.build import build, origin_of, write_sums
from deploy.package.compiled import find_python
from deploy.package.contents import PACKAGES
from deploy.package.wheels import PYTHON

ROOT = Path(__file__).parents[2]
WHEELS = ROOT / "build" / "wheels"


def add_package_command(commands: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    """Add the command to a parser's commands; its `run` default builds the packages and lists them."""
    parser = commands.add_parser("package", help="build the Managed Flink zip and one zip per Lambda into dist/")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="DIR", help="default: dist/")
    names = [package.name for package in PACKAGES]
    parser.add_argument("--only", choices=names, action="append", help="build this one; may be repeated")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    wanted = [package for package in PACKAGES if options.only is None or package.name in options.only]
    origin, python = origin_of(ROOT), find_python()
    built = build(ROOT, wanted, options.output, WHEELS, python)
    write_sums(options.output, built, origin, python)
    for package in built:
        print(f"{package.sha256}  {package.size / 1e6:6.1f} MB  {package.path}")
    print(origin)
    if python is None:
        print(f"There is no Python {PYTHON} here, so the Lambdas are not compiled: their cold starts take longer.")
    return 0
