"""The job as users run it, against a real broker: its results, its bookkeeping, and what crashes do to them."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyflink
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from properties_text import BOOKSTORE, text_of

import flink_job
from anomaly import Detector, DetectorConfig
from contracts import deadletters, results
from contracts.results import Result
from contracts.series import encode_series, timeseries_id
from devstack.ports import choose_ports
from devstack.stack import running_stack
from devstack.topics import create_topics
from flink_job import environment

pytestmark = [pytest.mark.flink, pytest.mark.kafka]

ROOT = Path(flink_job.__file__).parent.parent
START = datetime(2024, 8, 29, tzinfo=UTC).timestamp()
MODEL = {"output.after": "100", "seed": "7"}
CONFIG = DetectorConfig(output_after=100, seed=7)

Event = tuple[float, str, float]


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with running_stack() as stack:
        yield stack.bootstrap_servers


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


@pytest.fixture
def bench(servers: str, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    partitions = 4
    name = f"sales-{zlib.crc32(request.node.name.encode())}"
    create_topics(servers, {name: partitions})
    return Bench(servers, name, tmp_path, partitions)


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


def run_job(properties: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "flink_job", "--properties", properties, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_results_equal_the_librarys_number_for_number_and_a_second_run_in_thread_mode_repeats_every_byte(
    bench: Bench,
) -> None:
    events = sales(150)
    bench.produce((number, body(event)) for number, event in enumerate(events))

    first = run_job(bench.properties(), "--bounded")
    assert (first.returncode, first.stderr.count("\n")) == (0, 1), first.stderr
    lines = bench.read(bench.output)
    assert len(lines) == 300
    assert set(lines) == expected_lines(events)
    assert [results.decode(line).aggregated_measure_value for line in lines if results.decode(line).alert] == [94.0]

    again = f"{bench.name}.again"
    second = run_job(
        bench.properties(output=again, parallelism="2", live_models="1", execution_mode="thread"), "--bounded"
    )
    assert second.returncode == 0, second.stderr
    assert sorted(bench.read(again)) == sorted(lines)


JUNK: list[tuple[bytes | None, str]] = [
    (None, "empty"),
    (b"", "empty"),
    (b'{"event_time":"2024-08-29T00:10:00Z","product_name":"\xff","quantity":1}', "not_utf8"),
    (b"{oops", "not_json"),
    (b"NaN", "not_json"),
    (b"[1]", "not_an_object"),
    (b'{"product_name":"item-A","quantity":1}', "missing_timestamp"),
    (b'{"event_time":"yesterday","product_name":"item-A","quantity":1}', "bad_timestamp"),
    (b'{"event_time":"9999-01-01T00:00:00Z","product_name":"item-A","quantity":1}', "timestamp_in_future"),
    (b'{"event_time":"2024-08-29T00:10:00Z","product_name":"item-A"}', "missing_measure"),
    (b'{"event_time":"2024-08-29T00:10:00Z","product_name":"item-A","quantity":"1"}', "bad_measure"),
    (b'{"event_time":"2024-08-29T00:10:00Z","product_name":"item-A","quantity":1e400}', "measure_out_of_range"),
    (b'{"event_time":"2024-08-29T00:10:00Z","quantity":1}', "missing_dimension"),
    (b'{"event_time":"2024-08-29T00:10:00Z","product_name":{},"quantity":1}', "bad_dimension"),
    (b"x" * 900_000, "not_json"),
]


def test_every_record_is_counted_once_as_a_result_a_dead_letter_or_late(bench: Bench) -> None:
    rng = random.Random(5)
    records: list[tuple[int, bytes | None]] = []
    for minute in range(60):
        for partition in range(4):
            for _ in range(5):
                stamp = START + 60 * minute + rng.randint(0, 59)
                records.append((partition, body((stamp, f"item-{rng.randint(0, 30)}", 1.0))))
    good = len(records)
    for number, (value, _) in enumerate(JUNK):
        records.insert(rng.randint(0, len(records)), (number, value))
    late = [(partition, body((START + 60 * minute, "item-0", 1.0))) for partition in range(4) for minute in (1, 20, 40)]
    bench.produce([*records, *late])

    done = run_job(bench.properties(), "--bounded")

    assert done.returncode == 0, done.stderr
    values = [results.decode(line).aggregated_measure_value for line in bench.read(bench.output)]
    dead = [deadletters.decode(line) for line in bench.read(f"{bench.name}.dead-letters")]
    tardy = [deadletters.decode(line) for line in bench.read(f"{bench.name}.late")]
    assert Counter(letter.reason for letter in dead) == Counter(reason for _, reason in JUNK)
    assert Counter(letter.reason for letter in dead).keys() == deadletters.REASONS.keys()
    assert {letter.reason for letter in tardy} == {deadletters.LATE}
    assert len(tardy) == len(late)
    assert sum(values) == good
    places = [(letter.partition, letter.offset) for letter in dead + tardy]
    assert len(set(places)) == len(places)


def test_an_idle_time_out_shorter_than_the_start_of_a_worker_loses_nothing(bench: Bench) -> None:
    # Partitions of very different length, read from the beginning: the short ones fall silent, and are declared idle,
    # while the long one is still being read and the Python worker is still starting.
    rng = random.Random(6)
    records: list[tuple[int, bytes | None]] = []
    for partition, minutes in enumerate((600, 400, 30, 5)):
        for minute in range(minutes):
            for _ in range(10):
                stamp = START + 60 * minute + rng.randint(0, 59)
                records.append((partition, body((stamp, f"item-{rng.randint(0, 2)}", 1.0))))
    bench.produce(records)

    done = run_job(bench.properties(idle_timeout="20 ms"), "--bounded")

    assert done.returncode == 0, done.stderr
    counted = sum(results.decode(line).aggregated_measure_value for line in bench.read(bench.output))
    assert counted + len(bench.read(f"{bench.name}.late")) == len(records)
    assert counted > 0.5 * len(records)


def test_a_labelled_series_gets_the_numbers_that_the_command_gives_its_file(bench: Bench) -> None:
    path = ROOT / "tests" / "data" / "nab" / "exchange-4_cpc_results.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    bench.produce((0, json.dumps({"at": row["timestamp"], "cpc": float(row["value"])}).encode()) for row in rows)
    scored = subprocess.run(
        [sys.executable, "-m", "anomaly", "score", path], capture_output=True, text=True, check=True
    ).stdout
    detector = {
        "timestamp.field": "at",
        "measure.field": "cpc",
        "measure.aggregation": "AVG",
        "dimension.fields": "",
        "detection.period": "1 h",
    }

    done = run_job(bench.properties(detector=detector), "--bounded")

    assert done.returncode == 0, done.stderr
    by_job = {}
    for result in map(results.decode, bench.read(bench.output)):
        by_job[result.detection_period_start_time] = (
            result.aggregated_measure_value,
            result.anomaly_score,
            result.raw_score,
            result.expected_value,
            result.lower_bound,
            result.upper_bound,
            result.anomaly_confidence_score,
            result.alert,
            result.anomaly_decision,
        )
    by_command = {}
    for row in csv.DictReader(scored.splitlines()):
        columns = ("value", "anomaly_score", "raw_score", "expected_value", "lower_bound", "upper_bound",
                   "confidence", "alert", "anomaly_decision")  # fmt: skip
        hour = row["timestamp"][:13] + ":00:00"
        by_command[hour] = tuple(float(row[column]) for column in columns)
    assert by_job == by_command
    assert len(by_job) == len(rows)
    assert any(numbers[-1] for numbers in by_job.values())


class RunningJob:
    """A job in a process group of its own, whose Python workers are processes as on a cluster."""

    def __init__(self, properties: Path) -> None:
        self._log = properties.with_suffix(f".{time.monotonic_ns()}.log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flink_job", "--properties", properties],
                cwd=ROOT,
                env={**os.environ, "_python_worker_execution_mode": "process"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def shown(self) -> str:
        return self._log.read_text(errors="replace")

    def workers(self) -> list[int]:
        """List the Python workers, by the module that they run and the session that they belong to."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes()
                    session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
                except OSError:
                    continue
                if b"beam_boot" in command and session == self.process.pid:
                    found.append(int(folder.name))
        return found

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)


