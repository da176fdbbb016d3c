from pathlib import Path

from bookstore.pipeline.progress import Progress, read_progress
from harness.kafka_trigger import Triggered


def test_what_a_program_told_last_is_read(tmp_path: Path) -> None:
    progress = Progress(tmp_path, "archive")
    progress.tell(lambda: {"rows": 1})
    progress.tell(lambda: {"rows": 2}, now=True)

    assert read_progress(tmp_path, "archive") == {"rows": 2}


def test_more_often_than_twice_a_second_nothing_is_written(tmp_path: Path) -> None:
    progress = Progress(tmp_path, "archive")
    progress.tell(lambda: {"rows": 1})
    progress.tell(lambda: {"rows": 2})

    assert read_progress(tmp_path, "archive") == {"rows": 1}


def test_the_counts_of_a_trigger_are_told_with_its_lag(tmp_path: Path) -> None:
    Progress(tmp_path, "alerting").tell_counts(Triggered(records=3, invocations=1), 7)

    told = {"records": 3, "invocations": 1, "failures": 0, "discarded": 0, "lag": 7}
    assert read_progress(tmp_path, "alerting") == told


def test_a_program_that_has_told_nothing_has_no_progress(tmp_path: Path) -> None:
    assert read_progress(tmp_path, "archive") == {}
