from dataclasses import dataclass
from typing import Self

from flink_job.failures import Cause, causes, explain

WORKER_ERROR = """Error received from SDK harness for instruction 4: Traceback (most recent call last):
  File "sdk_worker.py", line 311, in _execute
    response = task()
  File "flink_job/operators.py", line 46, in process_element
    bucket = scorer.score(value)
flink_job.state_log.JobStateError: the state was written with buckets 64,
the properties say 32

\tat java.base/java.util.concurrent.CompletableFuture.get(CompletableFuture.java:2005)
"""


@dataclass
class Throwable:
    """A Java exception as py4j shows it."""

    name: str
    message: str | None
    cause: Self | None = None

    def getClass(self) -> "Throwable":  # noqa: N802
        return self

    def getName(self) -> str:  # noqa: N802
        return self.name

    def getMessage(self) -> str | None:  # noqa: N802
        return self.message

    def getCause(self) -> Self | None:  # noqa: N802
        return self.cause


def test_a_chain_of_causes_is_listed_to_its_root() -> None:
    chain = causes(Throwable("a.JobExecutionException", "Job failed.", Throwable("b.TimeoutException", None)))

    assert chain == [Cause("a.JobExecutionException", "Job failed."), Cause("b.TimeoutException", "TimeoutException")]


def test_a_chain_that_never_ends_is_cut() -> None:
    endless = Throwable("a.Loop", "again")
    endless.cause = endless

    assert len(causes(endless)) == 50


def test_an_error_in_python_is_told_in_its_own_words() -> None:
    chain = [Cause("JobExecutionException", "Job failed."), Cause("java.lang.RuntimeException", WORKER_ERROR)]

    assert explain(chain) == "flink_job.state_log.JobStateError: the state was written with buckets 64,"


def test_an_error_in_java_is_told_by_its_root_cause() -> None:
    chain = [Cause("JobExecutionException", "Job failed."), Cause("org.apache.kafka.TopicError", "no\n\tsuch topic")]

    assert explain(chain) == "TopicError: no such topic"


def test_a_page_of_text_is_cut_to_a_line() -> None:
    assert len(explain([Cause("a.B", "x" * 10_000)])) < 600
