import pytest

from readers.errors import SettingsError
from transform_lambda.settings import Settings, parse_settings


def test_a_destination_is_enough() -> None:
    assert parse_settings({"DESTINATION": "s3://bucket/results"}) == Settings("s3://bucket/results", 500_000)


def test_rows_per_file_may_be_chosen() -> None:
    assert parse_settings({"DESTINATION": "rows", "ROWS_PER_FILE": "20000"}) == Settings("rows", 20_000)


@pytest.mark.parametrize("destination", ["gs://x", "s3://"])
def test_every_problem_is_named_with_what_was_found_and_what_is_expected(destination: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({"DESTINATION": destination, "ROWS_PER_FILE": "999"})

    assert str(refused.value) == (
        f"DESTINATION is {destination!r}, expected a directory or s3://bucket/prefix; "
        "ROWS_PER_FILE is '999', expected a whole number from 1,000 to 10,000,000"
    )
