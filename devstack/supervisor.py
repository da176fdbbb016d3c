"""A small process that keeps programs running for exactly as long as somebody wants them.

The starter holds the write end of a pipe, the leash; the supervisor reads it. However the starter ends, kill -9
included, the system closes the pipe, and the supervisor stops every program and goes. A starter that wants its
programs to outlive it says so through the pipe first (`Supervised.release`). Should the supervisor itself be killed,
Linux kills the programs (`PR_SET_PDEATHSIG`); elsewhere `devstack down` finds them in the state file.

Every program leads a session of its own, so that a Ctrl-C in the terminal reaches the starter alone, and stopping a
program stops the processes it started. A program that is to be restarted comes back a second after it has ended,
whoever ended it; one that ends again and again is given up.
"""

import contextlib
import ctypes
import json
import os
import pwd
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

from devstack.processes import Process

_RELEASE, _HOLD, _RESUME = "release", "hold", "resume"  # what the starter may say through the leash
_GRACE = 15.0  # seconds that a program may take to stop when asked
_STOP = 2 * _GRACE  # seconds that a supervisor may take to stop its programs and go
_PAUSE = 0.2  # seconds between two looks at the programs
_RESTART_PAUSE = 1.0  # seconds between a program's end and its next start
_RESTARTS, _RESTARTS_WITHIN = 5, 60.0  # a program that needs more restarts than this in so many seconds is given up
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run."""

    name: str
    """What people call it; unique among the programs of one supervisor."""
    command: Sequence[str]
    """Path of the executable and its arguments."""
    log: Path
    """File that receives its standard output and error; emptied at the start, continued by a restart."""
    restart: bool = False
    """Start it again when it ends."""
    account: str | None = None
    """Name of the account to run it as, which takes root; None for this process' own."""
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks it to stop."""


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
            "programs": [
                {**asdict(p), "command": list(p.command), "log": str(p.log), "stop_signal": int(p.stop_signal)}
                for p in programs
            ],
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
        self._say(_RELEASE)
        self._let_go()
        # Else the handle would warn, when it is collected, that its process still runs.
        self._process.returncode = 0

    def stop(self) -> None:
        """Stop the programs and the supervisor; return when they are gone."""
        self._let_go()
        try:
            self._process.wait(timeout=_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def hold(self, name: str) -> None:
        """Have a program killed (`SIGKILL`) soon, and not restarted until `resume`; nothing if it is held."""
        self._say(f"{_HOLD} {name}")

    def resume(self, name: str) -> None:
        """Have a program that is held started again soon, whether or not it is restarted otherwise."""
        self._say(f"{_RESUME} {name}")

    def _say(self, message: str) -> None:
        leash = self._process.stdin
        if leash is not None and not leash.closed:
            try:
                leash.write(message.encode() + b"\n")
                leash.flush()
            except BrokenPipeError:
                return  # the supervisor has already gone

    def _let_go(self) -> None:
        leash = self._process.stdin
        if leash is not None:
            with contextlib.suppress(BrokenPipeError):
                leash.close()


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


def stop_all(state_file: Path) -> list[str]:
    """Stop programs, whoever started them; return when they are gone.

    Returns
    -------
    The names of those that ran.
    """
    state = read_state(state_file)
    if state is None:
        return []
    programs = {name: program["process"] for name, program in state["programs"].items()}
    ran = [name for name, process in programs.items() if process.alive()]
    # The supervisor goes first, or it would start again what ends; what it left behind (it was killed) goes one by one.
    for process in (state["supervisor"], *programs.values()):
        process.stop_group(_STOP)
    state_file.unlink(missing_ok=True)
    return ran


@dataclass(slots=True)
class _Charge:
    """One program in the supervisor's care."""

    program: Mapping[str, Any]
    process: "subprocess.Popen[bytes]"
    starts: list[float] = field(default_factory=list)
    running: bool = True
    held: bool = False
    next_start: float | None = None

    @classmethod
    def begin(cls, program: Mapping[str, Any]) -> Self:
        return cls(program, _start(program, "wb"), [time.monotonic()])

    def begin_again(self) -> None:
        self.process = _start(self.program, "ab")
        self.starts.append(time.monotonic())
        self.running, self.held, self.next_start = True, False, None

    @property
    def over(self) -> bool:
        """Whether nothing will start it again."""
        return not self.running and not self.held and self.next_start is None

    def look(self) -> None:
        """Notice its end, decide whether it is to start again."""
        if not self.running or self.process.poll() is None:
            return
        self.running = False
        _signal_group(self.process, signal.SIGKILL)
        said = f"{self.program['name']} ended with exit code {self.process.returncode}"
        if self.program["restart"] and not self.held:
            now = time.monotonic()
            self.starts = [start for start in self.starts if start > now - _RESTARTS_WITHIN]
            if len(self.starts) <= _RESTARTS:
                self.next_start = now + _RESTART_PAUSE
            said += ": restarted" if self.next_start else f": given up after {_RESTARTS} restarts"
        print(said, flush=True)


