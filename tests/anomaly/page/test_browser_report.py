"""The page of arrays in Chromium: what is on the screen is what is in the arrays."""

import re
from pathlib import Path

import numpy as np
import pytest
from browsing import Browsing, open_full, view_data
from histories import history, write_page
from playwright.sync_api import expect

from anomaly.page import SeriesHistory

pytestmark = pytest.mark.browser


def test_the_chart_draws_exactly_the_values_of_the_arrays(
    browsing: Browsing, shop: str, sales: list[SeriesHistory]
) -> None:
    page = open_full(browsing, shop)
    expect(page.locator("#chart-heading")).to_have_text("item-A")
    expect(page.locator("#kpi-series")).to_have_text("2")
    drawn, item_a = view_data(page, "rows"), sales[0]

    assert [row["value"] for row in drawn] == item_a.value[-1440:].tolist()
    assert [row["expected_value"] for row in drawn] == item_a.expected_value[-1440:].tolist()
    assert [row["score"] for row in view_data(page, "score_bars")] == [
        s for s in item_a.score[-1440:].tolist() if s > 0
    ]
    assert [row["value"] for row in view_data(page, "alerts")] == item_a.value[-1440:][item_a.alert[-1440:]].tolist()
    assert browsing.requests == [shop]


def test_a_series_of_a_library_has_no_detector_to_name(browsing: Browsing, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    page = browsing.open(write_page(tmp_path / "page.html", history("<b>only</b>", random.poisson(9, 400) * 1.0)))
    page.locator("#about").evaluate("one => { one.open = true; }")

    expect(page.locator("#chart-heading")).to_have_text("<b>only</b>")
    expect(page.locator("#chart-subtitle")).to_have_text("sold per minute, UTC")
    assert "Detector" not in page.locator("#about-list dt").all_text_contents()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("All quiet"))
