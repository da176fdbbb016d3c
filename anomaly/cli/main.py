"""The command line: `anomaly score` scores the rows of a CSV file, `anomaly warm-up` compiles the kernels."""

import argparse
import csv
import sys
import textwrap
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from anomaly.cli.cells import MISSING_WORDS
from anomaly.cli.columns import Asked
from anomaly.cli.command_errors import CommandError
from anomaly.cli.score_command import say, score
from anomaly.cli.warm_up_command import warm_up as run_warm_up
from anomaly.config import DetectorConfig
from anomaly.detections import APPENDED
from anomaly.records import APPENDED_FIELDS, names_of

_SCORE_HELP = """\
Scores every row of a CSV file for how strange it is, against the rows before it, and writes the same rows, unchanged,
with these columns appended:

"""
_SCORE_NOTES = f"""\
columns:
  Without options, the column of times and the column of numbers are found in the first rows, and named on standard
  error. If several fit, name one. COL is a name from the header, or a number that counts from 1.
  With several value columns a row is one observation of several numbers: each is judged by itself, and all together;
  expected_value, lower_bound and upper_bound then come once per value column, with its name added:
  expected_value_cpu, expected_value_mem, lower_bound_cpu, ...

input:
  CSV in UTF-8, cells separated by comma, semicolon or tab, with or without a header (without one, none is written);
  gzip is unpacked. Times are ISO 8601, or seconds, milliseconds, microseconds or nanoseconds since 1970, oldest first
  within each series; without an offset they are UTC. An empty cell is a missing value, as are
  {", ".join(MISSING_WORDS)}. Empty rows are left out. Without OUT, rows are written as soon as they are scored.

examples:
  anomaly score sales.csv -o scored.csv
  anomaly score sales.csv --timestamp event_time --value quantity --by product_name -o scored.csv
  tail -n +1 -f metrics.csv | anomaly score --value cpu,mem > scored.csv

exit status: 0 when all rows were scored, 2 when something has to be put right first, 130 after Ctrl-C
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        The arguments after the program's name; those of the process if not given.

    Returns
    -------
    int
        The exit status: 0 when done; 2 when the input or an option has to be put right, said in one line on standard
        error; 130 when interrupted; 141 when nobody reads the output any more.
    """
    command = "anomaly"
    try:
        arguments = _parser().parse_args(argv)
        command = f"anomaly {arguments.command}"
        return int(arguments.run(arguments))
    except SystemExit as stop:  # argparse has said why
        return stop.code if isinstance(stop.code, int) else 2
    except CommandError as error:
        say(f"{command}: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with an option."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="anomaly", description="Streaming anomaly detection for time series.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"anomaly {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    score = commands.add_parser(
        "score",
        help="score every row of a CSV file",
        description=_SCORE_HELP + _appended_columns(),
        epilog=_SCORE_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    score.add_argument("input", nargs="?", metavar="IN.csv", help="the file to score; - or nothing for standard input")
    score.add_argument(
        "-o",
        "--output",
        metavar="OUT.csv",
        help="the file to write, complete or not at all; packed if it ends in .gz; - or nothing for standard output",
    )
    score.add_argument("--timestamp", metavar="COL", help="the column of times")
    score.add_argument("--value", metavar="COL[,COL]", type=_column_list, default=(), help="the column(s) of numbers")
    score.add_argument(
        "--by",
        metavar="COL[,COL]",
        type=_column_list,
        default=(),
        help="the column(s) that tell several series in one file apart; each series is learned on its own",
    )
    score.add_argument(
        "--threshold", type=float, default=DetectorConfig.threshold, help="scores over it are anomalies (%(default)s)"
    )
    score.add_argument(
        "--learn",
        metavar="N",
        type=int,
        default=None,
        help="rows of each series that are learned before scores begin, from 12 (default: those of a day, 32 to 300)",
    )
    score.set_defaults(run=_score)
    warm_up = commands.add_parser(
        "warm-up",
        help="compile the kernels now, for images",
        description="Compiles every kernel for this machine and keeps the machine code: nobody waits for it later.",
        allow_abbrev=False,
    )
    warm_up.set_defaults(run=_warm_up)
    return parser


def _appended_columns() -> str:
    """Describe the columns that are appended, as a table of two columns."""
    names = names_of(APPENDED_FIELDS)
    width = max(map(len, names)) + 4
    return "".join(
        textwrap.fill(APPENDED[each.name], 120, initial_indent=f"  {name}".ljust(width), subsequent_indent=" " * width)
        + "\n"
        for name, each in zip(names, APPENDED_FIELDS, strict=True)
    )


def _column_list(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
    if not names or not all(names):
        msg = f"expected column names separated by commas, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return names


def _score(arguments: argparse.Namespace) -> int:
    asked = Asked(arguments.timestamp, arguments.value, arguments.by)
    try:
        settings = DetectorConfig(
            threshold=arguments.threshold, output_after=arguments.learn, features=len(asked.values) or 1
        )
    except ValueError as error:
        raise CommandError(str(error).replace("output_after", "--learn")) from None
    source = None if arguments.input in (None, "-") else Path(arguments.input)
    target = None if arguments.output in (None, "-") else Path(arguments.output)
    if arguments.input is None and sys.stdin is not None and sys.stdin.isatty():
        msg = "no input; name a file, or pipe rows in; see anomaly score --help"
        raise CommandError(msg)
    score(source, target, asked, settings)
    return 0


def _warm_up(_: argparse.Namespace) -> int:
    run_warm_up()
    return 0


def _version() -> str:
    try:
        return metadata.version("anomaly")
    except metadata.PackageNotFoundError:
        return "(version unknown: not installed, run from its source)"
