"""The page in Chromium: no data, new data, partial data, hostile data."""

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from browsing import Browsing, view_data
from playwright.sync_api import expect
from result_files import MINUTE, START, row, spike, write
from result_pages import Serve, build, ms

from dashboard.snapshot import Choice

pytestmark = pytest.mark.browser


def test_no_data_is_said_plainly_and_fills_itself(browsing: Browsing, serve: Serve, tmp_path: Path) -> None:
    page = browsing.open(serve(tmp_path))
    expect(page.get_by_role("heading", level=1)).to_have_text("No results yet")
    write(tmp_path, [row(START, {"p": "a"})])

    expect(page.locator("#chart-heading")).to_have_text("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("All quiet")


def test_learning_is_said_plainly(browsing: Browsing, tmp_path: Path) -> None:
    learning = {"model_stage": "LEARNING", "expected_value": 0.0, "lower_bound": 0.0, "upper_bound": 0.0}
    write(tmp_path, [row(START + MINUTE * i, {"p": "a"}, **learning) for i in range(50)])
    page = browsing.open(build(tmp_path, tmp_path / "page.html"))

    expect(page.get_by_role("heading", level=1)).to_have_text("Learning")
    expect(page.locator("#readout")).to_contain_text("learning, no score yet")
    assert {one["expected_value"] for one in view_data(page, "rows")} == {None}


def test_new_results_appear_and_what_is_looked_at_stays(browsing: Browsing, serve: Serve, tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": "a"}, processed_data_points=i + 1) for i in range(60)]
    write(tmp_path, rows)
    page = browsing.open(serve(tmp_path))
    expect(page.locator("#kpi-points")).to_have_text("60")
    page.locator("#from").fill("2026-11-09T00:10")
    page.locator("#to").fill("2026-11-09T00:20")
    write(tmp_path, [spike(START + MINUTE * 60, {"p": "a"}, processed_data_points=61)], name="part-1")

    expect(page.locator("#kpi-points")).to_have_text("61")
    expect(page.locator(".alert")).to_have_count(1)
    expect(page.locator("#announcer")).to_contain_text("New alert: ")
    expect(page.locator("#from")).to_have_value("2026-11-09T00:10")
    expect(page.locator("#values summary")).to_have_text("Values as a table (10 rows)")


def test_the_newest_data_are_followed_until_another_time_is_chosen(
    browsing: Browsing, serve: Serve, tmp_path: Path
) -> None:
    write(tmp_path, [row(START + MINUTE * i, {"p": "a"}) for i in range(60)])
    page = browsing.open(serve(tmp_path))
    page.get_by_role("button", name="1 hour").click()
    write(
        tmp_path, [row(START + MINUTE * i, {"p": "a"}, aggregated_measure_value=9.0) for i in (60, 61)], name="part-1"
    )

    expect(page.locator("#to")).to_have_value("2026-11-09T01:02")
    expect(page.locator("#readout b")).to_have_text("9")


def test_a_server_that_stops_answering_is_told(browsing: Browsing, serve: Serve, tmp_path: Path) -> None:
    write(tmp_path, [row(START, {"p": "a"})])
    page = browsing.open(serve(tmp_path))
    browsing.expected_complaints = ("ERR_FAILED",)
    page.route("**/api/overview*", lambda route: route.abort())

    expect(page.locator("#freshness")).to_contain_text("No answer from the server since")
    page.unroute("**/api/overview*")
    expect(page.locator("#freshness")).to_contain_text("Data until 9 Nov 2026, 00:01 UTC")


HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror=window.hacked=1>",
    "\u202egnp.exe",
    "\u2066\u2067 isolates",
    "x" * 5000,
    "{{scripts}} <!-- ${1} %3Cb%3E",
    "a\nb\u2028c\u0000d".replace("\u0000", "\u0001"),
    "   ",
]


@pytest.mark.parametrize("way", ["built", "served"])
def test_hostile_names_stay_text_and_break_nothing(browsing: Browsing, serve: Serve, tmp_path: Path, way: str) -> None:
    folder = tmp_path / "results"
    for i, name in enumerate(HOSTILE):
        rows = [
            spike(
                START + MINUTE * i,
                {"name": name, "<i>n</i>": str(i)},
                detector_name=f"<u>{i}</u>",
                measure="<s>m</s>",
                reason=name,
            )
        ]
        write(folder, rows, name=f"part-{i}")
    url = build(folder, tmp_path / "page.html") if way == "built" else serve(folder)
    page = browsing.open(url)
    expect(page.locator(".alert")).to_have_count(len(HOSTILE))
    for i in range(len(HOSTILE)):
        page.locator(".alert").nth(i).click()
        label = f"{len(HOSTILE) - 1 - i} / {HOSTILE[-1 - i]}"
        shown_label = label if len(label) <= 300 else label[:299] + "…"
        expect(page.locator("#chart-heading bdi")).to_have_js_property("textContent", shown_label)
        page.locator("#about").evaluate("one => { one.open = true; }")
        about = page.locator("#about-list dd").evaluate_all("all => all.map(one => one.textContent)")
        assert HOSTILE[-1 - i] in about

    assert page.evaluate("window.hacked") is None
    assert page.locator("img, main u, main s, main i:not([class])").count() == 0
    assert page.locator("#chart-heading bdi, .alert bdi").evaluate_all(
        "all => all.every(one => getComputedStyle(one).unicodeBidi.startsWith('isolate'))"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 1440
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_an_alert_of_which_the_reason_is_known_says_it(browsing: Browsing, tmp_path: Path) -> None:
    reasons = ["75, 5.2 times the 14.5 expected; highest in 9 days", None]
    write(tmp_path, [spike(START + MINUTE * i, {"p": "a"}, reason=reason) for i, reason in enumerate(reasons)])
    page = browsing.open(build(tmp_path, tmp_path / "page.html"))

    expect(page.locator(".alert").nth(1)).to_contain_text("75, 5.2 times the 14.5 expected; highest in 9 days")
    expect(page.locator(".alert").nth(0)).not_to_contain_text("times")
    expect(page.locator(".alert").nth(0)).not_to_contain_text("null")


def test_missing_results_leave_a_gap(browsing: Browsing, tmp_path: Path) -> None:
    minutes = [*range(60), *range(180, 240)]
    write(tmp_path, [row(START + MINUTE * i, {"p": "a"}) for i in minutes])
    page = browsing.open(build(tmp_path, tmp_path / "page.html"))
    empty = [one["start"] for one in view_data(page, "rows") if one["value"] is None]

    assert empty == [ms(START.replace(tzinfo=None) + timedelta(hours=1))]


def test_rows_of_many_periods_join_those_of_one_without_a_gap(browsing: Browsing, tmp_path: Path) -> None:
    rows = [(spike if i in {1800, 2900} else row)(START + MINUTE * i, {"p": "a"}) for i in range(3000)]
    write(tmp_path, rows)
    page = browsing.open(build(tmp_path, tmp_path / "page.html", Choice(rows=60, max_alerts=1)))
    drawn = view_data(page, "rows")
    steps = {after["start"] - one["start"] for one, after in itertools.pairwise(drawn)}

    assert {60_000, 50 * 60_000} <= steps
    assert all(one["value"] is not None for one in drawn)


def test_a_page_that_carries_some_series_says_what_it_left_out(browsing: Browsing, tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": name}) for name in "abc" for i in range(300)]
    rows += [spike(START + MINUTE * (300 + k), {"p": name}) for k, name in enumerate("ab")]
    write(tmp_path, rows)
    page = browsing.open(build(tmp_path, tmp_path / "page.html", Choice(max_series=1, max_alerts=2)))

    expect(page.locator("#notices")).to_contain_text(
        "carries 1 of 3 series; of others, what surrounds the alerts listed"
    )
    page.locator(".alert", has_text="a").last.click()
    expect(page.locator("#chart-heading")).to_have_text("a")
    expect(page.locator("#readout b")).to_have_text("75")


def test_a_page_limited_to_a_time_without_alerts_says_so(browsing: Browsing, tmp_path: Path) -> None:
    write(tmp_path, [(spike if i == 200 else row)(START + MINUTE * i, {"p": "a"}) for i in range(300)])
    end = ms((START + MINUTE * 100).replace(tzinfo=None))
    page = browsing.open(build(tmp_path, tmp_path / "page.html", Choice(end=end)))

    expect(page.get_by_role("heading", level=1)).to_have_text("1 alert in the last 24 hours")
    expect(page.locator("#status-text")).to_have_text("None in the time that this page is limited to.")
    expect(page.locator("#chart-heading")).to_have_text("a")


def test_a_series_of_long_periods_starts_with_more_than_a_day(browsing: Browsing, tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    rows = []
    for i in range(300):
        make = spike if i == 290 else row
        end = (START + hour * (i + 1)).replace(tzinfo=None)
        rows.append(make(START + hour * i, {"p": "a"}, detection_period_end_time=end))
    page = browsing.open(build(write(tmp_path, rows), tmp_path / "page.html"))
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chart-subtitle")).to_have_text("quantity per hour, UTC")
    assert len(view_data(page, "rows")) == 168
    page.locator(".alert").click()
    expect(page.locator("#readout b")).to_have_text("75")
    assert len(view_data(page, "rows")) == 70
