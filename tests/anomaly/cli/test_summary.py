"""The last lines of a run."""

from anomaly.cli.columns import Plan
from anomaly.cli.summary import Strongest, Summary, summary_lines

PLAN = Plan(("time", "host", "value"), True, 0, (2,), (), (1,))


def test_an_ordinary_run_is_told_in_one_line() -> None:
    summary = Summary(
        rows=4032, series=1, anomalies=18, alerts=1, strongest=Strongest(99.987, 7, "2014-04-16 03:34", ())
    )
    assert summary_lines(summary, PLAN, 300) == [
        "4,032 rows, 1 series: 18 anomalies, 1 alert; strongest alert: 2014-04-16 03:34, score 99.99"
    ]


def test_the_strongest_alert_is_named_by_its_series_and_by_its_line_where_rows_have_no_times() -> None:
    (line,) = summary_lines(Summary(strongest=Strongest(71.0, 305, "", ("item-A", "eu"))), PLAN, 300)
    assert line.endswith("strongest alert: item-A, eu, line 305, score 71.00")


def test_a_run_that_only_learned_says_so() -> None:
    assert (
        "note: no scores yet: the first 300 rows" in summary_lines(Summary(series=1, learning_series=1), PLAN, 300)[1]
    )
    assert "no scores yet in 2 of the series" in summary_lines(Summary(series=9, learning_series=2), PLAN, 300)[1]
    (_, open_length) = summary_lines(Summary(series=1, learning_series=1), PLAN, None)
    assert "the first rows of a day, at least 32 and at most 300, are learned, not scored" in open_length


def test_missing_values_and_empty_rows_are_counted() -> None:
    lines = summary_lines(Summary(rows=9, missing=1, empty=2), PLAN, 300)
    assert lines[1:] == [
        "note: 1 row without a number below 1e30, taken as missing, score 0",
        "note: 2 empty rows left out",
    ]


def test_many_repeated_times_hint_at_several_series_in_one_file_and_few_do_not() -> None:
    (_, many) = summary_lines(Summary(rows=100, repeated_times=50), PLAN, 300)
    assert many.startswith("warning: 50 rows with the same time as the row before")
    assert many.endswith("tell them apart with --by host")
    (_, few) = summary_lines(Summary(rows=100, repeated_times=1), PLAN, 300)
    assert few == "warning: 1 row with the same time as the row before, scored in file order"
