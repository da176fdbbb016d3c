"""Faults between a trigger and people, under every way in which a trigger may deliver again what failed."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from alert_records import Context, event, event_of, many_spikes, spike
from faulty_proxy import Fault, FaultyProxy, faulty_proxy
from sns_cloud import Cloud

from notify_lambda import handler as handler_module
from notify_lambda.handler import DeliveryError, handler


@pytest.fixture
def proxies(
    cloud: Cloud,  # noqa: ARG001 - its settings must not come later
    aws_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, FaultyProxy]]:
    """One in front of each service."""
    with ExitStack() as stack:
        found = {}
        for name, only in (("sns", "PublishBatch"), ("dynamodb", ""), ("sqs", "SendMessage")):
            found[name] = stack.enter_context(faulty_proxy(aws_environment["AWS_ENDPOINT_URL"]))
            found[name].only = only
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name.upper()}", found[name].url)
        yield found


def offsets(reply: dict[str, Any]) -> list[int]:
    return [item["itemIdentifier"]["offset"] for item in reply["batchItemFailures"]]


def records_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    return [record for partition in one["records"].values() for record in partition]


def trigger(model: str, records: list[dict[str, Any]], remaining_ms: int = 1_200) -> int:
    """Deliver records until none fails, as a trigger does; return how often it had to.

    `items` delivers again only the records that failed, `rewind` all from the lowest failed offset of each partition,
    `whole` the batch, `bisect` each half of it by itself. Claims that could not be given back end after `remaining_ms`.
    """
    for attempt in range(1, 100):
        try:
            reply = handler(event_of(records), Context([remaining_ms]))
        except DeliveryError:
            time.sleep(0.1)
            if model == "bisect" and len(records) > 1:
                half = len(records) // 2
                return attempt + trigger(model, records[:half]) + trigger(model, records[half:])
            continue
        failed = {
            (item["itemIdentifier"]["partition"], item["itemIdentifier"]["offset"])
            for item in reply["batchItemFailures"]
        }
        if not failed:
            return attempt
        time.sleep(0.1)
        if model == "items":
            records = [one for one in records if (f"{one['topic']}-{one['partition']}", one["offset"]) in failed]
        else:
            lowest = {name: min(offset for other, offset in failed if other == name) for name, _ in failed}
            records = [
                one
                for one in records
                if one["offset"] >= lowest.get(f"{one['topic']}-{one['partition']}", one["offset"] + 1)
            ]
    msg = "it never ends"
    raise AssertionError(msg)


@pytest.mark.parametrize("model", ["items", "rewind", "whole", "bisect"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_whatever_fails_every_alert_is_told_once(
    cloud: Cloud, proxies: dict[str, FaultyProxy], monkeypatch: pytest.MonkeyPatch, model: str, seed: int
) -> None:
    random_ = random.Random(f"{model} {seed}")
    monkeypatch.setenv("REPORT_BATCH_ITEM_FAILURES", str(model in {"items", "rewind"}).lower())
    monkeypatch.setattr("notify_lambda.publisher._PAUSE_SECONDS", (0.0, 0.01))
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    spikes = many_spikes(13)
    values = [*spikes, b"poison", spike(alert=0, timeseries_id="quiet")]
    random_.shuffle(values)
    records = [*records_of(event(*values[:9], partition=0)), *records_of(event(*values[9:], partition=1))]
    partial = [Fault("partial", (0,)), Fault("partial", (0,), code="Throttled", sender=True)]
    proxies["sns"].faults += random_.choices([*_outages(), *partial, Fault("pass")], k=8)
    proxies["dynamodb"].faults += random_.choices([*_outages(), *[Fault("pass")] * 12], k=60)
    proxies["sqs"].faults += random_.choices([*_outages(), Fault("pass")], k=3)

    attempts = trigger(model, records)

    assert sorted(cloud.series()) == sorted(one.timeseries_id for one in spikes)
    assert len(cloud.letters()) == 1
    assert attempts > 1 or not any(proxy.faults for proxy in proxies.values())


def _outages() -> list[Fault]:
    return [Fault("throttled"), Fault("unavailable"), Fault("hangs_up")]


def test_only_what_failed_is_named(cloud: Cloud, proxies: dict[str, FaultyProxy]) -> None:
    proxies["sns"].faults += [Fault("partial", (1, 4)), Fault("partial", (0,))]

    assert offsets(handler(event(*many_spikes(6)), Context())) == [1]
    assert len(cloud.messages()) == 5


def test_when_sns_is_away_the_rest_of_the_batch_is_not_tried(cloud: Cloud, proxies: dict[str, FaultyProxy]) -> None:
    proxies["sns"].faults += [Fault("unavailable")] * 99

    assert offsets(handler(event(*many_spikes(35)), Context())) == list(range(35))
    assert proxies["sns"].count("PublishBatch") == 2
    assert proxies["dynamodb"].count("PutItem") == 10

    proxies["sns"].faults.clear()
    assert offsets(handler(event(*many_spikes(35)), Context())) == []  # no claim is left behind
    assert len(cloud.messages()) == 35


def test_when_the_table_is_away_nothing_is_told_and_everything_comes_again(
    cloud: Cloud, proxies: dict[str, FaultyProxy]
) -> None:
    proxies["dynamodb"].faults += [Fault("pass")] * 3 + [Fault("unavailable")] * 99

    assert offsets(handler(event(*many_spikes(12)), Context())) == list(range(12))
    assert cloud.messages() == []
    assert proxies["dynamodb"].count("") == 3 + 2 + 2  # three claims, one that failed, one release that failed


def test_an_alert_that_was_told_but_not_noted_does_not_fail(cloud: Cloud, proxies: dict[str, FaultyProxy]) -> None:
    proxies["dynamodb"].faults += [Fault("pass"), *[Fault("unavailable")] * 2]

    assert offsets(handler(event(spike()), Context())) == []
    assert offsets(handler(event(spike()), Context())) == []
    assert len(cloud.messages()) == 1


def test_when_the_table_goes_away_after_telling_it_is_not_asked_for_each_alert(
    cloud: Cloud, proxies: dict[str, FaultyProxy]
) -> None:
    proxies["dynamodb"].faults += [Fault("pass")] * 5 + [Fault("unavailable")] * 99

    assert offsets(handler(event(*many_spikes(5)), Context([1_000]))) == []
    assert proxies["dynamodb"].count("UpdateItem") == 2

    proxies["dynamodb"].faults.clear()
    time.sleep(1.1)  # the claims are over
    assert offsets(handler(event(*many_spikes(5)), Context())) == []
    assert len(cloud.messages()) == 5


def test_when_the_function_dies_between_telling_and_noting_the_alert_is_told_again_after_its_time(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("notify_lambda.idempotency.Ledger.complete", die)
        with pytest.raises(SystemExit):
            handler(event(spike()), Context([5_000]))
    handler_module._courier.cache_clear()

    assert offsets(handler(event(spike()), Context())) == [0]  # perhaps it is still being told
    assert len(cloud.messages()) == 1
    time.sleep(5.1)
    assert offsets(handler(event(spike()), Context())) == []
    assert len(cloud.messages()) == 1  # the second copy: at least once, not exactly once


def test_an_alert_that_sns_refuses_is_put_aside_and_does_not_come_again(
    cloud: Cloud, proxies: dict[str, FaultyProxy], caplog: pytest.LogCaptureFixture
) -> None:
    refusal = Fault("partial", (1,), code="InvalidParameter", sender=True)
    proxies["sns"].faults += [refusal]

    assert offsets(handler(event(*many_spikes(3)), Context())) == []
    assert offsets(handler(event(*many_spikes(3)), Context())) == []

    assert [(letter["offset"], letter["reason"]) for letter in cloud.letters()] == [(1, "refused")]
    assert len(cloud.messages()) == 2
    assert "offset=1 reason=refused" in caplog.text


def test_a_refused_alert_that_the_queue_does_not_take_comes_again(
    cloud: Cloud, proxies: dict[str, FaultyProxy]
) -> None:
    proxies["sns"].faults += [Fault("partial", (0,), code="InvalidParameter", sender=True)]
    proxies["sqs"].faults += [Fault("unavailable")] * 2

    assert offsets(handler(event(spike()), Context())) == [0]
    assert offsets(handler(event(spike()), Context())) == []
    assert len(cloud.messages()) == 1


def test_a_claim_whose_answer_was_lost_is_ours_again_when_its_time_is_over(
    cloud: Cloud, proxies: dict[str, FaultyProxy]
) -> None:
    proxies["dynamodb"].faults += [Fault("lost")]

    assert offsets(handler(event(spike()), Context([2_000]))) == [0]
    time.sleep(2.1)
    assert offsets(handler(event(spike()), Context([2_000]))) == []
    assert len(cloud.messages()) == 1
