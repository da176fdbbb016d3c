"""Which columns of a table to use: its header, its timestamp column and its column of numbers."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from anomaly.cli.cells import Kind, kind_of
from anomaly.cli.command_errors import InputError
from anomaly.cli.times import EPOCH_UNITS

EPOCH_SECONDS = (1e8, 1e10)
"""Numbers in this range, in seconds or a finer unit, can be epoch times: the years 1973 to 2286."""

_TIME_WORDS = frozenset(["time", "timestamp", "ts", "date", "datetime", "when", "epoch", "unix"])


@dataclass(frozen=True, slots=True)
class Opening:
    """The first rows of a table."""

    names: tuple[str, ...]
    """A name per column: the header's, or column_1, column_2, ... where there is none."""
    has_header: bool
    """Whether the names are the file's own."""
    sample: Sequence[Sequence[str]]
    """The cells of the first rows after the header, each with one cell per name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns that the user named, as written: a name or a 1-based number each; empty or None where left open."""

    timestamp: str | None = None
    values: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns to use, as 0-based positions."""

    names: tuple[str, ...]
    """All columns' names."""
    has_header: bool
    """Whether the names are the file's own."""
    timestamp: int | None
    """Where the times are; None when rows have none."""
    values: tuple[int, ...]
    """Where the numbers are, at least one."""
    by: tuple[int, ...]
    """The columns whose texts tell the series apart; empty when the file holds one series."""
    others: tuple[int, ...]
    """Columns not used that hold neither times nor numbers: what might tell series apart."""

    def describe(self) -> str:
        """Return in one line which columns were taken."""
        times = self._no_times() if self.timestamp is None else listed(self.names, [self.timestamp])
        values = f"value column{'s' if len(self.values) > 1 else ''}: {listed(self.names, self.values)}"
        series = f"one series per {listed(self.names, self.by)}" if self.by else "1 series"
        header = "" if self.has_header else "; no header, so none is written"
        return f"timestamp column: {times}; {values}; {series}{header}"

    def _no_times(self) -> str:
        unread = [column for column in self.others if self.has_header and _sounds_like_time(self.names[column])]
        why = f" ({listed(self.names, unread)} is not written like 2024-08-29T13:35:00Z)" if unread else ""
        return f"none{why}, rows are taken in file order"


def has_header(first: Sequence[str], second: Sequence[str] | None) -> bool:
    """Return whether the first row holds names, not data.

    It does when no cell of it is a number or a time, or when one below a text is; a row with a time in it is data.
    """
    kinds = [kind_of(cell) for cell in first]
    if Kind.TIME in kinds:
        return False
    if Kind.NUMBER not in kinds and Kind.COMMA_NUMBER not in kinds:
        return True
    below = [kind_of(cell) for cell in second or ()]
    return any(
        upper is Kind.TEXT and lower in (Kind.NUMBER, Kind.COMMA_NUMBER, Kind.TIME)
        for upper, lower in zip(kinds, below, strict=False)
    )


def find_plan(table: Opening, asked: Asked) -> Plan:
    """Return which columns to use: those asked for, and where none were, the only ones that fit.

    Raises
    ------
    InputError
        When a named column does not exist, or when several columns fit, or none does.
    """
    by = tuple(_resolve(table, name, "--by") for name in asked.by)
    values = tuple(_resolve(table, name, "--value") for name in asked.values)
    kinds = [_kinds(table, column) for column in range(len(table.names))]
    if asked.timestamp is not None:
        timestamp: int | None = _resolve(table, asked.timestamp, "--timestamp")
    else:
        timestamp = _find_timestamp(table, kinds, {*by, *values})
    _refuse_repeats(table, [*values, *by, *([] if timestamp is None else [timestamp])])
    if not values:
        values = (_find_value(table, kinds, {*by, *([] if timestamp is None else [timestamp])}),)
    used = {timestamp, *values, *by}
    others = tuple(c for c, kind in enumerate(kinds) if c not in used and Kind.TEXT in kind)
    return Plan(table.names, table.has_header, timestamp, values, by, others)


def listed(names: Sequence[str], columns: Sequence[int]) -> str:
    """Return the names of columns, for a message."""
    return ", ".join(names[column] or f"(unnamed, number {column + 1})" for column in columns)


