"""What a run has seen, and how it is told."""

from dataclasses import dataclass

from anomaly.cli.columns import Plan, listed


@dataclass(frozen=True, slots=True)
class Strongest:
    """The alert with the highest score: its score, the line it stands in, its time as written, its series, and why."""

    score: float
    line: int
    time: str
    series: tuple[str, ...]
    reason: str | None = None


@dataclass(slots=True)
class Summary:
    """What was seen so far."""

    rows: int = 0
    """Rows scored."""
    missing: int = 0
    """Those of them without a number."""
    empty: int = 0
    """Rows left out because all their cells are empty."""
    repeated_times: int = 0
    """Rows with the same time as the row before them in their series."""
    anomalies: int = 0
    alerts: int = 0
    """Rows over the threshold, and rows that people should hear of."""
    series: int = 0
    learning_series: int = 0
    """Series, and those of them that are still in the LEARNING stage."""
    strongest: Strongest | None = None
    """The alert with the highest score; None before the first."""


def summary_lines(summary: Summary, plan: Plan, output_after: int | None) -> list[str]:
    """Return what to say at the end: one line, and one for each thing that its reader should know of.

    Parameters
    ----------
    summary
        What was seen.
    plan
        The columns that were used.
    output_after
        Length of the LEARNING stage in rows; None if it is that of a day, 32 to 300.
    """
    line = (
        f"{_count(summary.rows, 'row')}, {summary.series:,} series: "
        f"{_count(summary.anomalies, 'anomaly', 'anomalies')}, {_count(summary.alerts, 'alert')}"
    )
    if summary.strongest is not None:
        strongest = summary.strongest
        where = ", ".join([*strongest.series, strongest.time or f"line {strongest.line}"])
        why = f": {strongest.reason}" if strongest.reason else ""
        line += f"; strongest alert: {where}, score {strongest.score:.2f}{why}"
    lines = [line]
    if summary.learning_series:
        which = "" if summary.learning_series == summary.series else f" in {summary.learning_series:,} of the series"
        first = (
            "rows of a day, at least 32 and at most 300,"
            if output_after is None
            else f"{output_after} rows of a series"
        )
        lines.append(f"note: no scores yet{which}: the first {first} are learned, not scored")
    if summary.missing:
        lines.append(f"note: {_count(summary.missing, 'row')} without a number below 1e30, taken as missing, score 0")
    if summary.empty:
        lines.append(f"note: {_count(summary.empty, 'empty row')} left out")
    if summary.repeated_times:
        several = summary.repeated_times > summary.rows // 20 and not plan.by and plan.others
        hint = f"; if the file holds several series, tell them apart with --by {listed(plan.names, plan.others)}"
        lines.append(
            f"warning: {_count(summary.repeated_times, 'row')} with the same time as the row before, "
            f"scored in file order{hint if several else ''}"
        )
    return lines


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
