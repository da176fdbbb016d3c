import json
import re

import pytest
from alert_records import SERIES, alert, dip, spike
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from test_wording import results

from contracts.results import Dimension, Result
from notify_lambda.message import MAX_BYTES, compose

DASHBOARD = "https://dashboard.example.org/"
PUBLISH_BATCH = Session().get_service_model("sns").operation_model("PublishBatch").input_shape


def test_each_kind_of_subscriber_gets_its_own_text() -> None:
    message = compose(alert(spike()), DASHBOARD)

    texts = json.loads(message.entry("0", fifo=False)["Message"])

    assert set(texts) == {"default", "email", "sms"}
    assert texts["email"].startswith("item-A: 75, expected 14 (6-24), at 08:01 UTC on 13 Nov.\n\nWhat: ")
    assert texts["sms"].startswith("item-A: 75, expected 14 (6-24), 08:01 UTC 13 Nov. 75, 5.5 times")
    assert json.loads(texts["default"]) == {
        "text": "item-A: 75, expected 14 (6-24), at 08:01 UTC on 13 Nov.",
        "link": f"{DASHBOARD}#series={SERIES}&at=2026-11-13T08:01:00Z",
        "kafka": {"topic": "results", "partition": 2, "offset": 5143, "timestamp": 1_794_556_920_000},
        "result": json.loads(alert(spike()).record.value or b""),
    }


def test_without_a_dashboard_there_is_no_link() -> None:
    assert json.loads(compose(alert(spike()), None).body)["link"] is None


def test_filter_policies_find_these_attributes() -> None:
    assert compose(alert(dip()), None).attributes == {
        "detector": ("String", "bookstore"),
        "measure": ("String", "quantity"),
        "timeseriesId": ("String", SERIES),
        "direction": ("String", "LOW"),
        "dimensions": ("String.Array", '["product_name=item-A"]'),
        "score": ("Number", "91"),
        "confidence": ("Number", "98.1"),
        "actual": ("Number", "6"),
    }


def test_an_attribute_without_a_value_is_left_out() -> None:
    attributes = compose(alert(spike(dimension_list=(), detector_name="\x00")), None).attributes

    assert not {"dimensions", "detector"} & set(attributes)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1e300, "1000000000"),
        (-1e300, "-1000000000"),
        (0.000001, "0"),
        (-0.000001, "0"),
        (0.1 + 0.2, "0.3"),
        (12.5, "12.5"),
    ],
)
def test_numbers_are_such_as_filter_policies_compare(value: float, written: str) -> None:
    assert compose(alert(spike(aggregated_measure_value=value)), None).attributes["actual"] == ("Number", written)


@given(results())
def test_whatever_a_record_holds_the_entry_is_one_that_sns_takes(result: Result) -> None:
    message = compose(alert(result), DASHBOARD)

    entry = message.entry("0", fifo=True)

    request = {"TopicArn": "arn", "PublishBatchRequestEntries": [entry]}
    assert not ParamValidator().validate(request, PUBLISH_BATCH).has_errors()
    assert message.size <= MAX_BYTES
    assert message.body.isascii()
    assert json.loads(message.body)["result"]["anomalyScore"] == result.anomaly_score
    assert len(message.attributes) <= 10
    for kind, value in message.attributes.values():
        assert value.isprintable()
        assert kind != "Number" or re.fullmatch(r"-?\d{1,10}(\.\d{1,5})?", value)
        assert kind != "String.Array" or all(isinstance(one, str) for one in json.loads(value))
    assert re.fullmatch(r"[!-~]{1,128}", entry["MessageGroupId"])
    assert re.fullmatch(r"[0-9a-f]{64}", entry["MessageDeduplicationId"])


def test_a_record_too_large_for_sns_is_told_without_itself() -> None:
    huge = tuple(Dimension(f"name-{index}", '"\\日' * 5_000) for index in range(30))

    message = compose(alert(spike(dimension_list=huge)), DASHBOARD)

    assert message.size <= MAX_BYTES
    assert json.loads(message.body)["result"] is None
    assert json.loads(message.body)["kafka"]["offset"] == 5143


def test_a_fifo_topic_orders_by_series_and_drops_repeats_of_an_alert() -> None:
    first, again = compose(alert(spike()), None), compose(alert(spike(anomaly_score=95.0)), None)
    other = compose(alert(spike(detection_period_start_time="2026-11-13 09:00:00")), None)

    assert first.group == other.group == SERIES
    assert first.deduplication == again.deduplication != other.deduplication


def test_only_a_fifo_topic_is_given_a_group() -> None:
    assert "MessageGroupId" not in compose(alert(spike()), None).entry("0", fifo=False)
    assert "MessageGroupId" in compose(alert(spike()), None).entry("0", fifo=True)


def test_the_size_counts_all_that_is_sent() -> None:
    message = compose(alert(spike()), None)
    entry = message.entry("0", fifo=False)

    attributes = sum(
        len((name + value["DataType"] + value["StringValue"]).encode())
        for name, value in entry["MessageAttributes"].items()
    )
    assert message.size == len(entry["Subject"]) + len(entry["Message"].encode()) + attributes
