"""A browser that remembers what its pages asked for and complained about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Start Chromium; without one the test is skipped, or fails where one is required."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if path is None:
        reason = "no Chromium on the PATH; on Debian: apt-get install chromium"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)  # for a machine that does much else
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
        yield browser


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
    """Open the page of three days of two products and wait until all of it is there."""
    page = browsing.open(url, **options)
    expect(page.locator("#kpi-points")).to_have_text("8,640")
    expect(page.locator(".alert").first).to_be_visible()
    return page


def shown(value: float) -> str:
    """Write a number as the page does: whole numbers grouped."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def cut(score: float) -> str:
    """Write a score as the page does: cut to one digit."""
    return f"{int(score * 10) / 10:g}"
