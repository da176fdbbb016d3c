"""`anomaly score`: from an input to an output, a batch of rows at a time."""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, cast

from anomaly.cli.cells import Kind, kind_of
from anomaly.cli.columns import Asked, Opening, Plan, find_plan, has_header
from anomaly.cli.command_errors import CommandError, InputError
from anomaly.cli.interrupts import swallowed_interrupts
from anomaly.cli.output import Output, open_output
from anomaly.cli.progress import Progress
from anomaly.cli.scoring import RowScorer, appended_names
from anomaly.cli.summary import summary_lines
from anomaly.cli.tables.formats import open_table, refuse_name
from anomaly.cli.tables.table import Row, Table
from anomaly.config import DetectorConfig

OPENING_ROWS = 20
"""Rows looked at, at most, to find the columns; fewer when one comes early in which no cell is empty."""
BATCH_ROWS = 4096
"""Rows scored at a time, at most: a fraction of a second, so that Ctrl-C and the progress line don't wait longer."""


def score(source: Path | None, target: Path | None, asked: Asked, settings: DetectorConfig) -> None:
    """Score the rows of a CSV file and write them with the results appended.

    Parameters
    ----------
    source
        The input; None for standard input.
    target
        The output; None for standard output.
    asked
        The columns that the user named.
    settings
        Of every series' detector; `features` must be the number of value columns, 1 if none is named.

    Raises
    ------
    CommandError
        When the input can't be scored or the output not be written; it names the file.
    BrokenPipeError
        When nobody reads the output any more.
    """
    for path in (source, target):
        if path is not None:
            refuse_name(path)
    with _opened(source) as stream:
        try:
            _score_stream(stream, target, asked, settings)
        except InputError as error:
            msg = f"{source or 'standard input'}: {error}"
            raise CommandError(msg) from error


def say(message: str) -> None:
    """Tell the user something on standard error; if nobody listens there, that is no reason to stop."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)


def _score_stream(stream: io.BufferedReader, target: Path | None, asked: Asked, settings: DetectorConfig) -> None:
    progress = Progress(sys.stderr if target or not _is_terminal(sys.stdout) else None, _size(stream))
    table = open_table(stream)
    first, plan = _look(table, asked)
    names = appended_names(plan)
    scorer = RowScorer(plan, settings)
    with open_output(target, stream) as output:
        say(plan.describe())
        output.write(table.opening(first.pop(0) if plan.has_header else None, names))
        try:
            _score_rows(table, first, scorer, output, progress)
        finally:
            progress.clear()
        if scorer.rows == 0:
            msg = "the input has only empty rows; a row per observation was expected"
            raise InputError(msg)
    for line in summary_lines(scorer.summary(), plan, settings.output_after):
        say(line)


def _look(table: Table, asked: Asked) -> tuple[list[Row], Plan]:
    """Read the first rows and return them, with the columns that they suggest."""
    rows = table.rows(1)
    while len(rows) < 2 or (len(rows) <= OPENING_ROWS and Kind.MISSING in map(kind_of, rows[-1].cells)):
        more = table.rows(1)
        if not more:
            break
        rows += more
    if not rows:
        msg = "the input has no rows; a CSV file with a row per observation was expected"
        raise InputError(msg)
    headed = has_header(rows[0].cells, rows[1].cells if len(rows) > 1 else None)
    if headed and len(rows) == 1:
        msg = "the input has a header but no rows; a row per observation was expected below it"
        raise InputError(msg)
    width = len(rows[0].cells)
    names = rows[0].cells if headed else tuple(f"column_{number}" for number in range(1, width + 1))
    sample = [row.cells for row in rows[1 if headed else 0 :] if len(row.cells) == width]
    return rows, find_plan(Opening(tuple(name.strip() for name in names), headed, sample), asked)


def _score_rows(table: Table, rows: list[Row], scorer: RowScorer, output: Output, progress: Progress) -> None:
    """Score rows in batches as they arrive; what precedes a row that can't be scored is written first."""
    with swallowed_interrupts() as raise_if_interrupted:
        while rows:
            progress.show(scorer.rows, table.bytes_read())
            taken: list[Row] = []
            failure: InputError | None = None
            for row in rows:
                try:
                    if scorer.add(row):
                        taken.append(row)
                except InputError as error:
                    failure = error
                    break
            output.write(table.extended(taken, scorer.flush()))
            if failure is not None:
                raise failure
            raise_if_interrupted()
            rows = table.rows(BATCH_ROWS)


@contextmanager
def _opened(source: Path | None) -> Iterator[io.BufferedReader]:
    if source is None:
        if sys.stdin is None:
            msg = "standard input is closed; name a file"
            raise CommandError(msg)
        yield cast("io.BufferedReader", sys.stdin.buffer)
        return
    try:
        file = source.open("rb")
    except OSError as error:
        msg = f"can't read {source}: {error.strerror or error}"
        raise CommandError(msg) from error
    with file:
        yield file


def _size(stream: io.BufferedReader) -> int | None:
    """Return the size of the file behind a stream in bytes; None if it is no file."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