def _resolve(table: Opening, name: str, option: str) -> int:
    """Return the position of the column that a user calls `name`."""
    wanted = name.strip()
    found = [column for column, known in enumerate(table.names) if known == wanted]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        numbers = " and ".join(str(column + 1) for column in found)
        msg = f"{option} {wanted}: {len(found)} columns have this name; give the number, {numbers}"
        raise InputError(msg)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(table.names):
        return int(wanted) - 1
    if not table.has_header:
        msg = f"{option} {wanted}: the file has no header; give a column's number, 1 to {len(table.names)}"
        raise InputError(msg)
    lowered = {known.lower(): known for known in table.names}
    near = difflib.get_close_matches(wanted.lower(), lowered, n=1)
    hint = f"; did you mean {lowered[near[0]]}?" if near else ""
    everything = listed(table.names, range(len(table.names)))
    msg = f"{option} {wanted}: there is no such column, only {everything}{hint}"
    raise InputError(msg)


def _refuse_repeats(table: Opening, columns: Sequence[int]) -> None:
    for column in columns:
        if columns.count(column) > 1:
            msg = f"column {listed(table.names, [column])} is asked for more than once; each can be one thing"
            raise InputError(msg)


def _kinds(table: Opening, column: int) -> set[Kind]:
    return {kind_of(row[column]) for row in table.sample} - {Kind.MISSING}


def _find_timestamp(table: Opening, kinds: Sequence[set[Kind]], taken: set[int]) -> int | None:
    """Return the one column of ISO times, or else the one of epoch times; None if there is none."""
    free = [column for column in range(len(table.names)) if column not in taken]
    found = [column for column in free if kinds[column] == {Kind.TIME}]
    found = found or [column for column in free if kinds[column] == {Kind.NUMBER} and _is_epoch(table, column)]
    if len(found) > 1:
        names = listed(table.names, found)
        msg = f"{len(found)} columns hold times: {names}; choose one with --timestamp {_call(table, found[0])}"
        raise InputError(msg)
    return found[0] if found else None


def _is_epoch(table: Opening, column: int) -> bool:
    """Return whether a column of numbers looks like epoch times, by its name or place and by its size."""
    likely = _sounds_like_time(table.names[column]) if table.has_header else column == 0
    numbers = [abs(float(row[column])) for row in table.sample if kind_of(row[column]) is Kind.NUMBER]
    low, high = EPOCH_SECONDS
    return likely and all(any(low <= number / unit < high for unit in EPOCH_UNITS) for number in numbers)


def _sounds_like_time(name: str) -> bool:
    words = re.split(r"[\W_]+", name.lower())
    return not _TIME_WORDS.isdisjoint(words) or words[-1].endswith(("time", "timestamp", "date"))


def _find_value(table: Opening, kinds: Sequence[set[Kind]], taken: set[int]) -> int:
    """Return the one column of numbers."""
    free = [column for column in range(len(table.names)) if column not in taken]
    found = [column for column in free if kinds[column] == {Kind.NUMBER}]
    # A column of numbers without a name is the row number that pandas and R write.
    named = [column for column in found if table.names[column] not in ("", "Unnamed: 0")]
    found = named or found
    if len(found) == 1:
        return found[0]
    if found:
        every = ",".join(_call(table, column) for column in found)
        msg = (
            f"{len(found)} columns hold numbers: {listed(table.names, found)}; choose one with "
            f"--value {_call(table, found[0])}, or take several as one observation with --value {every}"
        )
        raise InputError(msg)
    commas = [column for column in free if Kind.COMMA_NUMBER in kinds[column]]
    if commas:
        cell = next(row[commas[0]] for row in table.sample if kind_of(row[commas[0]]) is Kind.COMMA_NUMBER)
        msg = (
            f"column {listed(table.names, commas[:1])} has numbers with a comma ({cell.strip()!r}); write them with a "
            "decimal point and nothing between thousands"
        )
        raise InputError(msg)
    cells = (
        f" (first row: {', '.join(cell.strip() or 'empty' for cell in table.sample[0])[:200]})" if table.sample else ""
    )
    everything = listed(table.names, range(len(table.names)))
    msg = f"no column of numbers was found among {everything}{cells}; name it with --value COL if there is one"
    raise InputError(msg)


def _call(table: Opening, column: int) -> str:
    """Return what the user can type for a column."""
    name = table.names[column]
    plain = name and table.names.count(name) == 1 and not re.search(r"[\s,\"'$;]", name)
    return name if table.has_header and plain else str(column + 1)
