import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from devstack.stack import Stack, running_stack
from devstack.topics import create_topics
from harness.function import Function
from harness.invocation import InProcessFunction
from harness.kafka_trigger import KafkaTrigger

sys.path.insert(0, str(Path(__file__).parent))
from triggers import HANDLERS, Beside, Keeper

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack"), only=("kafka", "aws")) as running:
        yield running


@pytest.fixture
def function() -> Iterator[Callable[..., Function]]:
    """Makes functions of the sample handlers, and closes them."""
    with ExitStack() as held:

        def make(attribute: str, environment: Mapping[str, str] | None = None, **settings: object) -> Function:
            made = Function(f"sample_handlers:{attribute}", environment, code=HANDLERS, **settings)  # type: ignore[arg-type]
            return held.enter_context(made)

        yield make


@pytest.fixture
def topic(stack: Stack) -> Callable[[int], str]:
    def make(partitions: int = 1) -> str:
        name = f"topic-{next(_NUMBERS)}"
        create_topics(stack.bootstrap_servers, {name: partitions})
        return name

    return make


@pytest.fixture
def send(stack: Stack) -> Callable[..., None]:
    """Produces values to a partition."""

    def produce(topic: str, *values: bytes | None, partition: int = 0, **settings: object) -> None:
        producer = KafkaProducer(bootstrap_servers=stack.bootstrap_servers, max_request_size=8 << 20)
        try:
            for value in values:
                producer.send(topic, value, partition=partition, **settings).get(timeout=30)
        finally:
            producer.close()

    return produce


@pytest.fixture
def read(stack: Stack) -> Callable[[str], list[Any]]:
    """Reads all records of a topic with one partition."""

    def consume(topic: str) -> list[Any]:
        consumer = KafkaConsumer(bootstrap_servers=stack.bootstrap_servers, enable_auto_commit=False)
        try:
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            consumer.seek_to_beginning(partition)
            end = consumer.end_offsets([partition])[partition]
            records: list[Any] = []
            while len(records) < end:
                records += [record for found in consumer.poll(timeout_ms=500).values() for record in found]
            return records
        finally:
            consumer.close()

    return consume


@pytest.fixture
def beside(stack: Stack, repository: Path, tmp_path: Path) -> Beside:
    """Runs the command line beside the test, with a sample handler."""

    @contextmanager
    def run(command: str, handler: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        environment = tmp_path / "environment.json"
        environment.write_text(json.dumps({"SEEN": str(tmp_path / "seen"), "PAUSE": "0.3"}))
        call = [sys.executable, "-m", "harness", command, "--handler", f"sample_handlers:{handler}", *arguments]
        call += ["--bootstrap", stack.bootstrap_servers, "--code", str(HANDLERS), "--environment", str(environment)]
        pipe = subprocess.PIPE
        with subprocess.Popen(call, cwd=repository, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    return run


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def trigger(stack: Stack) -> Callable[..., KafkaTrigger]:
    def make(topic: str, function: Function | Keeper, **settings: object) -> KafkaTrigger:
        invocable = function if isinstance(function, Function) else InProcessFunction(function, "keeper")
        defaults = {"window_seconds": 0.2, "first_wait_seconds": 0.01}
        return KafkaTrigger(stack.bootstrap_servers, [topic], "g-" + topic, invocable, **{**defaults, **settings})  # type: ignore[arg-type]

    return make
