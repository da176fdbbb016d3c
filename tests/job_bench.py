"""What tests of a whole job share: events, topics to put them on, the records expected of them, and a cluster."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from properties_text import BOOKSTORE, text_of

import flink_job
from anomaly import Detector, DetectorConfig
from contracts import results
from contracts.results import Result
from contracts.series import encode_series, timeseries_id
from devstack.ports import choose_ports

START = datetime(2024, 8, 29, tzinfo=UTC).timestamp()
MODEL = {"output.after": "100", "seed": "7"}
CONFIG = DetectorConfig(output_after=100, seed=7)

Event = tuple[float, str, float]


@dataclass(frozen=True)
class Bench:
    """One test's topics and properties."""

    servers: str
    name: str
    folder: Path
    partitions: int

    @property
    def output(self) -> str:
        return f"{self.name}.results"

    def properties(self, *, output: str = "", detector: Mapping[str, str] = MODEL, **job: str) -> Path:
        groups = {
            "kafka": {"bootstrap.servers": self.servers},
            "topics": {"input": self.name, "output": output or self.output},
            "detector": {**BOOKSTORE["detector"], **detector},
            "job": {key.replace("_", "."): value for key, value in job.items()},
        }
        path = self.folder / f"{output or self.output}.json"
        path.write_text(text_of(groups))
        return path

    def produce(self, values: Iterable[tuple[int, bytes | None]]) -> None:
        producer = KafkaProducer(bootstrap_servers=self.servers)
        for partition, value in values:
            producer.send(self.name, value, key=b"any", partition=partition % self.partitions)
        producer.close()

    def read(self, topic: str) -> list[bytes]:
        """Read what is in a topic now."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.servers, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        values: list[bytes] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                values += [record.value for record in records]
        consumer.close()
        return values


def body(event: Event) -> bytes:
    stamp, product, quantity = event
    text = datetime.fromtimestamp(stamp, UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"event_time": text, "product_name": product, "quantity": quantity}).encode()


def sales(minutes: int) -> list[Event]:
    """Sell two products, some in several events a minute and out of order, with one spike near the end."""
    rng = random.Random(11)
    events: list[Event] = []
    for minute in range(minutes):
        for product, usual in (("item-A", 20), ("item-B", 30)):
            quantity = (
                94.0 if (product, minute) == ("item-A", minutes - 10) else float(rng.randint(usual - 5, usual + 5))
            )
            events.append((START + 60 * minute + rng.randint(0, 59), product, quantity - 1.5))
            events.append((START + 60 * minute + rng.randint(0, 59), product, 1.5))
    return events


def expected_lines(events: Iterable[Event], config: DetectorConfig = CONFIG) -> set[bytes]:
    """Give the records that the library's numbers make of complete minutes."""
    sums: dict[tuple[str, int], float] = {}
    for stamp, product, quantity in events:
        minute = int(stamp // 60)
        sums[product, minute] = sums.get((product, minute), 0.0) + quantity
    detectors: dict[str, Detector] = {}
    lines: set[bytes] = set()
    for (product, minute), value in sorted(sums.items(), key=lambda item: item[0][1]):
        detection = detectors.setdefault(product, Detector(config)).process(value, minute * 60.0)
        start = detection.episode_start
        lines.add(
            results.encode(
                Result(
                    detector_name="bookstore",
                    measure="quantity",
                    timeseries_id=timeseries_id(encode_series("quantity", {"product_name": product})),
                    anomaly_decision_threshold=70,
                    dimension_list=(results.Dimension("product_name", product),),
                    aggregated_measure_value=value,
                    anomaly_score=detection.score,
                    detection_period_start_time=results.format_time(minute * 60_000),
                    detection_period_end_time=results.format_time(minute * 60_000 + 60_000),
                    processed_data_points=detection.processed_points,
                    anomaly_confidence_score=detection.confidence,
                    anomaly_decision=1 if detection.is_anomaly else 0,
                    model_stage=detection.stage.value,
                    expected_value=float(detection.expected_value),  # type: ignore[arg-type] # one feature
                    lower_bound=float(detection.lower_bound),  # type: ignore[arg-type] # one feature
                    upper_bound=float(detection.upper_bound),  # type: ignore[arg-type] # one feature
                    raw_score=detection.raw_score,
                    direction=detection.direction.value,
                    alert=1 if detection.alert else 0,
                    episode_start_time=None if start is None else results.format_time(start * 1000),
                )
            )
        )
    return lines


def application(folder: Path) -> Path:
    """Copy what a cluster's Python needs to a folder of its own."""
    root = Path(flink_job.__file__).parent.parent
    for package in ("anomaly", "contracts", "flink_job"):
        ignored = shutil.ignore_patterns("java", "__pycache__")
        shutil.copytree(root / package, folder / "application" / package, ignore=ignored)
    return folder / "application"


@contextlib.contextmanager
def standalone_cluster(
    home: Path,
    folder: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    settings: Sequence[str] = (),
    wrapper: Sequence[str | Path] = (),
) -> Iterator[dict[str, str]]:
    """Run the standalone cluster that comes with PyFlink; gives the environment that points its commands there."""
    conf = folder / "conf"
    shutil.copytree(home / "conf", conf)
    rpc, rest = choose_ports(("rpc", "rest"), {}).values()
    java_options = re.search(r"^ +all: (.*)$", (conf / "config.yaml").read_text(), re.MULTILINE)
    assert java_options
    lines = [
        f"env.java.opts.all: {java_options[1]}",
        f"jobmanager.rpc.address: 127.0.0.1\njobmanager.rpc.port: {rpc}\njobmanager.memory.process.size: 1000m",
        "taskmanager.host: 127.0.0.1\ntaskmanager.memory.process.size: 1500m\ntaskmanager.numberOfTaskSlots: 2",
        f"rest.address: 127.0.0.1\nrest.port: {rest}",
        *settings,
    ]
    (conf / "config.yaml").write_text("\n".join(lines) + "\n")
    environ = {
        **environ,
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(conf),
        "FLINK_LOG_DIR": str(folder / "log"),
        "FLINK_PID_DIR": str(folder),
    }
    (folder / "log").mkdir()
    daemons = [
        subprocess.Popen(
            [*wrapper, home / "bin" / script, "start-foreground"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for script in ("jobmanager.sh", "taskmanager.sh")
    ]
    try:
        yield environ
    finally:
        for daemon in daemons:
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
