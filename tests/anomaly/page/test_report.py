"""What a page of arrays carries: every alert, rows that fit, figures over everything."""

import re
from typing import Any

import numpy as np
import pytest
from histories import MINUTES, START, WRITTEN

from anomaly.page import PageContent, SeriesHistory, report_content
from anomaly.page.document import escaped_json

MINUTE = 60_000
FIRST = int(START.astype("datetime64[ms]").astype(np.int64))


def content(*series: SeriesHistory, **limits: int) -> PageContent:
    return report_content(series, title="T", source="S", written=WRITTEN, **limits)


def flat(label: str, count: int, alerts: tuple[int, ...] = (), **changed: Any) -> SeriesHistory:  # noqa: ANN401
    """Minutes whose value is their number."""
    alert = np.zeros(count, bool)
    alert[list(alerts)] = True
    columns = {
        "time": START + np.arange(count) * np.timedelta64(1, "m"),
        "value": np.arange(count, dtype=np.float64),
        "score": np.where(alert, 90.0, 0.0),
        "expected_value": np.full(count, 5.0),
        "lower_bound": np.full(count, 1.0),
        "upper_bound": np.full(count, 9.0),
        "alert": alert,
        "learning": np.zeros(count, bool),
        "direction": ["HIGH"] * count,
        "reason": [None] * count,
    }
    return SeriesHistory(label=label, **{**columns, **changed})


def test_the_figures_are_over_all_series_and_the_alerts_newest_first(sales: list[SeriesHistory]) -> None:
    overview = content(*sales, max_series=1, max_alerts=2).overview
    confidences = [one.confidence or 0 for one in sales]

    assert overview.kpis.series == 2
    assert overview.kpis.data_points == 2 * MINUTES
    assert overview.kpis.confidence == pytest.approx(sum(confidences) / 2)
    assert overview.kpis.lowest_confidence == min(confidences)
    assert (overview.oldest, overview.newest) == (FIRST, FIRST + MINUTES * MINUTE)
    assert [(alert.label, alert.start) for alert in overview.alerts] == [
        ("item-A", FIRST + 4200 * MINUTE),
        ("item-B", FIRST + 4000 * MINUTE),
    ]
    assert (overview.alert_count, overview.alerts_last_day) == (3, 2)


def test_an_alert_says_what_the_detector_said(sales: list[SeriesHistory]) -> None:
    alert, item_b = content(*sales).overview.alerts[1], sales[1]

    assert (alert.value, alert.direction, alert.reason) == (0.0, "LOW", item_b.reason[4000])
    assert (alert.expected_value, alert.lower_bound, alert.upper_bound, alert.score) == (
        item_b.expected_value[4000],
        item_b.lower_bound[4000],
        item_b.upper_bound[4000],
        item_b.score[4000],
    )


def test_every_period_is_a_row_where_there_is_room(sales: list[SeriesHistory]) -> None:
    item_a = next(one for one in content(*sales).series if one.info.label == "item-A").columns
    learned = ~sales[0].learning

    assert item_a.start == [FIRST + minute * MINUTE for minute in range(MINUTES)]
    assert item_a.value == sales[0].value.tolist()
    assert item_a.score == sales[0].score.tolist()
    assert [one for one in item_a.expected_value if one == one] == sales[0].expected_value[learned].tolist()
    assert (set(item_a.end), set(item_a.lowest), set(item_a.highest), set(item_a.periods)) == (
        {None},
        {None},
        {None},
        {1},
    )


