"""A job that is stopped with a savepoint and started from it, by the commands of docs/upgrading.md."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from job_bench import CONFIG, MODEL, START, Bench, application, body, expected_lines, sales

from contracts import results
from flink_job import environment

pytestmark = [pytest.mark.flink, pytest.mark.kafka, pytest.mark.slow]


class Flink:
    """The `flink` command of a cluster."""

    def __init__(self, cluster: dict[str, str], packages: Path) -> None:
        self._cluster = cluster
        self._packages = packages

    def __call__(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [Path(self._cluster["FLINK_HOME"]) / "bin" / "flink", *arguments],
            env=self._cluster,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, properties: Path, *, state: str | None = None) -> str:
        shown = self(
            *("run", "-d", "-j", environment.JAR, "-pyexec", sys.executable, "-pyclientexec", sys.executable),
            *(("-s", state) if state else ()),
            *("-pyfs", self._packages, "-pym", "flink_job", "--properties", properties),
        )
        [job] = re.findall(r"JobID ([0-9a-f]{32})", shown)
        return job

    def stop(self, job: str, folder: Path) -> str:
        [savepoint] = re.findall(r"Path: (\S+)", self("stop", "--savepointPath", f"file://{folder}", job))
        return savepoint

    def state_of(self, job: str) -> str:
        [line] = [line for line in self("list", "-a").splitlines() if job in line]
        return line.rpartition("(")[2].strip(")")


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.5)


def test_a_savepoint_goes_on_under_a_new_threshold_and_is_refused_under_another_model(
    bench: Bench, cluster: dict[str, str]
) -> None:
    events = sales(60)
    flush = [(partition, body((START + 60 * 70, "flush", 1.0))) for partition in range(4)]
    flink = Flink(cluster, application(bench.folder))
    savepoints = bench.folder / "savepoints"

    def found() -> set[bytes]:
        return {line for line in bench.read(bench.output) if b"flush" not in line}

    bench.produce((number, body(event)) for number, event in enumerate(events[:120]))
    job = flink.run(bench.properties())
    wait_until("results of the first half", lambda: len(found()) >= 40)
    savepoint = flink.stop(job, savepoints)

    refused = flink.run(bench.properties(detector={**MODEL, "trees": "30"}), state=savepoint)
    wait_until("the refusal", lambda: flink.state_of(refused) == "FAILED")
    reason = cluster_says(cluster, refused)
    assert "made with trees 50, the properties say trees 30; set them back, or start without state" in reason

    job = flink.run(bench.properties(detector={**MODEL, "decision.threshold": "80"}), state=savepoint)
    bench.produce([*((number, body(event)) for number, event in enumerate(events[120:], 120)), *flush])
    wait_until("all results", lambda: len(found()) >= 120)
    flink("cancel", job)

    decoded = [results.decode(line) for line in found()]
    assert {result.anomaly_decision_threshold for result in decoded} == {70, 80}
    # Nothing scored twice, and every number as if nothing had happened.
    scores = sorted((result.timeseries_id, result.processed_data_points, result.raw_score) for result in decoded)
    undisturbed = map(results.decode, expected_lines(events, CONFIG))
    assert scores == sorted((r.timeseries_id, r.processed_data_points, r.raw_score) for r in undisturbed)


def cluster_says(cluster: dict[str, str], job: str) -> str:
    """Read why a job failed."""
    conf = (Path(cluster["FLINK_CONF_DIR"]) / "config.yaml").read_text()
    [port] = re.findall(r"^rest.port: (\d+)", conf, re.MULTILINE)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/jobs/{job}/exceptions") as answer:
        history = json.load(answer)["exceptionHistory"]["entries"]
    assert len(history) == 1, "it was started again"
    return str(history[0]["stacktrace"])
