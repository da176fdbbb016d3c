from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import SimulatedClock
from harness.invocation import FunctionError, FunctionThrottled, RequestTooLargeError
from harness.kafka_events import KafkaRecord
from harness.kafka_retries import Batch, Decision, Discarded, RetryRules, after_failure, after_reply, too_old
from harness.kafka_trigger import BatchRun, Triggered

NOON = datetime(2024, 8, 29, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
MODELS: list[Literal["only_failed", "rewind_to_lowest"]] = ["only_failed", "rewind_to_lowest"]


def record(offset: int, partition: int = 0, age_seconds: int = 0) -> KafkaRecord:
    return KafkaRecord("books", partition, offset, NOON_MS - age_seconds * 1000)


def batch(*offsets: int, failures: int = 0) -> Batch:
    return Batch(tuple(map(record, offsets)), failures)


def reported(*names: tuple[str, int]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": {"partition": name, "offset": offset}} for name, offset in names]}


@pytest.mark.parametrize("reply", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": 1}])
def test_a_reply_that_reports_nothing_is_success(reply: object) -> None:
    assert after_reply(RetryRules(report_batch_item_failures=True), batch(1, 2), reply) == Decision()


@pytest.mark.parametrize(
    "reply",
    [
        "failed",
        [],
        {"batchItemFailures": "books-0"},
        {"batchItemFailures": ["books-0"]},
        {"batchItemFailures": [{"itemIdentifier": "books-0"}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "books-0"}}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "books-0", "offset": "1"}}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "books-0", "offset": True}}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "books-0", "offset": 3}}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "books-1", "offset": 1}}]},
    ],
)
def test_a_reply_that_cannot_be_understood_fails_the_whole_batch(reply: object) -> None:
    decision = after_reply(RetryRules(report_batch_item_failures=True), batch(1, 2), reply)
    assert decision == Decision((batch(1, 2, failures=1),))


def test_a_reply_is_not_read_unless_failures_are_to_be_reported() -> None:
    assert after_reply(RetryRules(), batch(1, 2), reported(("books-0", 1))) == Decision()


@pytest.mark.parametrize(
    ("model", "again"),
    [
        ("only_failed", [("books-0", 2), ("books-0", 4), ("books-1", 8)]),
        ("rewind_to_lowest", [("books-0", 2), ("books-0", 3), ("books-0", 4), ("books-1", 8)]),
    ],
)
def test_after_a_partial_failure_each_model_retries_its_own(
    model: Literal["only_failed", "rewind_to_lowest"], again: list[tuple[str, int]]
) -> None:
    rules = RetryRules(report_batch_item_failures=True, retry_model=model)
    sent = Batch((record(1), record(2), record(7, 1), record(3), record(8, 1), record(4), record(5, 2)))
    decision = after_reply(rules, sent, reported(("books-0", 4), ("books-0", 2), ("books-1", 8)))
    (retry,) = decision.retries
    assert sorted((r.topic_partition, r.offset) for r in retry.records) == again
    assert retry.failures == 1
    assert decision.discarded is None


@pytest.mark.parametrize(
    ("maximum", "destination", "retries"),
    [(-1, False, None), (-1, True, 10), (0, False, 0), (0, True, 0), (25, True, 25)],
)
def test_retries_without_end_are_ten_where_a_destination_waits(
    maximum: int, destination: bool, retries: int | None
) -> None:
    assert RetryRules(maximum_retry_attempts=maximum, has_destination=destination).retries == retries


def test_a_batch_is_given_up_after_its_last_retry() -> None:
    rules = RetryRules(maximum_retry_attempts=2)
    assert after_failure(rules, batch(1, failures=1)) == Decision((batch(1, failures=2),))
    discarded = Discarded(batch(1, failures=3), "RetryAttemptsExhausted")
    assert after_failure(rules, batch(1, failures=2)) == Decision(discarded=discarded)


