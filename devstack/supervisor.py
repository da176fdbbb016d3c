"""A small process that keeps programs running for exactly as long as somebody wants them.

The starter holds the write end of a pipe, the leash; the supervisor reads it. However the starter ends, kill -9
included, the system closes the pipe, and the supervisor stops every program and goes. A starter that wants its
programs to outlive it says so through the pipe first (`Supervised.release`). Should the supervisor itself be killed,
Linux kills the programs (`PR_SET_PDEATHSIG`); elsewhere `devstack down` finds them in the state file.

Every program leads a session of its own, so that a Ctrl-C in the terminal reaches the starter alone, and stopping a
program stops the processes it started.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self

from devstack.processes import Process

__all__ = ["Program", "Supervised", "read_state"]

_RELEASE = b"r"
_GRACE = 15.0  # seconds that a program may take to stop when asked
_PAUSE = 0.2  # seconds between two looks at the programs
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run.

    Parameters
    ----------
    name
        What people call it; unique among the programs of one supervisor.
    command
        Path of the executable and its arguments.
    log
        File that receives its standard output and error; emptied at the start.
    """

    name: str
    command: Sequence[str]
    log: Path


class Supervised:
    """Programs that run under a supervisor on this process' leash.

    Parameters
    ----------
    process
        The supervisor.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @classmethod
    def start(cls, programs: Sequence[Program], state_file: Path, details: Mapping[str, Any] | None = None) -> Self:
        """Start programs under a new supervisor.

        Parameters
        ----------
        programs
            What to run.
        state_file
            Where the supervisor writes, once all programs are started, who runs; it removes the file when it goes.
            Its own messages go beside it, to a file with the suffix `.log`.
        details
            Anything else for the state file, for others to read back.
        """
        order = {
            "programs": [{"name": p.name, "command": list(p.command), "log": str(p.log)} for p in programs],
            "state_file": str(state_file),
            "details": dict(details or {}),
        }
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        with state_file.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "devstack.supervisor", json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """The supervisor's pid."""
        return self._process.pid

    def poll(self) -> int | None:
        """Look whether the supervisor has ended.

        Returns
        -------
        None while it runs; else the exit code: the first of its programs' that is not 0, or 0.
        """
        return self._process.poll()

    def release(self) -> None:
        """Let the programs outlive this process; this handle is of no use afterwards."""
        self._pull(_RELEASE)
        # Else the handle would warn, when it is collected, that its process still runs.
        self._process.returncode = 0

    def stop(self) -> None:
        """Stop the programs and the supervisor; return when they are gone."""
        self._pull(b"")
        try:
            self._process.wait(timeout=_GRACE + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pull(self, message: bytes) -> None:
        leash = self._process.stdin
        if leash is not None and not leash.closed:
            try:
                leash.write(message)
                leash.close()
            except BrokenPipeError:
                return  # the supervisor has already gone


def read_state(state_file: Path) -> dict[str, Any] | None:
    """Read who runs: `supervisor`, `programs` by name (each with `process`, `log`) and `details`.

    Returns
    -------
    The state, with every process as a `Process` that may or may not be alive, or None when there is no state file.
    """
    try:
        state: dict[str, Any] = json.loads(state_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    state["supervisor"] = Process(**state["supervisor"])
    for program in state["programs"].values():
        program["process"] = Process(**program["process"])
    return state


def _supervise(order: dict[str, Any]) -> int:
    """Be the supervisor."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)

    running: dict[str, subprocess.Popen[bytes]] = {}
    state_file = Path(order["state_file"])
    code = 0
    try:
        for program in order["programs"]:
            running[program["name"]] = _start(program)
        _write_state(state_file, order, running)
        leashed = True
        while running and not stopping:
            readable, _, _ = select.select([0] if leashed else [], [], [], _PAUSE)
            if readable:
                leashed = False
                stopping = os.read(0, 1) != _RELEASE
            for name, process in list(running.items()):
                if process.poll() is not None:
                    print(f"{name} ended with exit code {process.returncode}", flush=True)
                    _signal_group(process, signal.SIGKILL)
                    code = code or abs(process.returncode)
                    del running[name]
    finally:
        _stop(running.values())
        state_file.unlink(missing_ok=True)
    return code


def _start(program: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    with Path(program["log"]).open("wb") as log:
        return subprocess.Popen(
            program["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()) if sys.platform == "linux" else None,
        )


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Make the function that ties a new process to its parent's life (Linux only)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the tie held
            os._exit(1)

    return tie


def _write_state(state_file: Path, order: Mapping[str, Any], running: "Mapping[str, subprocess.Popen[bytes]]") -> None:
    """Write the state file in one step, so that no reader sees half of it."""
    state = {
        "supervisor": _identity(os.getpid()),
        "programs": {
            program["name"]: {"process": _identity(running[program["name"]].pid), "log": program["log"]}
            for program in order["programs"]
        },
        "details": order["details"],
    }
    draft = state_file.with_suffix(".draft")
    draft.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    draft.replace(state_file)


def _identity(pid: int) -> dict[str, Any]:
    # A program that has ended already gets a mark that nothing alive carries.
    return asdict(Process.of(pid) or Process(pid, "ended"))


def _stop(processes: "Collection[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            print(f"process {process.pid} did not stop within {_GRACE:g} s; killed", flush=True)
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # nobody is left in the group (macOS says it the second way)
        return


if __name__ == "__main__":
    sys.exit(_supervise(json.loads(sys.argv[1])))