def test_rows_of_several_periods_keep_mean_extremes_highest_score_and_counts() -> None:
    score = np.zeros(12)
    score[4] = 50
    imputed = np.arange(12) == 5
    value = np.arange(12.0)
    value[3] = np.nan
    columns = content(flat("a", 12, value=value, score=score, imputed=imputed), max_rows=3).series[0].columns

    assert columns.start == [FIRST, FIRST + 4 * MINUTE, FIRST + 8 * MINUTE]
    assert columns.end == [FIRST + 4 * MINUTE, FIRST + 8 * MINUTE, FIRST + 12 * MINUTE]
    assert columns.periods == [4, 4, 4]
    assert columns.value == [1.0, 5.5, 9.5]
    assert (columns.lowest, columns.highest) == ([0.0, 4.0, 8.0], [2.0, 7.0, 11.0])
    assert columns.score == [0.0, 50.0, 0.0]
    assert (columns.alert, columns.imputed) == ([0, 0, 0], [0, 1, 0])


def test_around_a_listed_alert_every_period_is_a_row_and_an_unlisted_alert_is_one_by_itself() -> None:
    columns = content(flat("a", 2880, alerts=(300, 2000)), max_rows=48, max_alerts=1).series[0].columns
    single = [int(value or 0) for value, periods in zip(columns.value, columns.periods, strict=True) if periods == 1]

    assert sum(columns.periods) == 2880
    assert single == [300, *range(1940, 2061)]
    assert [columns.start[i] for i, alert in enumerate(columns.alert) if alert] == [
        FIRST + 300 * MINUTE,
        FIRST + 2000 * MINUTE,
    ]


def test_series_beyond_the_limit_are_carried_around_their_listed_alerts_and_others_not_at_all() -> None:
    carried = content(flat("c", 900), flat("a", 900, (100,)), flat("b", 900, (500,)), max_series=1).series

    assert [(one.info.label, one.whole, len(one.columns.start)) for one in carried] == [
        ("b", True, 900),
        ("a", False, 121),
    ]


def test_around_an_alert_of_long_periods_thirty_of_them_are_rows() -> None:
    hours = np.arange(400) * np.timedelta64(1, "h")
    columns = content(flat("a", 400, (200,), time=START + hours), max_rows=4).series[0].columns

    assert columns.periods.count(1) == 61


def test_a_mean_has_six_digits_and_what_is_no_mean_has_all() -> None:
    value = np.array([1 / 3, 1 / 3])

    assert content(flat("a", 2, value=value), max_rows=1).series[0].columns.value == [0.333333]
    assert content(flat("a", 2, value=value)).series[0].columns.value == value.tolist()


def test_what_is_expected_while_learning_is_not_shown() -> None:
    learning = np.arange(4) < 2
    found = content(flat("a", 4, learning=learning)).series[0]

    assert np.isnan(found.columns.expected_value).tolist() == learning.tolist()
    assert found.columns.learning == [1, 1, 0, 0]
    assert found.info.stage == "INFERENCE"


def test_the_period_is_the_usual_distance_whatever_is_missing() -> None:
    hours = np.array([0, 1, 2, 5, 6, 7], "timedelta64[h]")
    found = content(flat("a", 6, time=START + hours)).series[0].info

    assert found.period == 60 * MINUTE
    assert found.last == FIRST + 7 * 60 * MINUTE


def test_no_series_make_a_page_that_says_so() -> None:
    overview = content(flat("a", 0)).overview

    assert (overview.kpis.series, overview.oldest, overview.newest, overview.alerts) == (0, None, None, [])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"score": np.zeros(2)}, "a: each column must have one entry for each of the 3 values, found {'score': (2,)}"),
        ({"lower_bound": np.zeros((3, 2))}, "found {'lower_bound': (3, 2)}"),
        (
            {"time": [0.0, 60.0, 60.0]},
            "a: each period must begin after the one before it; sort by time, and leave doubles out",
        ),
        ({"time": [0.0, None, 60.0]}, "each period must begin after the one before it"),
        ({"time": [0.0, 60.0]}, "there must be one time per observation, got 2 for 3"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        flat("a", 3, **changed)


def test_the_order_of_the_series_changes_nothing(sales: list[SeriesHistory]) -> None:
    assert escaped_json(content(*sales)) == escaped_json(content(*reversed(sales)))
