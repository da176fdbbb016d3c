import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bookstore.cli import main
from devstack.processes import Process
from devstack.supervisor import read_state

Wait = Callable[[Callable[[], object]], None]


def test_a_folder_with_an_earlier_demo_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kafka").mkdir()
    assert main(["demo", "--directory", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"bookstore: {tmp_path} holds an earlier demo; name a new folder.\n"


def test_a_page_that_cannot_be_written_is_noticed_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "missing" / "page.html"
    assert main(["demo", "--page", str(page)]) == 1
    assert (
        capsys.readouterr().err == f"bookstore: The page {page} cannot be written: there is no folder {page.parent}.\n"
    )


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.flink
def test_the_demo_takes_every_sale_the_whole_way_and_leaves_nothing_running(tmp_path: Path, repository: Path) -> None:
    page = tmp_path / "page.html"
    command = [sys.executable, "-m", "bookstore", "demo", "--days", "3.5", "--page", str(page)]
    run = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    counts = [
        int(text.replace(",", "")) for text in re.findall(r"^\S+.* ([0-9,]+) (?:rows|results) ", run.stdout, re.M)
    ]
    assert len(counts) == 3
    assert counts[1:] == [10_080, 10_080]
    assert re.search(r"^item-A +5,040 +inference", run.stdout, re.M)
    assert "Nothing was lost or repeated on the way." in run.stdout
    assert re.search(r"^item-[AB]: [0-9]+, expected [0-9]+ \(.*\), at ..:.. UTC on", run.stdout, re.M)
    assert re.search(r"^\d of [1-9] planted spikes found, ", run.stdout, re.M)
    assert f"The page: {page}." in run.stdout
    assert "item-A" in page.read_text(encoding="utf-8")
    assert "\x1b" not in run.stdout


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.flink
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_demo_that_is_stopped_half_way_leaves_nothing_running(
    tmp_path: Path, repository: Path, eventually: Wait, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "bookstore", "demo", "--days", "3", "--directory", str(tmp_path)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:  # pragma: no branch
            if b"minutes scored" in line:
                break
        states = [read_state(tmp_path / name) for name in ("stack.json", "pipeline.json")]
        started: list[Process] = []
        for state in states:
            assert state is not None
            started += [state["supervisor"], *(program["process"] for program in state["programs"].values())]
        process.send_signal(number)
        rest = process.stdout.read().decode()
    assert process.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
    assert ("interrupted; everything it started is stopped" in rest) == (number is signal.SIGINT)
    eventually(lambda: not any(program.alive() for program in started))
