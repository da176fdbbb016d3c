"""Pages of folders with results, and how they name what is in them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anomaly.page import carried_page
from dashboard.catalog import Catalog
from dashboard.snapshot import Choice, take_snapshot
from dashboard.source import open_source

Serve = Callable[[Path], str]


def name_of(one: Mapping[str, Any]) -> str:
    """Name a row's series as the page does."""
    return " / ".join(value for _, value in one["dimensions"])


def ms(time: datetime) -> int:
    """Count milliseconds since 1970, of a time in UTC."""
    return int(time.replace(tzinfo=UTC).timestamp() * 1000)


def build(folder: Path, page: Path, choice: Choice | None = None) -> str:
    """Write the page of a folder; return its address."""
    catalog = Catalog(open_source(str(folder), {}), "AnyBooks")
    catalog.refresh()
    page.write_text(carried_page(take_snapshot(catalog, choice or Choice(), 0)), "utf-8")
    return page.as_uri()