def _supervise(order: dict[str, Any]) -> int:
    """Be the supervisor."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)

    charges: dict[str, _Charge] = {}
    state_file = Path(order["state_file"])
    code = 0
    try:
        for program in order["programs"]:
            charges[program["name"]] = _Charge.begin(program)
        _write_state(state_file, order, charges)
        leash = _Leash()
        while not stopping and not all(charge.over for charge in charges.values()):
            messages = leash.read()
            if leash.let_go:
                stopping = True
            changed = [_obey(charges, message) for message in messages]
            for charge in charges.values():
                charge.look()
                if not charge.running and not charge.held:
                    code = code or abs(charge.process.returncode)
                if charge.next_start is not None and charge.next_start <= time.monotonic():
                    charge.begin_again()
                    changed.append(True)
            if any(changed):
                _write_state(state_file, order, charges)
    finally:
        _stop([charge for charge in charges.values() if charge.running])
        state_file.unlink(missing_ok=True)
    return code


class _Leash:
    """The supervisor's end of the pipe that its starter holds."""

    def __init__(self) -> None:
        self._open = True
        self._text = b""
        self.let_go = False

    def read(self) -> list[list[str]]:
        """Wait a moment for messages; `let_go` is true from when the starter has gone without a release."""
        readable, _, _ = select.select([0] if self._open else [], [], [], _PAUSE)
        if not readable:
            return []
        chunk = os.read(0, 4096)
        *lines, self._text = (self._text + chunk).split(b"\n")
        messages = [line.decode().split(" ", 1) for line in lines]
        if [_RELEASE] in messages:
            self._open = False
        elif not chunk:
            self._open, self.let_go = False, True
        return messages


def _obey(charges: Mapping[str, _Charge], message: Sequence[str]) -> bool:
    """Hold or resume a program; say whether another process runs now."""
    if message[0] == _HOLD:
        charge = charges[message[1]]
        charge.held, charge.next_start = True, None
        if charge.running:
            _signal_group(charge.process, signal.SIGKILL)
            charge.process.wait()
            charge.look()
    elif message[0] == _RESUME and charges[message[1]].held:
        charges[message[1]].begin_again()
        return True
    return False


def _start(program: Mapping[str, Any], log_mode: str) -> "subprocess.Popen[bytes]":
    account = program["account"]
    identity = {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []} if account else {}
    with Path(program["log"]).open(log_mode) as log:
        return subprocess.Popen(
            program["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # Runs after the change of the account, which would undo the tie.
            preexec_fn=_die_with_parent(os.getpid()) if sys.platform == "linux" else None,
            **identity,
        )


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Make the function that ties a new process to its parent's life (Linux only)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the tie held
            os._exit(1)

    return tie


def _write_state(state_file: Path, order: Mapping[str, Any], charges: Mapping[str, _Charge]) -> None:
    """Write the state file in one step, so that no reader sees half of it."""
    state = {
        "supervisor": _identity(os.getpid()),
        "programs": {
            program["name"]: {"process": _identity(charges[program["name"]].process.pid), "log": program["log"]}
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


def _stop(charges: Sequence[_Charge]) -> None:
    for charge in charges:
        _signal_group(charge.process, signal.Signals(charge.program["stop_signal"]))
    for charge in charges:
        process = charge.process
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
