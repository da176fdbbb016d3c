import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.properties import Aggregation, parse_properties
from devstack import demo
from devstack.processes import Process
from devstack.supervisor import read_state

Wait = Callable[[Callable[[], object]], None]


def test_the_job_accepts_the_demo_s_properties() -> None:
    settings = parse_properties(json.dumps(demo.job_properties("127.0.0.1:9092")))
    assert settings.detector.aggregation is Aggregation.SUM
    assert settings.detector.period_ms == 60_000
    assert {settings.topics.input, settings.topics.output} == {"sales", "results"}


def test_a_folder_with_an_earlier_demo_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kafka").mkdir()
    assert demo.main(["--directory", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"demo: {tmp_path} holds an earlier demo; name a new folder.\n"


@pytest.mark.kafka
@pytest.mark.flink
def test_a_job_that_fails_fails_the_demo_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = demo.job_properties

    def misspelt(bootstrap_servers: str) -> list[dict[str, object]]:
        return [*good(bootstrap_servers), {"PropertyGroupId": "job", "PropertyMap": {"bukkets": "4"}}]

    monkeypatch.setattr(demo, "job_properties", misspelt)
    assert demo.main(["--days", "0.01", "--directory", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert re.search(r"demo: The Flink job failed \(exit code \d+\)\. Its log ends:\n.*bukkets", error, re.DOTALL)
    assert not (tmp_path / "stack.json").exists()


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.flink
def test_the_demo_scores_every_sale_and_leaves_nothing_running(tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "devstack.demo", "--days", "3", "--directory", str(tmp_path)]
    run = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"^item-A +4,3\d\d +inference .*\nitem-B +4,320 +inference ", run.stdout, re.MULTILINE)
    assert re.search(r"^\d+ of [1-9] planted spikes found, ", run.stdout, re.MULTILINE)
    assert re.search(r"^All 1\d\d,\d{3} books sold are in the results\. It took \d+ seconds\.$", run.stdout, re.M)
    assert "\x1b" not in run.stdout
    assert not (tmp_path / "stack.json").exists()
    assert not (tmp_path / "flink-job.json").exists()


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.flink
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_demo_that_is_stopped_half_way_leaves_nothing_running(
    tmp_path: Path, repository: Path, eventually: Wait, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "devstack.demo", "--days", "3", "--directory", str(tmp_path)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:  # pragma: no branch
            if b"minutes scored" in line:
                break
        states = [read_state(tmp_path / name) for name in ("stack.json", "flink-job.json")]
        started: list[Process] = []
        for state in states:
            assert state is not None
            started += [state["supervisor"], *(program["process"] for program in state["programs"].values())]
        process.send_signal(number)
        rest = process.stdout.read().decode()
    assert process.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
    assert ("interrupted; everything it started is stopped" in rest) == (number is signal.SIGINT)
    eventually(lambda: not any(program.alive() for program in started))
