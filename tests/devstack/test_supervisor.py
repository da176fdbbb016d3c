import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running_program import running_program

from devstack.processes import Process
from devstack.supervisor import Program, Supervised, read_state

Wait = Callable[[Callable[[], object]], None]

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# Starts a process of its own, as a job does that has workers, and writes down its pid.
FAMILY = [
    sys.executable,
    "-c",
    "import subprocess, sys; c = subprocess.Popen(['sleep', '600']); print(c.pid, flush=True); c.wait()",
]


def programs(folder: Path, *commands: list[str]) -> list[Program]:
    return [Program(f"p{number}", command, folder / f"p{number}.log") for number, command in enumerate(commands)]


def state_of(folder: Path, eventually: Wait) -> dict[str, Any]:
    eventually((folder / "state.json").exists)
    state = read_state(folder / "state.json")
    assert state is not None
    return state


def processes_of(state: dict[str, Any]) -> list[Process]:
    return [state["supervisor"], *(program["process"] for program in state["programs"].values())]


def test_programs_run_until_they_are_stopped(tmp_path: Path, eventually: Wait) -> None:
    supervised = Supervised.start(programs(tmp_path, SLEEP, SLEEP), tmp_path / "state.json", {"why": "test"})
    state = state_of(tmp_path, eventually)
    processes = processes_of(state)
    assert state["details"] == {"why": "test"}
    assert state["supervisor"].pid == supervised.pid
    assert all(process.alive() for process in processes)
    assert supervised.poll() is None
    supervised.stop()
    assert not any(process.alive() for process in processes)
    assert not (tmp_path / "state.json").exists()


def test_stopping_a_program_stops_what_it_started(tmp_path: Path, eventually: Wait) -> None:
    supervised = Supervised.start(programs(tmp_path, FAMILY), tmp_path / "state.json")
    log = tmp_path / "p0.log"
    eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    child = Process.of(int(log.read_text()))
    assert child is not None
    supervised.stop()
    eventually(lambda: not child.alive())  # it was told to end, but nobody waits for a grandchild


def test_what_an_ended_program_started_ends_with_it(tmp_path: Path, eventually: Wait) -> None:
    orphaning = [sys.executable, "-c", "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"]
    supervised = Supervised.start(programs(tmp_path, orphaning), tmp_path / "state.json")
    eventually(lambda: supervised.poll() is not None)
    eventually(lambda: Process.of(int((tmp_path / "p0.log").read_text())) is None)
    supervised.stop()


@pytest.mark.parametrize(("code", "told"), [(0, 0), (3, 3)])
def test_the_exit_code_is_the_program_s(tmp_path: Path, eventually: Wait, code: int, told: int) -> None:
    exiting = [sys.executable, "-c", f"print('done'); raise SystemExit({code})"]
    supervised = Supervised.start(programs(tmp_path, exiting), tmp_path / "state.json")
    eventually(lambda: supervised.poll() is not None)
    assert supervised.poll() == told
    assert (tmp_path / "p0.log").read_text() == "done\n"
    assert not (tmp_path / "state.json").exists()
    supervised.stop()


def test_a_program_that_ends_does_not_end_the_others(tmp_path: Path, eventually: Wait) -> None:
    supervised = Supervised.start(programs(tmp_path, SLEEP, ["true"]), tmp_path / "state.json")
    stays, ends = (program["process"] for program in state_of(tmp_path, eventually)["programs"].values())
    eventually(lambda: not ends.alive())
    assert stays.alive()
    assert supervised.poll() is None
    supervised.stop()


def starter(folder: Path, then: str) -> "subprocess.Popen[bytes]":
    script = f"""
import sys, time
from pathlib import Path
from devstack.supervisor import Program, Supervised
folder = Path({str(folder)!r})
supervised = Supervised.start([Program("p", {SLEEP!r}, folder / "p.log")], folder / "state.json")
while not (folder / "state.json").exists():
    time.sleep(0.05)
{then}
"""
    return subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_programs_end_with_their_starter_however_it_ends(
    tmp_path: Path, eventually: Wait, number: signal.Signals
) -> None:
    with starter(tmp_path, "time.sleep(600)") as process:
        processes = processes_of(state_of(tmp_path, eventually))
        assert all(process.alive() for process in processes)
        process.send_signal(number)
    eventually(lambda: not any(process.alive() for process in processes))


