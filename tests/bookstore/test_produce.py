import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from bookstore.produce import encode, produce
from bookstore.sales import Plan, Sale, make_plan, sales
from devstack.errors import DevstackError
from devstack.stack import Stack
from devstack.topics import create_topics

END = datetime(2024, 9, 15, 13, 0, tzinfo=UTC)


def records(stack: Stack, topic: str, count: int) -> Iterator[Any]:
    consumer = KafkaConsumer(bootstrap_servers=stack.bootstrap_servers)
    consumer.assign([TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)])
    consumer.seek_to_beginning()
    for _ in range(count):
        yield next(consumer)
    consumer.close()


def hours(count: float) -> Plan:
    return make_plan(END - timedelta(hours=count), END, seed=3)


def test_a_sale_is_one_flat_json_object() -> None:
    sale = Sale(datetime(2024, 8, 29, 13, 35, 12, tzinfo=UTC), "item-A", 3)
    assert json.loads(encode(sale)) == {"event_time": "2024-08-29T13:35:12Z", "product_name": "item-A", "quantity": 3}


@pytest.mark.kafka
def test_every_sale_arrives_once_keyed_by_product_and_stamped_with_its_time(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"history": 4})
    plan = hours(3)
    told: list[str] = []
    produced = produce(plan, broker.bootstrap_servers, "history", progress=told.append)
    expected = list(sales(plan))
    assert produced.records == len(expected)
    assert produced.quantity == sum(sale.quantity for sale in expected)
    assert told[-1] == ""

    arrived = list(records(broker, "history", produced.records))
    assert Counter(record.value for record in arrived) == Counter(encode(sale) for sale in expected)
    for record in arrived:
        body = json.loads(record.value)
        assert record.key == body["product_name"].encode()
        assert record.timestamp == datetime.fromisoformat(body["event_time"]).timestamp() * 1000
    for product in ("item-A", "item-B"):
        in_order = [encode(sale) for sale in expected if sale.product == product]
        assert [record.value for record in arrived if record.key == product.encode()] == in_order


@pytest.mark.kafka
def test_speed_is_a_multiple_of_the_clock_s(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"live": 1})
    began = monotonic()
    produce(hours(0.1), broker.bootstrap_servers, "live", speed=180)  # six minutes of sales
    assert 1.5 < monotonic() - began < 4


@pytest.mark.kafka
def test_a_missing_topic_is_said_with_the_command_that_creates_it(
    broker: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookstore.produce._CONNECT_MS", 1000)
    there = broker.bootstrap_servers
    with pytest.raises(DevstackError, match=f"no topic 'nowhere'.*devstack topics --bootstrap {there} nowhere=4"):
        produce(hours(0.1), there, "nowhere")
