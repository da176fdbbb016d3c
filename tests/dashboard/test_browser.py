"""The page in Chromium: what is on the screen is what is in the files, for every way of looking at it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import Browsing, view_data
from playwright.sync_api import Page, expect
from result_files import MINUTE, START, Row, read, row, spike, write

from dashboard.catalog import Catalog
from dashboard.page import carried_page
from dashboard.snapshot import Choice, take_snapshot
from dashboard.source import open_source

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]
DAY = timedelta(days=1)


def ms(time: datetime) -> int:
    return int(time.replace(tzinfo=UTC).timestamp() * 1000)


def build(folder: Path, page: Path, choice: Choice | None = None, written: int = 0) -> str:
    catalog = Catalog(open_source(str(folder), {}), "AnyBooks")
    catalog.refresh()
    page.write_text(carried_page(take_snapshot(catalog, choice or Choice(), written)), "utf-8")
    return page.as_uri()


@pytest.fixture(scope="module")
def shop(bookstore: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(bookstore, tmp_path_factory.mktemp("shop") / "page.html")


@pytest.fixture(params=["built", "served"])
def anybooks(request: pytest.FixtureRequest, bookstore: Path, shop: str, serve: Serve) -> str:
    """The bookstore's page, both ways."""
    return shop if request.param == "built" else serve(bookstore)


def open_full(browsing: Browsing, url: str, **options: Any) -> Page:  # noqa: ANN401
    page = browsing.open(url, **options)
    expect(page.locator("#kpi-points")).to_have_text("8,640")
    expect(page.locator(".alert").first).to_be_visible()
    return page


def name_of(one: Row) -> str:
    return " / ".join(value for _, value in one["dimensions"])


