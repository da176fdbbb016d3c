"""The whole function against AWS: what people hear, what comes again, what is put aside."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from alert_records import Context, dip, event, event_of, many_spikes, record, spike
from faulty_proxy import FaultyProxy
from sns_cloud import Cloud

from contracts.deadletters import DeadLetter
from notify_lambda import handler as handler_module
from notify_lambda.handler import DeliveryError, handler
from readers.errors import EventError, SettingsError

NONE_FAILED: dict[str, Any] = {"batchItemFailures": []}


def failed_offsets(reply: dict[str, Any]) -> list[int]:
    assert all(item["itemIdentifier"]["partition"] == "results-2" for item in reply["batchItemFailures"])
    return [item["itemIdentifier"]["offset"] for item in reply["batchItemFailures"]]


def test_an_alert_is_one_message(cloud: Cloud) -> None:
    assert handler(event(spike()), Context()) == NONE_FAILED

    (message,) = cloud.messages()
    assert message["Subject"] == "item-A: 75, expected 14 (6-24), at 08:01 UTC on 13 Nov"
    assert json.loads(message["Message"])["result"]["aggregatedMeasureValue"] == 75.0


def test_anomalous_minutes_that_are_no_alerts_are_not_told(cloud: Cloud) -> None:
    episode = [
        spike(detection_period_start_time=f"2026-11-13 08:{minute:02}:00", alert=int(minute == 1))
        for minute in range(1, 11)
    ]
    assert all(minute.anomaly_decision for minute in episode)

    handler(event(*episode), Context())

    assert len(cloud.messages()) == 1


def test_an_alert_that_is_delivered_again_is_not_told_again(cloud: Cloud) -> None:
    handler(event(spike()), Context())
    handler_module._courier.cache_clear()  # another execution environment

    assert handler(event(spike(), first_offset=77, partition=2), Context()) == NONE_FAILED
    assert len(cloud.messages()) == 1


def test_an_alert_that_comes_twice_in_a_batch_is_told_once(cloud: Cloud) -> None:
    assert handler(event(spike(), spike(), spike()), Context()) == NONE_FAILED
    assert len(cloud.messages()) == 1


def test_the_next_alert_of_a_series_is_another_one(cloud: Cloud) -> None:
    handler(event(spike(), spike(detection_period_start_time="2026-11-13 09:30:00")), Context())

    assert len(cloud.messages()) == 2


def test_without_a_table_the_memory_of_the_process_keeps_repeats_back(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEMPOTENCY_TABLE")

    handler(event(spike()), Context())
    handler(event(spike()), Context())

    assert len(cloud.messages()) == 1
    assert cloud.clients["dynamodb"].scan(TableName=cloud.table)["Count"] == 0


@pytest.mark.parametrize("table", [True, False])
def test_two_pollers_that_deliver_the_same_alerts_at_once_send_them_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, table: bool
) -> None:
    if not table:
        monkeypatch.delenv("IDEMPOTENCY_TABLE")
    batch = event(*many_spikes(12))
    start = threading.Barrier(4)

    def poll(_: int) -> dict[str, Any]:
        start.wait()
        return handler(batch, Context())

    handler(event(), Context())  # builds the clients
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(poll, range(4)))
    while any(reply["batchItemFailures"] for reply in replies):  # as the triggers would
        replies = [handler(batch, Context())]

    assert len(cloud.messages()) == 12


def test_an_outage_of_25_series_is_25_messages_in_three_calls(
    cloud: Cloud, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", proxy.url)

    assert handler(event(*many_spikes(25)), Context()) == NONE_FAILED

    assert sorted(cloud.series()) == sorted(spike.timeseries_id for spike in many_spikes(25))
    assert proxy.count("PublishBatch") == 3


def test_scores_below_the_minimum_are_not_told_and_do_not_fail(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIMUM_SCORE", "90")
    below, at = spike(anomaly_score=89.9), dip(anomaly_score=90.0)

    assert handler(event(below, at), Context()) == NONE_FAILED

    (message,) = cloud.messages()
    assert "only 6" in message["Subject"]


def test_poison_is_logged_with_its_offset_and_put_aside_once(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    batch = event(b"secret 4711 {", spike(), "???", b"\xff\xfe", b"", b"[1]", b'{"detectorName":"x"}')

    assert handler(batch, Context()) == NONE_FAILED
    assert handler(batch, Context()) == NONE_FAILED

    letters = [msgspec.convert(letter, DeadLetter) for letter in cloud.letters()]
    assert {(letter.offset, letter.reason) for letter in letters} == {
        (0, "not_json"),
        (2, "not_base64"),
        (3, "not_utf8"),
        (4, "empty"),
        (5, "not_an_object"),
        (6, "not_a_result"),
    }
    assert len(letters) == 6
    assert letters[0].body == "secret 4711 {"
    assert len(cloud.messages()) == 1
    assert "topic=results partition=2 offset=0 reason=not_json" in caplog.text
    assert "4711" not in caplog.text


def test_without_a_queue_poison_is_logged_and_passed(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("DEAD_LETTER_QUEUE_URL")

    assert handler(event(b"{", spike()), Context()) == NONE_FAILED

    assert "offset=0 reason=not_json destination=none" in caplog.text
    assert len(cloud.messages()) == 1


def test_poison_that_even_the_queue_does_not_take_comes_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", cloud.letters_url + "-missing")
    assert failed_offsets(handler(event(b"{", spike()), Context())) == [0]

    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", cloud.letters_url)
    handler_module._courier.cache_clear()
    assert handler(event(b"{", spike()), Context()) == NONE_FAILED
    assert len(cloud.letters()) == 1
    assert len(cloud.messages()) == 1


def test_a_tombstone_is_passed(cloud: Cloud) -> None:
    assert handler(event(None), Context()) == NONE_FAILED
    assert cloud.letters() == []


@pytest.mark.usefixtures("cloud")
def test_a_failure_is_raised_where_the_trigger_reads_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPORT_BATCH_ITEM_FAILURES")
    monkeypatch.setenv("IDEMPOTENCY_TABLE", "missing")

    with pytest.raises(DeliveryError, match=r"^2 of 3 records failed, the first is results-2-1$"):
        handler(event(None, *many_spikes(2)), Context())


@pytest.mark.usefixtures("cloud")
def test_what_failed_is_named_by_topic_partition_and_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEMPOTENCY_TABLE", "missing")
    records = [
        *event(spike(), partition=0)["records"]["results-0"],
        *event(dip(), first_offset=9)["records"]["results-2"],
    ]

    assert handler(event_of(records), Context()) == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "results-0", "offset": 0}},
            {"itemIdentifier": {"partition": "results-2", "offset": 9}},
        ]
    }


def test_with_too_little_time_the_rest_comes_again_instead_of_timing_out(cloud: Cloud) -> None:
    # 60 s at first; the eleventh claim finds only 2 s left.
    clock = Context([60_000] * 11 + [2_000])

    reply = handler(event(*many_spikes(25)), clock)

    assert failed_offsets(reply) == list(range(10, 25))
    assert len(cloud.messages()) == 10


def test_a_short_time_out_leaves_time_for_something(cloud: Cloud) -> None:
    assert handler(event(spike()), Context([3_000])) == NONE_FAILED
    assert len(cloud.messages()) == 1


@pytest.mark.usefixtures("cloud")
def test_a_batch_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "notify_lambda")

    handler(event(spike(), spike(), spike(alert=0), None), Context())

    (line,) = [entry.message for entry in caplog.records if entry.name.startswith("notify_lambda")]
    assert line == "notified records=4 no_alert=1 sent=2 tombstone=1"


@pytest.mark.usefixtures("cloud")
def test_an_event_of_another_service_is_an_error() -> None:
    with pytest.raises(EventError):
        handler({"Records": [{"eventSource": "aws:sqs"}]}, Context())


@pytest.mark.usefixtures("cloud")
def test_settings_that_cannot_be_used_are_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIMUM_SCORE", "140")

    with pytest.raises(SettingsError, match="MINIMUM_SCORE"):
        handler(event(), Context())


def test_a_fifo_topic_gets_alerts_by_series_and_drops_repeats_by_itself(
    fifo_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEMPOTENCY_TABLE")

    handler(event(spike(), *many_spikes(3)), Context())
    handler_module._courier.cache_clear()  # nobody remembers
    handler(event(spike(), *many_spikes(3)), Context())

    assert len(fifo_cloud.messages()) == 4


@pytest.mark.parametrize(
    ("policy", "heard"),
    [
        ({"direction": ["LOW"]}, ["dip"]),
        ({"score": [{"numeric": [">=", 93]}]}, ["spike"]),
        ({"actual": [{"numeric": ["<", 10]}]}, ["dip"]),
        ({"dimensions": ["product_name=item-A"]}, ["dip", "spike"]),
        ({"dimensions": ["product_name=item-B"]}, []),
        ({"detector": ["bookstore"], "measure": ["quantity"]}, ["dip", "spike"]),
        ({"confidence": [{"numeric": [">", 99]}]}, []),
    ],
)
def test_a_filter_policy_chooses_alerts(cloud: Cloud, policy: dict[str, Any], heard: list[str]) -> None:
    queue = cloud.subscribe(policy)

    handler(event(spike(timeseries_id="spike"), dip(timeseries_id="dip")), Context())

    texts = [json.loads(message["Message"]) for message in cloud.messages(queue)]
    assert sorted(text["result"]["timeseriesId"] for text in texts) == heard


def test_raw_delivery_to_a_queue_is_the_json_with_its_attributes(cloud: Cloud) -> None:
    queue = cloud.subscribe({"direction": ["HIGH"]}, raw=True)

    handler(event(spike()), Context())

    (message,) = cloud.raw(queue)
    assert json.loads(message["Body"])["text"] == "item-A: 75, expected 14 (6-24), at 08:01 UTC on 13 Nov."
    assert len(message["MessageAttributes"]) <= 10
    assert message["MessageAttributes"]["score"] == {"StringValue": "94.2", "DataType": "Number"}


def test_no_payload_is_in_the_key_of_a_record_of_the_table(cloud: Cloud) -> None:
    handler(event(spike()), Context())

    (item,) = cloud.clients["dynamodb"].scan(TableName=cloud.table)["Items"]
    assert item["id"]["S"].startswith(cloud.topic_arn + "#")
    assert item["status"]["S"] == "COMPLETED"
    assert record(spike()).place not in str(item)
