"""A job that is stopped with a savepoint and started from it, by the commands of docs/upgrading.md."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
from job_bench import CONFIG, MODEL, START, Bench, Flink, body, expected_lines, sales, wait_until

from contracts import results

pytestmark = [pytest.mark.flink, pytest.mark.kafka, pytest.mark.slow]


def test_a_savepoint_goes_on_under_a_new_threshold_and_is_refused_under_another_model(
    bench: Bench, cluster: dict[str, str]
) -> None:
    events = sales(60)
    flush = [(partition, body((START + 60 * 70, "flush", 1.0))) for partition in range(4)]
    flink = Flink(cluster, bench.folder)
    savepoints = bench.folder / "savepoints"

    def found() -> set[bytes]:
        return {line for line in bench.read(bench.output) if b"flush" not in line}

    bench.produce((number, body(event)) for number, event in enumerate(events[:120]))
    job = flink.submit(bench.properties())
    wait_until("results of the first half", lambda: len(found()) >= 40)
    savepoint = flink.stop(job, savepoints)

    refused = flink.submit(bench.properties(detector={**MODEL, "output.after": "50"}), state=savepoint)
    wait_until("the refusal", lambda: flink.state_of(refused) == "FAILED")
    reason = cluster_says(cluster, refused)
    assert "made with detector.output.after 100, the properties say detector.output.after 50; set them back" in reason

    job = flink.submit(bench.properties(detector={**MODEL, "decision.threshold": "80"}), state=savepoint)
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
