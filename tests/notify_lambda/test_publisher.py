"""Calls of SNS through a proxy that throttles them, loses them, and lets part of them fail."""

from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from alert_records import alert, many_spikes, spike
from faulty_proxy import Fault, FaultyProxy
from sns_cloud import Cloud

from notify_lambda.message import Message, compose
from notify_lambda.publisher import CLIENT_CONFIG, Outcome, SnsPublisher, batches

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SENT, FAILED, UNAVAILABLE, REFUSED = Outcome.SENT, Outcome.FAILED, Outcome.UNAVAILABLE, Outcome.REFUSED


def messages(count: int) -> list[Message]:
    return [compose(alert(one), None) for one in many_spikes(count)]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def publisher(cloud: Cloud, proxy: FaultyProxy, pauses: list[float]) -> SnsPublisher:
    return SnsPublisher(_client(proxy), cloud.topic_arn, pauses.append)


@pytest.fixture
def fifo_publisher(fifo_cloud: Cloud, proxy: FaultyProxy) -> SnsPublisher:
    return SnsPublisher(_client(proxy), fifo_cloud.topic_arn)


def _client(proxy: FaultyProxy) -> "SNSClient":
    return boto3.client("sns", endpoint_url=proxy.url, config=CLIENT_CONFIG)


def test_ten_messages_are_one_call(publisher: SnsPublisher, cloud: Cloud, proxy: FaultyProxy) -> None:
    assert publisher.publish(messages(10)) == [SENT] * 10
    assert proxy.count("PublishBatch") == 1
    assert len(cloud.messages()) == 10


@pytest.mark.parametrize("kind", ["throttled", "unavailable", "hangs_up"])
@pytest.mark.parametrize(("failures", "answer", "delivered"), [(1, SENT, 3), (2, UNAVAILABLE, 0)])
def test_a_call_that_fails_is_tried_once_more_and_not_a_third_time(
    publisher: SnsPublisher, cloud: Cloud, proxy: FaultyProxy, kind: str, failures: int, answer: object, delivered: int
) -> None:
    proxy.faults += [Fault(kind)] * failures

    assert publisher.publish(messages(3)) == [answer] * 3
    assert proxy.count("PublishBatch") == 2
    assert len(cloud.messages()) == delivered


def test_messages_that_fail_alone_are_tried_once_more_alone(
    publisher: SnsPublisher, cloud: Cloud, proxy: FaultyProxy, pauses: list[float]
) -> None:
    proxy.faults += [Fault("partial", (0, 3))]

    assert publisher.publish(messages(5)) == [SENT] * 5

    assert proxy.count("PublishBatch") == 2
    assert len(cloud.messages()) == 5  # none twice
    assert len(pauses) == 1
    assert 0.2 <= pauses[0] <= 0.5


def test_messages_that_fail_twice_fail(publisher: SnsPublisher, cloud: Cloud, proxy: FaultyProxy) -> None:
    proxy.faults += [Fault("partial", (0, 3)), Fault("partial", (1,), code="Throttled", sender=True)]

    assert publisher.publish(messages(5)) == [SENT, SENT, SENT, FAILED, SENT]
    assert proxy.count("PublishBatch") == 2
    assert len(cloud.messages()) == 4


def test_a_message_that_sns_will_never_take_is_not_tried_again(publisher: SnsPublisher, proxy: FaultyProxy) -> None:
    proxy.faults += [Fault("partial", (1,), code="InvalidParameter", sender=True)]

    assert publisher.publish(messages(3)) == [SENT, REFUSED, SENT]
    assert proxy.count("PublishBatch") == 1


def test_one_bad_message_does_not_keep_the_others_of_its_call(publisher: SnsPublisher, cloud: Cloud) -> None:
    good = messages(3)
    good[1] = replace(good[1], attributes={"score": ("Number", "high")})  # SNS itself refuses it

    assert publisher.publish(good) == [SENT, REFUSED, SENT]
    assert len(cloud.messages()) == 2


def test_a_refused_call_is_sent_one_by_one(publisher: SnsPublisher, proxy: FaultyProxy) -> None:
    proxy.faults += [Fault("refused"), Fault("pass"), Fault("refused")]

    assert publisher.publish(messages(3)) == [SENT, REFUSED, SENT]
    assert proxy.count("PublishBatch") == 4


def test_one_by_one_ends_when_sns_goes_away(publisher: SnsPublisher, proxy: FaultyProxy) -> None:
    proxy.faults += [Fault("refused"), Fault("pass"), *[Fault("unavailable")] * 2]

    assert publisher.publish(messages(4)) == [SENT, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]
    assert proxy.count("PublishBatch") == 4


@pytest.mark.parametrize("count", [1, 3])
def test_a_topic_that_is_no_topic_is_no_fault_of_the_messages(
    publisher: SnsPublisher, proxy: FaultyProxy, count: int
) -> None:
    proxy.faults += [Fault("bad_topic")] * 9

    assert publisher.publish(messages(count)) == [UNAVAILABLE] * count


def test_a_message_of_which_sns_says_nothing_was_not_sent(publisher: SnsPublisher, cloud: Cloud) -> None:
    unheard = messages(2)
    unheard[0] = replace(unheard[0], subject="x" * 101)  # the server names it nowhere

    assert publisher.publish(unheard) == [FAILED, SENT]
    assert len(cloud.messages()) == 1


def test_a_missing_topic_is_no_fault_of_the_messages(proxy: FaultyProxy, cloud: Cloud) -> None:
    publisher = SnsPublisher(_client(proxy), cloud.topic_arn + "-missing")

    assert publisher.publish(messages(2)) == [UNAVAILABLE] * 2


def test_an_answer_that_is_lost_is_asked_for_again_and_a_standard_topic_tells_twice(
    publisher: SnsPublisher, cloud: Cloud, proxy: FaultyProxy
) -> None:
    proxy.faults += [Fault("lost")]

    assert publisher.publish(messages(2)) == [SENT] * 2
    assert len(cloud.messages()) == 4


def test_an_answer_that_is_lost_is_asked_for_again_and_a_fifo_topic_tells_once(
    fifo_publisher: SnsPublisher, fifo_cloud: Cloud, proxy: FaultyProxy
) -> None:
    proxy.faults += [Fault("lost")]

    assert fifo_publisher.publish(messages(2)) == [SENT] * 2
    assert proxy.count("PublishBatch") == 2
    assert len(fifo_cloud.messages()) == 2


def test_calls_hold_ten_messages_at_most() -> None:
    assert list(batches(messages(25))) == [list(range(10)), list(range(10, 20)), list(range(20, 25))]
    assert list(batches([])) == []


def test_calls_hold_262144_bytes_at_most() -> None:
    small = compose(alert(spike()), None)
    large = replace(small, body="x" * 100_000)

    assert list(batches([large, large, large, small, small])) == [[0, 1], [2, 3, 4]]
    assert 2 * large.size <= 262_144 < 3 * large.size
