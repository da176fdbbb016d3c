"""The page in Chromium: what is on the screen is what is in the files."""

from pathlib import Path

import pytest
from browsing import Browsing, cut, open_full, shown, view_data
from playwright.sync_api import expect
from result_files import read
from result_pages import ms, name_of

pytestmark = pytest.mark.browser


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
        "all => all.map(one => [...one.querySelectorAll('.who, .when, .what > span')].map(s => s.textContent))"
    )
    days = page.locator("#alerts-list h3").all_text_contents()

    assert len(expected) >= 3
    assert [" ".join(parts) for parts in found] == expected
    assert days == list(
        dict.fromkeys(f"{one['detection_period_start_time']:%A, %-d %B %Y}" for one in reversed(alerts))
    )
    expect(page.locator("#alerts-heading")).to_have_text(f"Alerts ({len(alerts)})")


def test_the_chart_draws_exactly_the_values_of_the_files(browsing: Browsing, anybooks: str, bookstore: Path) -> None:
    page = open_full(browsing, anybooks)
    name = page.locator("#chart-heading").inner_text()
    rows = [one for one in read(bookstore) if name_of(one) == name][-1440:]
    learned = [one["model_stage"] == "INFERENCE" for one in rows]

    def column(name: str) -> list[float | None]:
        return [one[name] if known else None for one, known in zip(rows, learned, strict=True)]

    drawn = view_data(page, "rows")
    assert [one["start"] for one in drawn] == [ms(one["detection_period_start_time"]) for one in rows]
    assert [one["value"] for one in drawn] == [one["aggregated_measure_value"] for one in rows]
    assert [one["expected_value"] for one in drawn] == column("expected_value")
    assert [one["lower_bound"] for one in drawn] == column("lower_bound")
    assert [one["upper_bound"] for one in drawn] == column("upper_bound")
    scored = [one for one in rows if one["anomaly_score"] > 0]
    assert [(one["start"], one["score"]) for one in view_data(page, "score_bars")] == [
        (ms(one["detection_period_start_time"]), one["anomaly_score"]) for one in scored
    ]
    assert [(one["start"], one["value"], one["direction"]) for one in view_data(page, "alerts")] == [
        (ms(one["detection_period_start_time"]), one["aggregated_measure_value"], one["direction"])
        for one in rows
        if one["alert"]
    ]
    assert [one["score"] for one in view_data(page, "threshold")] == [70.0]


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
    assert measure["0"][1] < score["100"][1] < score["0"][1]  # the score stands below, in nobody's way


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
    drawn = [one for one in view_data(page, "rows") if one["value"] is not None]
    values = [one["aggregated_measure_value"] for one in rows]

    assert 700 < len(drawn) <= 2000
    assert (min(one["lowest"] for one in drawn), max(one["highest"] for one in drawn)) == (min(values), max(values))
    assert max(one["score"] for one in view_data(page, "score_bars")) == max(one["anomaly_score"] for one in rows)
    assert [one["start"] for one in view_data(page, "alerts")] == [
        ms(one["detection_period_start_time"]) for one in rows if one["alert"]
    ]
    (learning,) = view_data(page, "learning")
    assert learning["start"] == ms(rows[0]["detection_period_start_time"])
    assert learning["end"] == pytest.approx(ms(rows[300]["detection_period_start_time"]), abs=300_000)
