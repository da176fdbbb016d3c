from dataclasses import replace

import pytest

from bookstore.pipeline.flow import Flow, flow_lines, flow_problems

WHOLE = Flow(
    **dict.fromkeys(["rows", "records"], 100),
    **dict.fromkeys(["rows_quantity", "records_quantity", "results_quantity", "parquet_quantity"], 250),
    **dict.fromkeys(["row_periods", "points", "results", "parquet_rows"], 20),
    **dict.fromkeys(["alerts", "messages", "distinct_messages"], 2),
)


def test_where_all_counts_agree_there_is_no_problem() -> None:
    assert flow_problems(WHOLE) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"records": 99}, "100 rows in PostgreSQL, but 99 records in Kafka"),
        ({"records_quantity": 251}, "250 books in PostgreSQL, but 251 in the records"),
        ({"results_quantity": 249}, "250 books in PostgreSQL, but 249 in the results"),
        ({"parquet_quantity": 500}, "250 books in PostgreSQL, but 500 in Parquet"),
        ({"row_periods": 21}, "21 pairs of product and minute in PostgreSQL, but 20 results"),
        ({"points": 19}, "20 results, but 19 points of the models"),
        ({"parquet_rows": 40}, "20 results, but 40 rows in Parquet"),
        ({"messages": 1, "distinct_messages": 1}, "2 alerts in the results, but 1 messages in the inbox"),
        ({"distinct_messages": 1}, "2 messages in the inbox, but 1 different ones"),
    ],
)
def test_a_loss_or_a_repetition_is_named_with_both_counts(change: dict[str, int], problem: str) -> None:
    assert flow_problems(replace(WHOLE, **change)) == [problem]


def test_the_counts_are_told_in_the_order_of_the_path() -> None:
    lines = flow_lines(WHOLE)

    assert [line.split("  ")[0] for line in lines] == [
        "PostgreSQL",
        "Kafka, sales",
        "models",
        "Kafka, results",
        "Parquet",
        "alerts",
    ]
    assert "100 rows" in lines[0]
    assert "2 in results, 2 messages" in lines[-1]