def shown(value: float) -> str:
    """Write a number as the page does: whole numbers grouped."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def cut(score: float) -> str:
    return f"{int(score * 10) / 10:g}"


# ---- What is on the screen is what is in the files


def test_the_three_figures_are_those_of_the_files(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    newest = {one["timeseries_id"]: one for one in read(bookstore)}
    confidence = sum(one["anomaly_confidence_score"] for one in newest.values()) / len(newest)
    page = open_full(browsing, anybooks)
    figures = page.locator(".kpis > div").evaluate_all(
        "boxes => boxes.map(box => [box.querySelector('dt').textContent, box.querySelector('dd').textContent])"
    )

    assert figures == [
        ["Number of Timeseries Tracked", str(len(newest))],
        ["Number of Datapoints Processed", f"{sum(one['processed_data_points'] for one in newest.values()):,}"],
        ["Anomaly Confidence Score", cut(confidence)],
    ]


def test_the_alerts_are_those_of_the_files_newest_first(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    alerts = sorted(
        (one for one in read(bookstore) if one["alert"]), key=lambda one: one["detection_period_start_time"]
    )
    expected = [
        f"{name_of(one)} {one['detection_period_start_time']:%H:%M} {shown(one['aggregated_measure_value'])} "
        f"expected {shown(one['expected_value'])} ({shown(one['lower_bound'])}–{shown(one['upper_bound'])}), "
        f"{'too high' if one['direction'] == 'HIGH' else 'too low'} score {cut(one['anomaly_score'])}"
        for one in reversed(alerts)
    ]
    page = open_full(browsing, anybooks)
    found = page.locator(".alert").evaluate_all(
        "all => all.map(one => [...one.querySelectorAll('.who, .when, .what > span')].map(s => s.textContent).join(' '))"
    )
    days = page.locator("#alerts-list h3").all_text_contents()

    assert len(expected) >= 3
    assert found == expected
    assert days == list(dict.fromkeys(f"{one['detection_period_start_time']:%A %-d %B %Y}" for one in reversed(alerts)))
    expect(page.locator("#alerts-heading")).to_have_text(f"Alerts ({len(alerts)})")


def test_the_chart_draws_exactly_the_values_of_the_files(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    page = open_full(browsing, anybooks)
    name = page.locator("#chart-heading").inner_text()
    rows = [one for one in read(bookstore) if name_of(one) == name][-1440:]
    learned = [one["model_stage"] == "INFERENCE" for one in rows]

    def column(name: str) -> list[float | None]:
        return [one[name] if known else None for one, known in zip(rows, learned, strict=True)]

    drawn = view_data(page, "points")
    assert [one["t"] for one in drawn] == [ms(one["detection_period_start_time"]) for one in rows]
    assert [one["value"] for one in drawn] == [one["aggregated_measure_value"] for one in rows]
    assert [one["expected"] for one in drawn] == column("expected_value")
    assert [one["lower"] for one in drawn] == column("lower_bound")
    assert [one["upper"] for one in drawn] == column("upper_bound")
    scored = [one for one in rows if one["anomaly_score"] > 0]
    assert [(one["t"], one["score"]) for one in view_data(page, "scores")] == [
        (ms(one["detection_period_start_time"]), one["anomaly_score"]) for one in scored
    ]
    assert [(one["t"], one["value"], one["direction"]) for one in view_data(page, "alerts")] == [
        (ms(one["detection_period_start_time"]), one["aggregated_measure_value"], one["direction"])
        for one in rows
        if one["alert"]
    ]
    assert [one["threshold"] for one in view_data(page, "limit")] == [70.0]


def test_the_marks_stand_where_the_axes_say(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    page.locator(".alert").first.click()
    expect(page.locator(".alert").first).to_have_attribute("aria-current", "true")
    alert = view_data(page, "alerts")[-1]
    places: dict[str, float] = page.evaluate(
        """(alert) => {
          const svg = document.querySelector('#vega svg');
          const box = (selector) => [...svg.querySelectorAll(selector)].map((mark) => mark.getBoundingClientRect());
          const middle = (one) => one.left + one.width / 2;
          const labels = (selector) => Object.fromEntries([...svg.querySelectorAll(selector + ' .role-axis-label text')]
            .map((text) => [text.textContent, text.getBoundingClientRect()]));
          const axes = [...svg.querySelectorAll('.role-axis')].map((axis) => Object.fromEntries(
            [...axis.querySelectorAll('.role-axis-label text')].map((text) => {
              const place = text.getBoundingClientRect();
              return [text.textContent, [place.left + place.width / 2, place.top + place.height / 2]];
            })));
          const triangle = box('.mark-symbol.role-mark path').filter((one) => one.width > 5 && one.width < 20).at(-1);
          const threshold = box('.mark-rule.role-mark line').filter((one) => one.height < 1 && one.width > 200)[0];
          return { axes, x: middle(triangle), y: triangle.top + triangle.height / 2, threshold: threshold.top };
        }""",
        alert,
    )
    axes: list[dict[str, list[float]]] = places["axes"]  # type: ignore[assignment]
    score = next(axis for axis in axes if set(axis) == {"0", "50", "100"} and axis["0"][0] > 800)
    measure = next(axis for axis in axes if axis is not score and "0" in axis and axis["0"][0] < 200)
    top = max(measure, key=float)
    height = (measure["0"][1] - measure[top][1]) / float(top)

    assert places["threshold"] == pytest.approx(score["0"][1] + (score["100"][1] - score["0"][1]) * 0.7, abs=1.5)
    assert places["y"] == pytest.approx(measure["0"][1] - alert["value"] * height, abs=3)
    assert score["0"][0] > places["x"] > measure["0"][0]


def test_the_table_has_every_value_of_the_chart(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    page = open_full(browsing, anybooks)
    name = page.locator("#chart-heading").inner_text()
    rows = [one for one in read(bookstore) if name_of(one) == name][-1440:]
    page.locator("#values summary").click()
    expect(page.locator("#values-body tr")).to_have_count(1440)
    found = page.locator("#values-body tr").evaluate_all(
        "rows => rows.map(row => [row.querySelector('time').dateTime,"
        " ...[...row.querySelectorAll('data')].map(cell => cell.value === '' ? null : Number(cell.value)),"
        " row.lastElementChild.textContent])"
    )

    assert found == [
        [
            f"{one['detection_period_start_time']:%Y-%m-%dT%H:%M:%S}.000Z",
            one["aggregated_measure_value"],
            one["expected_value"],
            one["anomaly_score"],
            "alert" if one["alert"] else "",
        ]
        for one in rows
    ]


def test_three_days_in_few_points_keep_extremes_and_every_alert(
    browsing: Browsing, anybooks: str, bookstore: Path
) -> None:
    page = open_full(browsing, anybooks)
    name = page.locator("#chart-heading").inner_text()
    rows = [one for one in read(bookstore) if name_of(one) == name]
    page.get_by_role("button", name="All").click()
    expect(page.locator("#chart-subtitle")).to_contain_text("several periods a point")
    drawn = [one for one in view_data(page, "points") if one["value"] is not None]
    values = [one["aggregated_measure_value"] for one in rows]

    assert 700 < len(drawn) <= 2000
    assert (min(one["low"] for one in drawn), max(one["high"] for one in drawn)) == (min(values), max(values))
    assert max(one["score"] for one in view_data(page, "scores")) == max(one["anomaly_score"] for one in rows)
    assert [one["t"] for one in view_data(page, "alerts")] == [
        ms(one["detection_period_start_time"]) for one in rows if one["alert"]
    ]
    assert view_data(page, "learning") == [
        {
            "t": ms(rows[0]["detection_period_start_time"]),
            "end": pytest.approx(ms(rows[300]["detection_period_start_time"]), abs=300_000),
        }
    ]


# ---- Looking around


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
    assert view_data(page, "cursor") == [{"t": ms(at), "value": other["aggregated_measure_value"]}]
    page.go_back()
    expect(page.locator("#chart-heading")).to_have_text(name_of(alerts[-1]))


def test_a_link_from_an_alert_mail_opens_that_series_at_that_time(
    browsing: Browsing, anybooks: str, bookstore: Path
) -> None:
    alert = [one for one in read(bookstore) if one["alert"]][0]
    at = alert["detection_period_start_time"]
    page = open_full(browsing, f"{anybooks}#series={alert['timeseries_id']}&at={at:%Y-%m-%dT%H:%M:%SZ}")

    expect(page.locator("#chart-heading")).to_have_text(name_of(alert))
    assert view_data(page, "cursor") == [{"t": ms(at), "value": alert["aggregated_measure_value"]}]
    expect(page.locator(".alert[aria-current]")).to_have_count(1)


def test_a_link_to_a_series_that_is_not_there_says_so_and_shows_another(browsing: Browsing, anybooks: str) -> None:
    page = open_full(browsing, f"{anybooks}#series=<b>nobody</b>&at=never")

    expect(page.locator("#notices")).to_contain_text("<b>nobody</b>")
    expect(page.locator("#chart-heading")).to_have_text(re.compile("item-"))


def test_dates_choose_the_time_in_utc(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    page = open_full(browsing, anybooks, timezone_id="America/St_Johns")
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

    assert [one["value"] for one in view_data(page, "points")] == expected
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

    assert 100 < len(view_data(page, "points")) < 200


def test_the_mouse_reads_the_value_below_it(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    place: dict[str, float] = page.evaluate(
        """() => { const row = testView.data('points')[700]; const box = document.getElementById('plot').getBoundingClientRect();
        return { x: box.left + testView.origin()[0] + testView.scale('x')(row.t) + 0.2, y: box.top + 60, value: row.value } }"""
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


def test_this_series_only_leaves_the_alerts_of_others_out(browsing: Browsing, anybooks: str) -> None:
    page = open_full(browsing, anybooks)
    name = page.locator("#chart-heading").inner_text()
    page.get_by_label("This series only").check()
    expect(page.locator(".alert .who", has_not_text=name)).to_have_count(0)

    assert set(page.locator(".alert .who").all_text_contents()) == {name}


# ---- Keyboard, screen reader, phone, light and dark


def test_everything_can_be_done_with_the_keyboard(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    page = open_full(browsing, anybooks)
    names = []
    for _ in range(60):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if names[-1] == "alert":
            break
    wanted = ["skip", "theme", "picker-input", "from", "to", "cursor", "only", "alert"]

    assert [name for name in names if name in wanted] == wanted
    page.keyboard.press("Enter")
    expect(page.locator("#cursor")).to_be_focused()
    alert = [one for one in read(bookstore) if one["alert"]][-1]
    slider = page.get_by_role("slider", name="Point in time")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(f"; {shown(alert['aggregated_measure_value'])}; .*alert")
    )
    page.keyboard.press("ArrowLeft")
    before = alert["detection_period_start_time"] - MINUTE
    value = next(
        one["aggregated_measure_value"]
        for one in read(bookstore)
        if one["detection_period_start_time"] == before and name_of(one) == name_of(alert)
    )
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"{before:%H:%M}; {shown(value)}; expected"))
    page.keyboard.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("; alert"))
    count = len(view_data(page, "points"))
    page.keyboard.press("+")
    page.wait_for_function("count => testView.data('points').length < count", arg=count) if False else None
    expect(page.locator("#values summary")).not_to_contain_text(f"({count} rows)")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")


def test_a_screen_reader_meets_names_for_everything(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, [role], section, table, dl')].filter((one) => {
          if (one.closest('[hidden], [aria-hidden=true]') || one.matches('li, #announcer, dl:not([aria-label])')) return false;
          const by = (one.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent).join('');
          return !(by || one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent).trim();
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    references = page.evaluate(
        """[...document.querySelectorAll('*')].flatMap((one) => ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']
          .flatMap((name) => (one.getAttribute(name) ?? '').split(' ').filter(Boolean)))"""
    )

    assert nameless == []
    assert len(ids) == len(set(ids))
    assert set(references) <= set(ids)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.locator("h1, h2, h3").evaluate_all(
        "all => all.every((one, i) => i === 0 || one.tagName[1] - all[i - 1].tagName[1] <= 1)"
    )
    expect(page.locator("#summary")).to_contain_text(
        re.compile(r"between \d+ and \d+; (\d+ alerts?, the last .* score \d+|no alert)")
    )
    expect(page.locator("#vega")).to_have_attribute("aria-hidden", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browsing: Browsing, shop: str, scheme: Any) -> None:  # noqa: ANN401
    page = open_full(browsing, shop, color_scheme=scheme)
    page.locator(".alert").first.click()
    page.locator("#values summary").click()
    poor = page.evaluate(
        """() => {
          const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
          const ground = (one) => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
          const poor = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          let seen = 0;
          while (walker.nextNode()) {
            const one = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || !one.checkVisibility() || one.closest('script, .hidden, .skip, button:disabled')) continue;
            const style = getComputedStyle(one);
            const [a, b] = [light(parse(one.closest('svg') ? style.fill : style.color)), light(ground(one))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            seen += 1;
            if (contrast < 4.5) poor.push([one.textContent.slice(0, 40), contrast]);
          }
          return { poor, seen };
        }"""
    )

    assert poor["seen"] > 100
    assert poor["poor"] == []


def test_dark_is_dark_and_the_button_overrules_the_system(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark, ink = page.evaluate(ground), page.evaluate("testView.signal('ink')")
    page.get_by_role("button", name="Light or dark: automatic").click()

    assert dark == "rgb(17, 21, 26)"
    assert page.evaluate(ground) == "rgb(246, 245, 242)"
    assert page.evaluate("testView.signal('ink')") != ink


def test_a_phone_shows_it_all_without_scrolling_sideways(browsing: Browsing, anybooks: str) -> None:
    page = open_full(browsing, anybooks, width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("#values summary").tap()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    chart = page.locator("#vega svg").bounding_box()
    assert chart is not None
    assert chart["width"] > 300
    page.locator(".alert").first.tap()
    expect(page.locator("#readout")).to_contain_text("alert")
    expect(page.locator("#plot")).to_be_in_viewport(ratio=0.9)
    small = page.evaluate(
        "[...document.querySelectorAll('button, input, summary')].filter(one => one.checkVisibility() && !one.matches('.link'))"
        ".filter(one => Math.max(one.getBoundingClientRect().height, one.closest('label')?.getBoundingClientRect().height ?? 0) < 20).length"
    )
    assert small == 0


# ---- Other data


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
    assert {one["expected"] for one in view_data(page, "points")} == {None}


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
                START + MINUTE * i, {"name": name, "<i>n</i>": str(i)}, detector_name=f"<u>{i}</u>", measure="<s>m</s>"
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


def test_missing_results_leave_a_gap(browsing: Browsing, tmp_path: Path) -> None:
    minutes = [*range(60), *range(180, 240)]
    write(tmp_path, [row(START + MINUTE * i, {"p": "a"}) for i in minutes])
    page = browsing.open(build(tmp_path, tmp_path / "page.html"))
    empty = [one["t"] for one in view_data(page, "points") if one["value"] is None]

    assert empty == [ms(START.replace(tzinfo=None) + timedelta(hours=1))]


def test_a_page_that_carries_some_series_says_what_it_left_out(browsing: Browsing, tmp_path: Path) -> None:
    rows = [row(START + MINUTE * i, {"p": name}) for name in "abc" for i in range(300)]
    rows += [spike(START + MINUTE * (300 + k), {"p": name}) for k, name in enumerate("ab")]
    write(tmp_path, rows)
    page = browsing.open(build(tmp_path, tmp_path / "page.html", Choice(max_series=1, max_alerts=2)))

    expect(page.locator("#notices")).to_contain_text("carries 1 of 3 series; of others, the hour before and after")
    page.locator(".alert", has_text="a").last.click()
    expect(page.locator("#chart-heading")).to_have_text("a")
    expect(page.locator("#readout b")).to_have_text("75")


def test_the_settings_on_the_page_are_json_that_a_script_can_read(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)

    assert set(json.loads(page.locator("#settings").text_content() or "")) == {"chart", "snapshot"}
    assert browsing.requests == [shop]
