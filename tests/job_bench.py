"""What tests of a whole job share: events, topics to put them on, the records expected of them, and a cluster."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from expected_results import result_of
from jvm_twins import encode_series
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from properties_text import BOOKSTORE, text_of

import flink_job
from anomaly import Detector, DetectorConfig
from contracts import results
from devstack.ports import choose_ports
from flink_job import environment

START = datetime(2024, 8, 29, tzinfo=UTC).timestamp()
MODEL = {"output.after": "100"}
CONFIG = DetectorConfig(output_after=100)

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
        key = encode_series("quantity", {"product_name": product})
        detection = detectors.setdefault(product, Detector(config)).process(value, minute * 60.0)
        lines.add(results.encode(result_of(key, minute * 60_000, minute * 60_000 + 60_000, value, detection)))
    return lines


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.5)


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
        f"env.java.opts.all: {java_options[1]} -Djava.io.tmpdir={folder}",
        f"io.tmp.dirs: {folder}",
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


class Flink:
    """The `flink` command of a cluster, with what its Python needs in a folder of its own."""

    def __init__(self, cluster: Mapping[str, str], folder: Path) -> None:
        self._cluster = cluster
        self._packages = folder / "application"
        root = Path(flink_job.__file__).parent.parent
        for package in ("anomaly", "contracts", "flink_job"):
            ignored = shutil.ignore_patterns("java", "__pycache__")
            shutil.copytree(root / package, self._packages / package, ignore=ignored)

    def __call__(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [Path(self._cluster["FLINK_HOME"]) / "bin" / "flink", *arguments],
            env=self._cluster,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, properties: Path, *options: str, bounded: bool = False) -> str:
        return self(
            *("run", *options, "-j", environment.JAR, "-pyexec", sys.executable, "-pyclientexec", sys.executable),
            *("-pyfs", self._packages, "-pym", "flink_job", "--properties", properties),
            *(("--bounded",) if bounded else ()),
        )

    def submit(self, properties: Path, *, state: str | None = None) -> str:
        [job] = re.findall(r"JobID ([0-9a-f]{32})", self.run(properties, "-d", *(("-s", state) if state else ())))
        return job

    def stop(self, job: str, folder: Path) -> str:
        [savepoint] = re.findall(r"Path: (\S+)", self("stop", "--savepointPath", f"file://{folder}", job))
        return savepoint

    def state_of(self, job: str) -> str:
        [line] = [line for line in self("list", "-a").splitlines() if job in line]
        return line.rpartition("(")[2].strip(")")
