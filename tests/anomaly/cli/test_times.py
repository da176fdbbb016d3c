"""Times in files: the same moment however it is written, the same as in the job, and never a wrong guess."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.cli.times import is_iso_time, iso_text, parse_time

TIMES = Path(__file__).parents[3] / "flink_job/java/src/test/resources/times.jsonl"
CASES = [json.loads(line) for line in TIMES.read_text("utf-8").splitlines()]
READ = [(case["text"], case["seconds"]) for case in CASES if "seconds" in case]
REFUSED = [(case["text"], case["refused"]) for case in CASES if "refused" in case]
REFUSALS = {
    "form": r"is not a time; write it like 2024-08-29T13:35:00Z",
    "moment": r"is not a time that exists: ",
}


@pytest.mark.parametrize(("text", "seconds"), READ, ids=lambda text: repr(text)[:60])
def test_a_time_means_the_same_moment_as_in_the_job_however_it_is_written(text: str, seconds: str) -> None:
    assert parse_time(text) == float(seconds)


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=lambda text: repr(text)[:60])
def test_what_the_job_refuses_is_refused_saying_why(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=REFUSALS[problem]):
        parse_time(text)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_every_iso_text_gives_exactly_the_seconds_that_datetime_gives(naive: datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert parse_time(moment.isoformat()) == moment.timestamp()
    assert parse_time(naive.isoformat(" ")) == naive.replace(tzinfo=UTC).timestamp()


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_a_time_that_was_read_is_written_so_that_it_is_read_again(seconds: int) -> None:
    assert parse_time(iso_text(seconds)) == seconds


def test_numbers_are_times_but_not_iso_times() -> None:
    assert is_iso_time("2024-08-29")
    assert not is_iso_time("1724938512")