def wait_until(job: RunningJob, what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert job.process.poll() is None, job.shown
        assert time.monotonic() < deadline, f"{what} did not happen\n{job.shown}"
        time.sleep(0.3)


@pytest.mark.slow
def test_output_after_kills_of_the_worker_and_of_the_whole_job_is_an_undisturbed_runs(bench: Bench) -> None:
    events = sales(150)
    parts = [events[:200], events[200:400], events[400:]]
    checkpoints = bench.folder / "checkpoints"
    properties = bench.properties(checkpoint_directory=str(checkpoints), checkpoint_interval="500 ms")
    # The end of every partition lies well after the last minute, so that its window is emitted.
    flush = [(partition, body((START + 60 * 160, "flush", 1.0))) for partition in range(4)]

    def send(part: list[Event], first: int) -> None:
        bench.produce((number, body(event)) for number, event in enumerate(part, first))

    def results_in(at_least: int) -> Callable[[], bool]:
        return lambda: len(set(bench.read(bench.output))) >= at_least

    def checkpoint_after(moment: float) -> Callable[[], bool]:
        return lambda: any(path.stat().st_mtime > moment for path in checkpoints.glob("*/chk-*/_metadata"))

    send(parts[0], 0)
    job = RunningJob(properties)
    try:
        wait_until(job, "results of the first part", results_in(80))
        wait_until(job, "a checkpoint of the first part", checkpoint_after(time.time()))
        send(parts[1], 200)
        [worker] = job.workers()
        os.kill(worker, signal.SIGKILL)
        wait_until(job, "results after the worker was killed", results_in(180))
        wait_until(job, "a checkpoint of the second part", checkpoint_after(time.time()))
        send(parts[2], 400)
        wait_until(job, "results of the third part", results_in(200))
    finally:
        job.kill()

    job = RunningJob(properties)
    try:
        bench.produce(flush)
        wait_until(job, "all results", results_in(300))
        assert job.stop() == 130
    finally:
        if job.process.poll() is None:
            job.kill()

    assert "resuming from" in job.shown
    assert {line for line in bench.read(bench.output) if b"flush" not in line} == expected_lines(events)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run the standalone cluster that comes with PyFlink; gives the environment that points its commands there."""
    home = Path(pyflink.__file__).parent
    conf = tmp_path / "conf"
    shutil.copytree(home / "conf", conf)
    rpc, rest = choose_ports(("rpc", "rest"), {}).values()
    java_options = re.search(r"^ +all: (.*)$", (conf / "config.yaml").read_text(), re.MULTILINE)
    assert java_options
    (conf / "config.yaml").write_text(
        f"env.java.opts.all: {java_options[1]}\n"
        f"jobmanager.rpc.address: 127.0.0.1\njobmanager.rpc.port: {rpc}\njobmanager.memory.process.size: 1000m\n"
        f"taskmanager.host: 127.0.0.1\ntaskmanager.memory.process.size: 1500m\ntaskmanager.numberOfTaskSlots: 2\n"
        f"rest.address: 127.0.0.1\nrest.port: {rest}\n"
    )
    environ = {
        **os.environ,
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(conf),
        "FLINK_LOG_DIR": str(tmp_path / "log"),
        "FLINK_PID_DIR": str(tmp_path),
    }
    (tmp_path / "log").mkdir()
    daemons = [
        subprocess.Popen(
            [home / "bin" / script, "start-foreground"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for script in ("jobmanager.sh", "taskmanager.sh")
    ]
    yield environ
    for daemon in daemons:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()


@pytest.mark.slow
def test_under_flink_run_on_a_cluster_the_results_are_the_same(bench: Bench, cluster: dict[str, str]) -> None:
    events = sales(20)
    bench.produce((number, body(event)) for number, event in enumerate(events))
    application = bench.folder / "application"
    for package in ("anomaly", "contracts", "flink_job"):
        shutil.copytree(ROOT / package, application / package, ignore=shutil.ignore_patterns("java", "__pycache__"))

    done = subprocess.run(
        [
            Path(cluster["FLINK_HOME"]) / "bin" / "flink",
            *("run", "-p", "2", "-j", environment.JAR, "-pyexec", sys.executable, "-pyclientexec", sys.executable),
            *("-pyfs", application, "-pym", "flink_job", "--properties", bench.properties(), "--bounded"),
        ],
        env=cluster,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(bench.read(bench.output)) == expected_lines(events)