def test_released_programs_outlive_their_starter_until_the_supervisor_is_asked(
    tmp_path: Path, eventually: Wait
) -> None:
    with starter(tmp_path, "supervised.release()") as process:
        assert process.wait() == 0
    processes = processes_of(state_of(tmp_path, eventually))
    assert all(process.alive() for process in processes)
    processes[0].stop_group(grace=20)
    assert not any(process.alive() for process in processes)
    assert not (tmp_path / "state.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_a_killed_supervisor_takes_its_programs_along(tmp_path: Path, eventually: Wait) -> None:
    supervised = Supervised.start(programs(tmp_path, SLEEP), tmp_path / "state.json")
    supervisor, program = processes_of(state_of(tmp_path, eventually))
    supervisor.stop_group(grace=0)
    eventually(lambda: not program.alive())
    supervised.stop()


def test_without_a_state_file_nobody_runs(tmp_path: Path) -> None:
    assert read_state(tmp_path / "state.json") is None


def restarting(folder: Path, *command: str) -> Program:
    return Program("p", command, folder / "p.log", restart=True)


def running_now(folder: Path) -> Process:
    return running_program(folder / "state.json", "p")


def test_a_program_to_be_restarted_comes_back_when_it_dies_and_adds_to_its_log(
    tmp_path: Path, eventually: Wait
) -> None:
    talking = "import time; print('here', flush=True); time.sleep(600)"
    supervised = Supervised.start([restarting(tmp_path, sys.executable, "-c", talking)], tmp_path / "state.json")
    eventually((tmp_path / "state.json").exists)
    eventually(lambda: (tmp_path / "p.log").read_text() == "here\n")
    first = running_now(tmp_path)
    first.stop_group(grace=0)
    eventually(lambda: running_now(tmp_path) != first)
    second = running_now(tmp_path)
    eventually(lambda: (tmp_path / "p.log").read_text() == "here\nhere\n")
    supervised.stop()
    assert not second.alive()


def test_a_program_that_ends_again_and_again_is_given_up(tmp_path: Path, eventually: Wait) -> None:
    ending = restarting(tmp_path, sys.executable, "-c", "print('ouch'); raise SystemExit(3)")
    supervised = Supervised.start([ending], tmp_path / "state.json")
    eventually(lambda: supervised.poll() is not None)
    assert supervised.poll() == 3
    assert (tmp_path / "p.log").read_text() == "ouch\n" * 6
    assert "p ended with exit code 3: given up after 5 restarts" in (tmp_path / "state.log").read_text()
    supervised.stop()


def test_a_held_program_stays_down_until_it_is_resumed(tmp_path: Path, eventually: Wait) -> None:
    supervised = Supervised.start([restarting(tmp_path, *SLEEP)], tmp_path / "state.json")
    eventually((tmp_path / "state.json").exists)
    first = running_now(tmp_path)
    supervised.hold("p")
    supervised.hold("p")
    eventually(lambda: not first.alive())
    time.sleep(1.5)  # longer than the pause before a restart
    assert running_now(tmp_path) == first
    assert supervised.poll() is None
    supervised.resume("p")
    eventually(lambda: running_now(tmp_path).alive())
    supervised.stop()


def test_a_program_is_asked_to_stop_by_its_own_signal(tmp_path: Path, eventually: Wait) -> None:
    script = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("rudely", flush=True))
signal.signal(signal.SIGINT, lambda *_: (print("kindly", flush=True), exit(0)))
print("ready", flush=True)
while True:
    time.sleep(1)
"""
    program = Program("p", [sys.executable, "-c", script], tmp_path / "p.log", stop_signal=signal.SIGINT)
    supervised = Supervised.start([program], tmp_path / "state.json")
    eventually(lambda: (tmp_path / "p.log").exists() and (tmp_path / "p.log").read_text() == "ready\n")
    supervised.stop()
    assert (tmp_path / "p.log").read_text() == "ready\nkindly\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_program_runs_as_the_account_it_is_given_and_dies_with_the_supervisor(
    tmp_path: Path, eventually: Wait
) -> None:
    program = Program("p", ["sleep", "600"], tmp_path / "p.log", account="nobody")
    supervised = Supervised.start([program], tmp_path / "state.json")
    supervisor, process = processes_of(state_of(tmp_path, eventually))
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert f"Uid:\t{pwd.getpwnam('nobody').pw_uid}" in status
    assert "Groups:\t \n" in status
    supervisor.stop_group(grace=0)
    eventually(lambda: not process.alive())
    supervised.stop()
