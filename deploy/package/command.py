"""The command line: `python -m deploy package`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.errors import DeployError
from deploy.package.build import build, origin_of, write_sums
from deploy.package.compiled import find_python
from deploy.package.contents import PACKAGES
from deploy.package.wheels import PYTHON

ROOT = Path(__file__).parents[2]
WHEELS = ROOT / "build" / "wheels"
FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Build the packages and list them.

    Parameters
    ----------
    arguments
        The command line after `package`.

    Returns
    -------
    Exit code: 0 when all is built, 1 when something is in the way, which is then said in one line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m deploy package", description="Builds the Managed Flink zip and one zip per Lambda."
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="DIR", help="default: dist/")
    names = [package.name for package in PACKAGES]
    parser.add_argument("--only", choices=names, action="append", help="build this one; may be repeated")
    options = parser.parse_args(arguments)
    wanted = [package for package in PACKAGES if options.only is None or package.name in options.only]
    origin, python = origin_of(ROOT), find_python()
    try:
        built = build(ROOT, wanted, options.output, WHEELS, python)
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return FAILED
    write_sums(options.output, built, origin, python)
    for package in built:
        print(f"{package.sha256}  {package.size / 1e6:6.1f} MB  {package.path}")
    print(origin)
    if python is None:
        print(f"There is no Python {PYTHON} here, so the Lambdas are not compiled: their cold starts take longer.")
    return 0
