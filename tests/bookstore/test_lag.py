import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from bookstore.lag import read_lags
from devstack.stack import Stack
from devstack.topics import create_topics, open_admin

pytestmark = pytest.mark.kafka


def test_a_group_s_lag_is_what_it_has_not_committed(broker: Stack) -> None:
    create_topics(broker.bootstrap_servers, {"lagging": 2})
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    for number in range(10):
        producer.send("lagging", b"value", partition=number % 2)
    producer.close()

    groups = {"one": ("reader", "lagging"), "two": ("sleeper", "lagging")}
    with open_admin(broker.bootstrap_servers) as admin:
        before = read_lags(admin, groups)
        consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, group_id="reader")
        first = TopicPartition("lagging", 0)
        consumer.assign([first])
        consumer.commit({first: OffsetAndMetadata(3, "", -1)})
        consumer.close()

        assert before == {"one": 10, "two": 10}
        assert read_lags(admin, groups) == {"one": 7, "two": 10}
