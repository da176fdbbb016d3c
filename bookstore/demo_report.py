"""What the demo makes of the result records: the table of the series, the final reckoning.

Pure: records in, text out.
"""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bookstore.sales import PlantedSpike
from contracts.results import Result

_AFTERWARDS = timedelta(minutes=3)  # how long after a spike an alert still counts as its own
_COLUMNS = ("series", "minutes", "stage", "confidence", "last", "expected", "score", "alerts")


@dataclass(slots=True)
class SeriesView:
    """What is known of one series; `last` is its newest record."""

    last: Result
    minutes: int = 0
    alerts: list[Result] = field(default_factory=list)


class Tracker:
    """Follows the results topic; a record that is repeated counts once."""

    def __init__(self) -> None:
        self.series: dict[str, SeriesView] = {}
        self._seen: set[tuple[str, str]] = set()

    def add(self, result: Result) -> None:
        """Take one record."""
        identity = (result.timeseries_id, result.detection_period_start_time)
        if identity in self._seen:
            return
        self._seen.add(identity)
        view = self.series.setdefault(series_name(result), SeriesView(result))
        if result.detection_period_start_time >= view.last.detection_period_start_time:
            view.last = result
        view.minutes += 1
        if result.alert:
            view.alerts.append(result)

    @property
    def minutes(self) -> int:
        """Number of records, over all series."""
        return len(self._seen)

    def alerts(self) -> list[Result]:
        """List the alerts of all series, in order of time."""
        every = (alert for view in self.series.values() for alert in view.alerts)
        return sorted(every, key=lambda alert: (alert.detection_period_start_time, series_name(alert)))


def series_name(result: Result) -> str:
    """Name a series as people do: by the values of its dimensions."""
    return " / ".join(dimension.value for dimension in result.dimension_list) or result.measure


def table(tracker: Tracker) -> list[str]:
    """Lay out one line for each series under a heading; no lines before the first record."""
    rows = [_row(name, view) for name, view in sorted(tracker.series.items())]
    if not rows:
        return []
    widths = [max(len(row[column]) for row in (_COLUMNS, *rows)) for column in range(len(_COLUMNS))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])

    return [line(_COLUMNS), *map(line, rows)]


def _row(name: str, view: SeriesView) -> tuple[str, ...]:
    last = view.last
    learning = last.model_stage == "LEARNING"
    return (
        name,
        f"{view.minutes:,}",
        last.model_stage.lower(),
        f"{last.anomaly_confidence_score:.0f} %",
        f"{last.aggregated_measure_value:g}",
        "-" if learning else f"{last.expected_value:.0f} ({_band(last)})",
        "-" if learning else f"{last.anomaly_score:.0f}",
        str(len(view.alerts)),
    )


def _band(result: Result) -> str:
    return f"{result.lower_bound:.0f}-{result.upper_bound:.0f}"


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How the alerts compare with what was planted."""

    found: tuple[PlantedSpike, ...]
    missed: tuple[PlantedSpike, ...]
    """Planted spikes with and without an alert."""
    unexplained: tuple[Result, ...]
    """Alerts that belong to no planted spike."""


def reckon(planted: Iterable[PlantedSpike], alerts: Iterable[Result]) -> Reckoning:
    """Match alerts with spikes: of the same product, in a minute of the spike or within 3 minutes after it."""
    spikes = sorted(planted, key=lambda spike: spike.start)
    found: set[PlantedSpike] = set()
    unexplained = []
    by_product: dict[str, list[PlantedSpike]] = {}
    for spike in spikes:
        by_product.setdefault(spike.product, []).append(spike)
    for alert in alerts:
        start = datetime.fromisoformat(alert.detection_period_start_time).replace(tzinfo=UTC)
        candidates = by_product.get(series_name(alert), [])
        # Spikes lie far apart: only the last one that started can be meant.
        position = bisect.bisect_right(candidates, start, key=lambda spike: spike.start) - 1
        if position >= 0 and start < candidates[position].end + _AFTERWARDS:
            found.add(candidates[position])
        else:
            unexplained.append(alert)
    return Reckoning(
        tuple(spike for spike in spikes if spike in found),
        tuple(spike for spike in spikes if spike not in found),
        tuple(unexplained),
    )


def reckoning_lines(reckoning: Reckoning) -> list[str]:
    """Say how many spikes were found, and which not."""
    planted = len(reckoning.found) + len(reckoning.missed)
    found = f"{len(reckoning.found)} of {planted} planted spikes found" if planted else "No spikes were planted"
    lines = [f"{found}, {_alerts(len(reckoning.unexplained))}."]
    lines += [
        f"  missed: {spike.product}, {spike.factor:g} times the usual sales from {spike.start:%H:%M} "
        f"to {spike.end:%H:%M} on {spike.start.day} {spike.start:%b}"
        for spike in reckoning.missed
    ]
    return lines


def _alerts(count: int) -> str:
    return "no other alert" if count == 0 else "1 other alert" if count == 1 else f"{count} other alerts"
