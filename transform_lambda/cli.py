"""The command: `write` results or flat rows as Parquet, `compact` small files."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from contracts.flat_results import Row, decode_row, flatten
from contracts.results import RecordError
from readers.storage import StorageError
from transform_lambda.parquet import ParquetStore
from transform_lambda.transformation import row_of

_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Those of the command line by default.

    Returns
    -------
    The exit code: 0, or 1 if a line was no result or a file no table of rows.
    """
    options = _parser().parse_args(arguments)
    try:
        store = ParquetStore(options.destination)
    except StorageError as error:
        sys.stderr.write(f"--destination: {error}\n")
        return 2
    if options.command == "compact":
        done = store.compact(options.before or datetime.now(UTC).date())
        sys.stderr.write(f"Merged {done.files} files.\n")
        sys.stderr.writelines(f"Left {path}: no table of results.\n" for path in done.left)
        return 1 if done.left else 0
    refused: list[int] = []
    written = store.write(_rows(sys.stdin.buffer, refused))
    sys.stderr.write(f"Read {written.rows} rows, added {written.added}.\n")
    if refused:
        numbers = ", ".join(map(str, refused[:_SHOWN])) + (", ..." if len(refused) > _SHOWN else "")
        sys.stderr.write(f"{len(refused)} lines are neither results nor flat rows: {numbers}.\n")
    return 1 if refused else 0


def _rows(lines: Iterable[bytes], refused: list[int]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _row(line)
        except RecordError:
            refused.append(number)


def _row(line: bytes) -> Row:
    try:
        return row_of(line)
    except RecordError:
        return flatten(decode_row(line))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m transform_lambda", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser(
        "write", help="write JSON lines from standard input; the same lines again change nothing"
    )
    compact = commands.add_parser("compact", help="merge small files into large ones, other writers' included")
    for command in (write, compact):
        command.add_argument("--destination", required=True, help="a folder, or s3://bucket/prefix")
    compact.add_argument(
        "--before", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the first day to leave alone; today by default"
    )
    return parser
