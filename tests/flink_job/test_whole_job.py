"""The job as users run it, against a real broker: its results, its bookkeeping, and what crashes do to them."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from job_bench import START, Bench, Event, Flink, body, expected_lines, sales

import flink_job
from contracts import results
from contracts.deadletters import DeadLetter

pytestmark = [pytest.mark.flink, pytest.mark.kafka]

ROOT = Path(flink_job.__file__).parent.parent


def run_job(properties: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "flink_job", "--properties", properties, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_results_equal_the_librarys_number_for_number_and_a_second_run_in_two_subtasks_repeats_every_byte(
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
    second = run_job(bench.properties(output=again, parallelism="2"), "--bounded")
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
    letters = msgspec.json.Decoder(DeadLetter)
    dead = [letters.decode(line) for line in bench.read(f"{bench.name}.dead-letters")]
    tardy = [letters.decode(line) for line in bench.read(f"{bench.name}.late")]
    assert Counter(letter.reason for letter in dead) == Counter(reason for _, reason in JUNK)
    assert {letter.reason for letter in tardy} == {"late"}
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
    # A result's time is the start of its period, so the command gets these times, too.
    hours = bench.folder / "hours.csv"
    hours.write_text("".join(["time,value\n", *(f"{row['timestamp'][:13]}:00:00,{row['value']}\n" for row in rows)]))
    scored = subprocess.run(
        [sys.executable, "-m", "anomaly", "score", hours], capture_output=True, text=True, check=True
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
                   "anomaly_confidence_score", "alert", "anomaly_decision")  # fmt: skip
        by_command[row["time"]] = tuple(float(row[column] or 0) for column in columns)
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
                env={
                    **os.environ,
                    "_python_worker_execution_mode": "process",
                    # What a killed job leaves, pytest takes away.
                    "JDK_JAVA_OPTIONS": f"-Djava.io.tmpdir={properties.parent}",
                },
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
    deadline = time.monotonic() + 240
    while not condition():
        assert job.process.poll() is None, job.shown
        assert time.monotonic() < deadline, f"{what} did not happen\n{job.shown}"
        time.sleep(0.3)


@pytest.mark.slow
def test_output_after_kills_of_the_worker_and_of_the_whole_job_is_an_undisturbed_runs(bench: Bench) -> None:
    events = sales(150)
    parts = [events[:200], events[200:400], events[400:]]
    checkpoints = bench.folder / "checkpoints"
    # A partition that was read to its end before the kill is waited for until it counts as idle.
    properties = bench.properties(
        checkpoint_directory=str(checkpoints), checkpoint_interval="500 ms", idle_timeout="5 s"
    )
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
        # Although nothing more is sent now: what was read before the kill needs no other event to go on.
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
        assert "stop with Ctrl-C\nflink_job: interrupted\n" in job.shown
        assert "Traceback" not in job.shown
    finally:
        if job.process.poll() is None:
            job.kill()

    assert "resuming from" in job.shown
    assert {line for line in bench.read(bench.output) if b"flush" not in line} == expected_lines(events)


@pytest.mark.slow
def test_under_flink_run_on_a_cluster_the_results_are_the_same(bench: Bench, cluster: dict[str, str]) -> None:
    events = sales(20)
    bench.produce((number, body(event)) for number, event in enumerate(events))

    Flink(cluster, bench.folder).run(bench.properties(), "-p", "2", bounded=True)

    assert set(bench.read(bench.output)) == expected_lines(events)