def test_splitting_keeps_the_order_and_counts_as_no_retry() -> None:
    rules = RetryRules(bisect=True, maximum_retry_attempts=0)
    assert after_failure(rules, batch(1, 2, 3)) == Decision((batch(1), batch(2, 3)))


def test_records_that_are_too_old_are_parted_from_the_others() -> None:
    sent = Batch((record(1, age_seconds=61), record(2, age_seconds=60), record(3, age_seconds=61)), 4)
    young, old = too_old(RetryRules(maximum_record_age_seconds=60), sent, NOON_MS)
    assert [r.offset for r in young.records] == [2]
    assert old is not None
    assert ([r.offset for r in old.batch.records], old.condition) == ([1, 3], "RecordAgeExceeded")
    assert too_old(RetryRules(), sent, NOON_MS) == (sent, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"retry_model": "all"}, "retry_model must be only_failed or rewind_to_lowest, got 'all'"),
        ({"maximum_retry_attempts": -2}, "maximum_retry_attempts must be from -1 to 10000, got -2"),
        ({"maximum_retry_attempts": 10_001}, "maximum_retry_attempts must be from -1 to 10000, got 10001"),
        ({"maximum_record_age_seconds": 59}, "maximum_record_age_seconds must be -1 or from 60 to 604800, got 59"),
    ],
)
def test_a_rule_out_of_range_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RetryRules(**settings)


class Recorder:
    """A function that fails on poison, and remembers."""

    def __init__(self, poison: set[tuple[str, int]], *, reports: bool) -> None:
        self.poison, self.reports = poison, reports
        self.sent: list[list[tuple[str, int]]] = []
        self.succeeded: list[tuple[str, int]] = []
        self.discarded: list[tuple[str, int]] = []

    def invoke(self, records: Sequence[KafkaRecord]) -> object:
        names = [(r.topic_partition, r.offset) for r in records]
        self.sent.append(names)
        bad = [name for name in names if name in self.poison]
        if bad and not self.reports:
            msg = "ValueError"
            raise FunctionError(msg, "poison")
        self.succeeded += [name for name in names if name not in self.poison]
        return reported(*bad)

    def discard(self, discarded: Discarded, _error_type: str | None) -> None:
        self.discarded += [(r.topic_partition, r.offset) for r in discarded.batch.records]

    def run(self, rules: RetryRules, records: tuple[KafkaRecord, ...]) -> Triggered:
        total = BatchRun(rules, self.invoke, self.discard, SimulatedClock(NOON)).run(records)
        assert total is not None
        return total


Sent = tuple[tuple[KafkaRecord, ...], set[tuple[str, int]]]
"""A batch, and which of its records are poison."""


@st.composite
def batches(draw: st.DrawFn) -> Sent:
    partitions = draw(st.lists(st.integers(0, 2), min_size=1, max_size=30))
    offsets: Counter[int] = Counter()
    records = []
    for partition in partitions:
        records.append(record(offsets[partition], partition))
        offsets[partition] += draw(st.integers(1, 3))  # compacted topics and transactions leave gaps
    poison = draw(st.sets(st.sampled_from(records))) if draw(st.booleans()) else set()
    return tuple(records), {(r.topic_partition, r.offset) for r in poison}


rules_of_any_kind = st.builds(
    RetryRules,
    report_batch_item_failures=st.booleans(),
    retry_model=st.sampled_from(MODELS),
    bisect=st.booleans(),
    maximum_retry_attempts=st.integers(0, 4),
)


@given(sent=batches(), rules=rules_of_any_kind)
def test_every_record_is_done_or_given_up_whatever_the_rules(sent: Sent, rules: RetryRules) -> None:
    records, poison = sent
    function = Recorder(poison, reports=rules.report_batch_item_failures)
    total = function.run(rules, records)
    everything = {(r.topic_partition, r.offset) for r in records}
    assert set(function.succeeded) | set(function.discarded) == everything
    assert poison <= set(function.discarded)
    assert len(function.discarded) == len(set(function.discarded)) == total.discarded
    assert total.invocations == len(function.sent)
    if not poison:
        assert function.succeeded == [(r.topic_partition, r.offset) for r in records]
        assert (total.invocations, total.failures) == (1, 0)


