"""Two series a minute over three days, scored by the library's own detector, and their page."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from anomaly import Detector
from anomaly.page import SeriesHistory, carried_page, report_content

START = np.datetime64("2026-11-09T00:00", "m")
MINUTES = 3 * 1440
WRITTEN = 1_794_000_000_000


def history(label: str, value: npt.NDArray[np.float64]) -> SeriesHistory:
    """Score a series a minute that begins on 9 November 2026."""
    time = START + np.arange(len(value)) * np.timedelta64(1, "m")
    found = Detector().process_many(value, time)
    return SeriesHistory(
        label=label,
        time=time,
        value=value,
        score=found.score,
        expected_value=found.expected_value,
        lower_bound=found.lower_bound,
        upper_bound=found.upper_bound,
        alert=found.alert,
        learning=found.stage == "LEARNING",
        direction=found.direction,
        reason=found.reason,
        measure="sold",
        confidence=float(found.confidence[-1]),
        dimensions=[("product", label)],
    )


def products() -> list[SeriesHistory]:
    """Two products whose sales are halved every other hour; two spikes of the one, a dip of the other."""
    random = np.random.default_rng(3)
    hours = np.arange(MINUTES) // 60
    item_a = random.poisson(np.where(hours % 2, 10, 20)).astype(np.float64)
    item_b = random.poisson(np.where(hours % 2, 100, 200)).astype(np.float64)
    item_a[[2000, 4200]] = 75
    item_b[4000:4003] = 0
    return [history("item-A", item_a), history("item-B", item_b)]


def write_page(path: Path, *series: SeriesHistory) -> str:
    """Write the page of some series; return its address."""
    path.write_text(carried_page(report_content(series, title="AnyBooks", source="arrays", written=WRITTEN)), "utf-8")
    return path.as_uri()
