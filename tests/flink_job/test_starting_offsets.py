"""Where a job begins to read, and goes on when what it should read next is gone."""

import itertools
from collections.abc import Iterable

import pytest
from job_bench import START, Bench, Flink, body, wait_until
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from contracts import results
from contracts.results import Result

pytestmark = [pytest.mark.flink, pytest.mark.kafka, pytest.mark.slow]


def sell(bench: Bench, product: str, minutes: Iterable[int]) -> None:
    """Sell one piece a minute, on every partition."""
    for minute in minutes:
        bench.produce((partition, body((START + 60 * minute, product, 1.0))) for partition in range(bench.partitions))


def delete_everything(bench: Bench) -> None:
    """Delete what is there, as a topic's retention does."""
    consumer = KafkaConsumer(bootstrap_servers=bench.servers)
    ends = consumer.end_offsets([TopicPartition(bench.name, number) for number in range(bench.partitions)])
    consumer.close()
    admin = KafkaAdminClient(bootstrap_servers=bench.servers)
    admin.delete_records(ends)
    admin.close()


def test_a_job_begins_at_the_end_once_and_later_reads_what_retention_left(
    bench: Bench, cluster: dict[str, str]
) -> None:
    flink = Flink(cluster, bench.folder)
    properties = bench.properties(starting_offsets="latest")

    def found() -> list[Result]:
        return [results.decode(line) for line in bench.read(bench.output)]

    def products() -> list[str]:
        return [result.dimension_list[0].value for result in found()]

    sell(bench, "before", range(3))
    job = flink.submit(properties)
    minutes = itertools.count(100)

    def seen() -> bool:
        sell(bench, "seen", [next(minutes)])
        return "seen" in products()

    wait_until("a result", seen)
    savepoint = flink.stop(job, bench.folder / "savepoints")

    sell(bench, "deleted", range(400, 403))
    delete_everything(bench)
    sell(bench, "left", range(500, 503))
    sell(bench, "last", [600])
    job = flink.submit(properties, state=savepoint)
    wait_until("results of what was left", lambda: products().count("left") >= 3)
    flink("cancel", job)

    assert set(products()) == {"seen", "left"}
    left = [result.aggregated_measure_value for result in found() if result.dimension_list[0].value == "left"]
    assert left == [float(bench.partitions)] * 3