@given(sent=batches(), rules=rules_of_any_kind)
def test_each_invocation_has_each_partition_in_order(sent: Sent, rules: RetryRules) -> None:
    records, poison = sent
    function = Recorder(poison, reports=rules.report_batch_item_failures)
    function.run(rules, records)
    for invocation in function.sent:
        for partition in {name for name, _ in invocation}:
            offsets = [offset for name, offset in invocation if name == partition]
            assert offsets == sorted(set(offsets))


@given(sent=batches(), retries=st.integers(0, 3))
def test_bisecting_gives_up_the_poison_alone_and_repeats_no_success(sent: Sent, retries: int) -> None:
    records, poison = sent
    function = Recorder(poison, reports=False)
    function.run(RetryRules(bisect=True, maximum_retry_attempts=retries), records)
    assert set(function.discarded) == poison
    assert max(Counter(function.succeeded).values(), default=1) == 1
    for partition in {name for name, _ in function.succeeded}:
        offsets = [offset for name, offset in function.succeeded if name == partition]
        assert offsets == sorted(offsets)


@given(sent=batches(), retries=st.integers(1, 3))
def test_bisecting_under_rewind_to_lowest_gives_up_one_poison_alone(sent: Sent, retries: int) -> None:
    records, poison = sent
    poison = set(sorted(poison)[:1])
    function = Recorder(poison, reports=True)
    function.run(RetryRules(True, "rewind_to_lowest", bisect=True, maximum_retry_attempts=retries), records)
    assert set(function.discarded) == poison


@given(sent=batches(), retries=st.integers(0, 3))
def test_reporting_under_only_failed_repeats_no_success_and_gives_up_the_poison_alone(sent: Sent, retries: int) -> None:
    records, poison = sent
    function = Recorder(poison, reports=True)
    function.run(RetryRules(True, "only_failed", maximum_retry_attempts=retries), records)
    assert set(function.discarded) == poison
    assert max(Counter(function.succeeded).values(), default=1) == 1
    assert len(function.sent) == (1 + retries if poison else 1)


def test_throttling_is_no_failure_and_waits_longer_each_time() -> None:
    clock, answers = SimulatedClock(NOON), [FunctionThrottled(), FunctionThrottled(), FunctionThrottled(), None]

    def invoke(_records: object) -> None:
        answer = answers.pop(0)
        if answer:
            raise answer

    rules = RetryRules(maximum_retry_attempts=0)
    total = BatchRun(rules, invoke, lambda *_: pytest.fail("given up"), clock).run((record(1),))
    assert total == Triggered(records=1, invocations=1)
    assert (clock.now() - NOON).total_seconds() == 1 + 2 + 4


def test_records_grow_too_old_while_they_are_retried() -> None:
    function = Recorder({("books-0", 1)}, reports=False)
    total = function.run(RetryRules(maximum_record_age_seconds=60), (record(1),))
    assert function.discarded == [("books-0", 1)]
    assert total.invocations == 6  # after 0, 1, 3, 7, 15 and 31 seconds


def test_a_record_that_is_too_large_alone_is_given_up_at_once() -> None:
    def invoke(_records: object) -> None:
        msg = "too large"
        raise RequestTooLargeError(msg)

    given_up: list[Discarded] = []
    total = BatchRun(RetryRules(), invoke, lambda d, _: given_up.append(d), SimulatedClock(NOON)).run((record(1),))
    assert total == Triggered(records=1, invocations=0, failures=1, discarded=1)
    assert [d.condition for d in given_up] == ["RecordTooLarge"]


def test_a_batch_is_left_when_it_is_stopped_between_two_attempts() -> None:
    function = Recorder({("books-0", 1)}, reports=False)
    left = BatchRun(RetryRules(), function.invoke, function.discard, SimulatedClock(NOON), lambda: True)
    assert left.run((record(1),)) is None
    assert len(function.sent) == 1
