"""The same laws for both memories: DynamoDB and the process."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from faulty_proxy import Fault, FaultyProxy
from sns_cloud import Cloud

from notify_lambda import idempotency
from notify_lambda.idempotency import (
    REMEMBERED_SECONDS,
    Claim,
    Ledger,
    LedgerError,
    MemoryPersistenceLayer,
    dynamodb_ledger,
    memory_ledger,
)
from notify_lambda.publisher import CLIENT_CONFIG

MINUTE = 60_000


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return memory_ledger("alerts")
    cloud: Cloud = request.getfixturevalue("cloud")
    return dynamodb_ledger(cloud.clients["dynamodb"], cloud.table, "alerts")


def test_a_claim_is_taken_once(ledger: Ledger) -> None:
    assert ledger.claim("a", MINUTE) is Claim.OURS
    assert ledger.claim("a", MINUTE) is Claim.BUSY
    assert ledger.claim("b", MINUTE) is Claim.OURS


def test_what_is_done_stays_done(ledger: Ledger) -> None:
    ledger.claim("a", MINUTE)
    ledger.complete("a")

    assert ledger.claim("a", MINUTE) is Claim.DONE
    assert ledger.claim("a", MINUTE) is Claim.DONE


def test_what_was_given_back_can_be_taken(ledger: Ledger) -> None:
    ledger.claim("a", MINUTE)
    ledger.release("a")

    assert ledger.claim("a", MINUTE) is Claim.OURS


def test_the_claim_of_an_invocation_that_died_ends_with_its_time(ledger: Ledger) -> None:
    ledger.claim("a", 50)
    time.sleep(0.1)

    assert ledger.claim("a", MINUTE) is Claim.OURS


def test_what_is_done_does_not_end_with_the_invocation(ledger: Ledger) -> None:
    ledger.claim("a", 50)
    ledger.complete("a")
    time.sleep(0.1)

    assert ledger.claim("a", MINUTE) is Claim.DONE


def test_of_many_at_once_one_gets_the_claim(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: ledger.claim("a", MINUTE), range(32)))

    assert claims.count(Claim.OURS) == 1
    assert claims.count(Claim.BUSY) == 31


@pytest.mark.parametrize("kind", ["memory", "dynamodb"])
def test_after_seven_days_it_is_forgotten(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REMEMBERED_SECONDS == 7 * 24 * 60 * 60
    monkeypatch.setattr(idempotency, "REMEMBERED_SECONDS", -2)  # the limit has passed since
    if kind == "memory":
        ledger = memory_ledger("alerts")
    else:
        cloud: Cloud = request.getfixturevalue("cloud")
        ledger = dynamodb_ledger(cloud.clients["dynamodb"], cloud.table, "alerts")
    ledger.claim("a", MINUTE)
    ledger.complete("a")

    assert ledger.claim("a", MINUTE) is Claim.OURS


def test_two_topics_share_a_table_without_meeting(cloud: Cloud) -> None:
    one, other = (dynamodb_ledger(cloud.clients["dynamodb"], cloud.table, topic) for topic in ("one", "other"))

    assert one.claim("a", MINUTE) is Claim.OURS
    assert other.claim("a", MINUTE) is Claim.OURS


def test_the_memory_of_the_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_MOST_IN_MEMORY", 3)
    layer = MemoryPersistenceLayer()
    ledger = Ledger(layer, "alerts")
    for key in "abcde":
        ledger.claim(key, MINUTE)
        ledger.complete(key)

    assert len(layer._records) == 3
    assert ledger.claim("e", MINUTE) is Claim.DONE
    assert ledger.claim("a", MINUTE) is Claim.OURS


@pytest.mark.parametrize("step", [lambda ledger: ledger.claim("a", MINUTE), Ledger.complete, Ledger.release])
def test_a_table_that_does_not_answer_is_one_kind_of_error(
    cloud: Cloud, proxy: FaultyProxy, step: Callable[..., Any]
) -> None:
    proxy.only = "DynamoDB"
    proxy.faults += [Fault("unavailable")] * 2
    client = boto3.client("dynamodb", endpoint_url=proxy.url, config=CLIENT_CONFIG)
    ledger = dynamodb_ledger(client, cloud.table, "alerts")

    with pytest.raises(LedgerError):
        step(ledger) if step not in {Ledger.complete, Ledger.release} else step(ledger, "a")
    assert len(proxy.actions) == 2  # once more, and no more


def test_a_table_that_hiccups_is_asked_once_more(cloud: Cloud, proxy: FaultyProxy) -> None:
    proxy.only = "DynamoDB"
    proxy.faults += [Fault("unavailable")]
    client = boto3.client("dynamodb", endpoint_url=proxy.url, config=CLIENT_CONFIG)

    assert dynamodb_ledger(client, cloud.table, "alerts").claim("a", MINUTE) is Claim.OURS


def test_a_missing_table_is_named_by_its_error(cloud: Cloud) -> None:
    with pytest.raises(LedgerError, match="ResourceNotFoundException"):
        dynamodb_ledger(cloud.clients["dynamodb"], "missing", "alerts").claim("a", MINUTE)


def test_what_was_sent_while_the_table_was_away_is_noted_when_it_comes_again(cloud: Cloud, proxy: FaultyProxy) -> None:
    proxy.only = "DynamoDB"
    client = boto3.client("dynamodb", endpoint_url=proxy.url, config=CLIENT_CONFIG)
    ledger = dynamodb_ledger(client, cloud.table, "alerts")
    ledger.claim("a", 50)
    proxy.faults += [Fault("unavailable")] * 2
    with pytest.raises(LedgerError):
        ledger.complete("a")
    ledger.remember("a")
    time.sleep(0.1)  # the claim is over

    assert ledger.claim("a", MINUTE) is Claim.DONE
    assert dynamodb_ledger(cloud.clients["dynamodb"], cloud.table, "alerts").claim("a", MINUTE) is Claim.DONE
