"""The page in Chromium: looking around with alerts, links, dates, mouse and picker."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from browsing import Browsing, open_full, shown, view_data
from playwright.sync_api import expect
from result_files import read
from result_pages import ms, name_of

pytestmark = pytest.mark.browser


def test_an_alert_jumps_to_the_chart_and_back_goes_back(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    alerts = [one for one in read(bookstore) if one["alert"]]
    other = next(one for one in reversed(alerts) if name_of(one) != name_of(alerts[-1]))
    at = other["detection_period_start_time"]
    page = open_full(browsing, anybooks)
    page.locator(".alert", has_text=name_of(other)).first.click()
    expect(page.locator("#chart-heading")).to_have_text(name_of(other))
    expect(page.locator("#readout")).to_contain_text("alert")

    assert page.evaluate("location.hash") == f"#series={other['timeseries_id']}&at={at:%Y-%m-%dT%H:%M:%SZ}"
    expect(page.locator("#readout b")).to_have_text(shown(other["aggregated_measure_value"]))
    expect(page.locator("#from")).to_have_value(f"{at - timedelta(hours=3):%Y-%m-%dT%H:%M}")
    assert view_data(page, "cursor") == [{"start": ms(at), "value": other["aggregated_measure_value"]}]
    page.go_back()
    expect(page.locator("#chart-heading")).to_have_text(name_of(alerts[-1]))


def test_a_link_from_an_alert_mail_opens_that_series_at_that_time(
    browsing: Browsing, shop: str, bookstore: Path
) -> None:
    alert = next(one for one in read(bookstore) if one["alert"])
    at = alert["detection_period_start_time"]
    page = open_full(browsing, f"{shop}#series={alert['timeseries_id']}&at={at:%Y-%m-%dT%H:%M:%SZ}")

    expect(page.locator("#chart-heading")).to_have_text(name_of(alert))
    assert view_data(page, "cursor") == [{"start": ms(at), "value": alert["aggregated_measure_value"]}]
    expect(page.locator(".alert[aria-current]")).to_have_count(1)


def test_a_link_to_a_series_that_is_not_there_says_so_and_shows_another(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, f"{shop}#series=<b>nobody</b>&at=never")

    expect(page.locator("#notices")).to_contain_text("<b>nobody</b>")
    expect(page.locator("#chart-heading")).to_have_text(re.compile("item-"))


def test_dates_choose_the_time_in_utc(browsing: Browsing, shop: str, bookstore: Path) -> None:
    page = open_full(browsing, shop, timezone_id="America/St_Johns")
    name = page.locator("#chart-heading").inner_text()
    page.locator("#from").fill("2026-11-10T06:00")
    page.locator("#to").fill("2026-11-10T08:30")
    expect(page.locator("#values summary")).to_have_text("Values as a table (150 rows)")
    expected = [
        one["aggregated_measure_value"]
        for one in read(bookstore)
        if name_of(one) == name
        and datetime(2026, 11, 10, 6) <= one["detection_period_start_time"] < datetime(2026, 11, 10, 8, 30)  # noqa: DTZ001
    ]

    assert [one["value"] for one in view_data(page, "rows")] == expected
    assert page.evaluate("location.hash").endswith("&from=2026-11-10T06:00:00Z&to=2026-11-10T08:30:00Z")
    page.locator("#earlier").click()
    expect(page.locator("#from")).to_have_value("2026-11-10T03:30")


def test_dates_the_wrong_way_round_are_marked_and_change_nothing(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    before = page.evaluate("location.hash")
    page.locator("#from").fill("2026-11-20T06:00")

    expect(page.locator("#to")).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("location.hash") == before


def test_dragging_over_the_chart_zooms(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    box = page.locator("#cursor").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 80, steps=4)
    page.mouse.up()
    expect(page.locator("#values summary")).not_to_contain_text("1,440")

    assert 100 < len(view_data(page, "rows")) < 200


def test_the_mouse_reads_the_value_below_it(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    place: dict[str, float] = page.evaluate(
        """() => {
          const row = testView.data('rows')[700];
          const box = document.getElementById('plot').getBoundingClientRect();
          const x = box.left + testView.origin()[0] + testView.scale('x')(row.start) + 0.2;
          return { x, y: box.top + 60, value: row.value };
        }"""
    )
    page.mouse.move(place["x"], place["y"])

    expect(page.locator("#readout b")).to_have_text(shown(place["value"]))


def test_the_picker_finds_a_series_by_typing(browsing: Browsing, anybooks: str) -> None:
    page = open_full(browsing, anybooks)
    picker = page.get_by_role("combobox", name="Series")
    other = "item-B" if page.locator("#chart-heading").inner_text() == "item-A" else "item-A"
    picker.fill(other.upper())
    expect(page.get_by_role("option")).to_have_count(1)
    picker.press("Enter")

    expect(page.locator("#chart-heading")).to_have_text(other)
    expect(picker).to_have_value(other)


def test_this_series_only_leaves_the_alerts_of_others_out(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    name = page.locator("#chart-heading").inner_text()
    page.get_by_label("This series only").check()
    expect(page.locator(".alert .who", has_not_text=name)).to_have_count(0)

    assert set(page.locator(".alert .who").all_text_contents()) == {name}


def test_a_built_page_asks_for_nothing_at_all(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    page.locator(".alert").first.click()
    page.get_by_role("button", name="All").click()
    expect(page.locator("#chart-subtitle")).to_contain_text("several periods a point")

    assert browsing.requests == [shop]
