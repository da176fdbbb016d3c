"""A bookstore of one test's own: a table in a schema of its own, topics of its own, and a function to invoke."""

# ruff: noqa: S608 - the schema is the test's own

import itertools
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from psycopg import sql

from devstack.stack import Stack
from devstack.topics import create_topics
from ingest_lambda.database import Source
from ingest_lambda.deadline import Deadline
from ingest_lambda.publisher import Publisher
from ingest_lambda.run import Ingest
from ingest_lambda.secrets import read_secret
from ingest_lambda.settings import parse_settings

START = datetime(2024, 8, 29, 13, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SETTLE = timedelta(seconds=10)

_numbers = itertools.count()


@dataclass(frozen=True)
class Published:
    partition: int
    key: bytes | None
    value: bytes

    @property
    def fields(self) -> dict[str, Any]:
        return dict(json.loads(self.value))


class World:
    def __init__(self, stack: Stack, columns: str | None = None) -> None:
        self.stack = stack
        self.name = f"world_{next(_numbers)}"
        self.sales, self.progress = f"{self.name}-sales", f"{self.name}-progress"
        self.database = psycopg.connect(stack.database_url, autocommit=True)
        columns = columns or "event_time timestamptz NOT NULL, product_name text NOT NULL, quantity integer NOT NULL"
        self.execute(f"CREATE SCHEMA {self.name}")
        self.execute(f"CREATE TABLE {self.name}.sales (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns})")
        create_topics(stack.bootstrap_servers, {self.sales: 4, self.progress: 1})
        self.environment = {
            "DATABASE_URL": stack.database_url,
            "SOURCE_TABLE": f"{self.name}.sales",
            "TIMESTAMP_COLUMN": "event_time",
            "SOURCE_COLUMNS": "event_time,product_name,quantity",
            "BOOTSTRAP_SERVERS": stack.bootstrap_servers,
            "KAFKA_AUTH": "none",
            "INPUT_TOPIC": self.sales,
            "PROGRESS_TOPIC": self.progress,
            "SETTLE_SECONDS": "10",
        }
        self._made: list[tuple[Source, Publisher]] = []
        self._warm: Ingest | None = None

    def execute(self, statement: str, parameters: Iterable[object] = ()) -> None:
        self.database.execute(statement.encode(), tuple(parameters))

    def sell(self, *sales: tuple[datetime, str, int]) -> None:
        with self.database.cursor() as cursor:
            cursor.executemany(
                sql.SQL("INSERT INTO {}.sales (event_time, product_name, quantity) VALUES (%s, %s, %s)").format(
                    sql.Identifier(self.name)
                ),
                sales,
            )

    def sell_every(self, seconds: float, minutes: int) -> None:
        """Sell one book every so many seconds for so many minutes from the start on."""
        self.execute(
            f"INSERT INTO {self.name}.sales (event_time, product_name, quantity) "
            "SELECT %s::timestamptz + n * %s::interval, 'item-' || chr(65 + n %% 5), n "
            "FROM generate_series(0, %s - 1) AS n",
            (START, timedelta(seconds=seconds), round(minutes * 60 / seconds)),
        )

    def function(self, environment: Mapping[str, str] | None = None, **overrides: str) -> Ingest:
        """Make a cold execution environment."""
        settings = parse_settings({**(self.environment if environment is None else environment), **overrides})
        source, publisher = Source(settings, read_secret), Publisher(settings, read_secret)
        self._made.append((source, publisher))
        return Ingest(settings, source, publisher)

    def run(self, scheduled: datetime, function: Ingest | None = None, seconds: float = 30) -> dict[str, Any]:
        """Invoke a function; without one, the one that was warmed up by earlier invocations."""
        if function is None:
            function = self._warm = self._warm or self.function()
        return function.run(scheduled, datetime.now(UTC), Deadline(time.monotonic() + seconds))

    def published(self) -> list[Published]:
        return _read(self.stack.bootstrap_servers, self.sales, range(4))

    def markers(self) -> list[dict[str, Any]]:
        return [record.fields for record in _read(self.stack.bootstrap_servers, self.progress, range(1))]

    def write_marker(self, value: bytes | None) -> None:
        producer = KafkaProducer(bootstrap_servers=self.stack.bootstrap_servers)
        try:
            producer.send(self.progress, key=b"progress", value=value).get(10)
        finally:
            producer.close()

    def rows(self, before: datetime) -> list[tuple[str, int]]:
        """Look up what ought to have been published, in order of time."""
        query = f"SELECT product_name, quantity FROM {self.name}.sales WHERE event_time < %s ORDER BY event_time, id"
        return [(str(name), int(number)) for name, number in self.database.execute(query.encode(), [before])]

    def close_functions(self) -> None:
        for source, publisher in self._made:
            source.close()
            publisher.close()

    def close(self) -> None:
        self.close_functions()
        self.execute(f"DROP SCHEMA {self.name} CASCADE")
        self.database.close()


def _read(servers: str, topic: str, partitions: Iterable[int]) -> list[Published]:
    """Read what is committed, to the end as it is now."""
    consumer = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False)
    try:
        assigned = [TopicPartition(topic, number) for number in partitions]
        consumer.assign(assigned)
        consumer.seek_to_beginning(*assigned)
        ends = consumer.end_offsets(assigned)
        found = []
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for partition, records in consumer.poll(timeout_ms=100).items():
                found += [Published(partition.partition, record.key, record.value) for record in records]
        return found
    finally:
        consumer.close()
