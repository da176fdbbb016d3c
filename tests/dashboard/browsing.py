"""A browser that remembers what its pages asked for and complained about."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, Page, expect

from anomaly.page import carried_page
from dashboard.catalog import Catalog
from dashboard.snapshot import Choice, take_snapshot
from dashboard.source import open_source

Serve = Callable[[Path], str]

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The page keeps its chart to itself; this hands the test what Vega made, without a word of it in the page.
_SHOW_VIEW = """
let real;
Object.defineProperty(window, "vegaEmbed", {
  set(made) { real = made; },
  get() { return (...given) => real(...given).then((result) => { window.testView = result.view; return result; }); },
});
"""


class Browsing:
    """Pages of one test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.expected_complaints: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for context in self._contexts:
            context.close()

    def open(self, url: str, *, width: int = 1440, height: int = 900, **options: Any) -> Page:  # noqa: ANN401
        """Open a page and wait until it is drawn."""
        options = {"color_scheme": "light", "reduced_motion": "reduce", "locale": "en-GB", **options}
        context = self._browser.new_context(viewport={"width": width, "height": height}, **options)
        context.add_init_script(_SHOW_VIEW)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        page.goto(url)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    def check(self) -> None:
        """Tell that every request went where the first one went, and that nobody complained."""
        outside = [url for url in self.requests if not url.startswith(("data:", _origin(self.requests[0])))]
        told = [text for text in self.complaints if not any(part in text for part in self.expected_complaints)]

        assert outside == []
        assert told == []


def view_data(page: Page, name: str) -> list[dict[str, Any]]:
    """Read what the chart has drawn: one of Vega's data sets."""
    rows: list[dict[str, Any]] = page.evaluate(
        f"window.testView.data({name!r}).map((row) => Object.fromEntries(Object.entries(row)))"
    )
    return rows


def _origin(url: str) -> str:
    return url.partition("#")[0] if url.startswith("file:") else "/".join(url.split("/")[:3]) + "/"


def open_full(browsing: Browsing, url: str, **options: Any) -> Page:  # noqa: ANN401
    """Open the bookstore's page and wait until all of it is there."""
    page = browsing.open(url, **options)
    expect(page.locator("#kpi-points")).to_have_text("8,640")
    expect(page.locator(".alert").first).to_be_visible()
    return page


def name_of(one: Mapping[str, Any]) -> str:
    """Name a row's series as the page does."""
    return " / ".join(value for _, value in one["dimensions"])


def shown(value: float) -> str:
    """Write a number as the page does: whole numbers grouped."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def cut(score: float) -> str:
    """Write a score as the page does: cut to one digit."""
    return f"{int(score * 10) / 10:g}"


def ms(time: datetime) -> int:
    """Count milliseconds since 1970, of a time in UTC."""
    return int(time.replace(tzinfo=UTC).timestamp() * 1000)


def build(folder: Path, page: Path, choice: Choice | None = None) -> str:
    """Write the page of a folder; return its address."""
    catalog = Catalog(open_source(str(folder), {}), "AnyBooks")
    catalog.refresh()
    page.write_text(carried_page(take_snapshot(catalog, choice or Choice(), 0)), "utf-8")
    return page.as_uri()
