import queue
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bookstore.pipeline.progress import Progress, read_progress
from bookstore.pipeline.source import Source
from bookstore.shop import ShopEvent
from harness.invocation import FunctionError

START = datetime(2024, 9, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Ingest:
    """Stands for the function: answers, and remembers what it was sent."""

    name = "ingest"

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.scheduled: list[str] = []

    def invoke(self, event: dict[str, str]) -> dict[str, str]:
        self.scheduled.append(event["scheduledTime"])
        answer = self._answers.pop(0) if self._answers else "caught up"
        if answer == "crash":
            msg = "RuntimeError"
            raise FunctionError(msg, "crash", ())
        return {"outcome": answer}


def minutes(*numbers: int) -> "queue.SimpleQueue[ShopEvent | None]":
    over: queue.SimpleQueue[ShopEvent | None] = queue.SimpleQueue()
    for number in numbers:
        over.put(ShopEvent(START + number * MINUTE, 10 * number))
    return over


def test_of_several_minutes_that_are_over_the_last_one_fires_and_the_others_count_as_missed(tmp_path: Path) -> None:
    ingest, over = Ingest(), minutes(1, 2, 3)
    over.put(None)

    Source(ingest, Progress(tmp_path, "source"), threading.Event()).follow(over)

    assert ingest.scheduled == ["2024-09-02T08:03:00Z"]
    facts = read_progress(tmp_path, "source")
    assert (facts["missed"], facts["fired"], facts["rows"]) == (2, 1, 30)


def test_a_failure_is_counted_and_the_next_minute_fires(tmp_path: Path) -> None:
    ingest = Ingest("crash")
    source = Source(ingest, Progress(tmp_path, "source"), threading.Event())

    assert not source.fire(START)
    assert source.fire(START + MINUTE)
    source.tell_done()

    facts = read_progress(tmp_path, "source")
    assert (facts["failed"], facts["done"]) == (1, True)


def test_at_the_end_it_fires_until_everything_is_read(tmp_path: Path) -> None:
    ingest = Ingest("behind", "crash", "caught up")

    Source(ingest, Progress(tmp_path, "source"), threading.Event()).insist(START)

    assert ingest.scheduled == ["2024-09-02T08:00:00Z"] * 3


def test_a_source_that_is_stopped_tells_no_end(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    source = Source(Ingest("behind"), Progress(tmp_path, "source"), stopped)

    source.insist(START)
    source.tell_done()

    assert read_progress(tmp_path, "source") == {}
