from pathlib import Path

from contracts.flat_results import docs_table

DOCS = Path(__file__).parents[2] / "docs" / "parquet.md"


def test_the_documented_columns_are_those_of_the_code() -> None:
    assert docs_table() in DOCS.read_text("utf-8")
