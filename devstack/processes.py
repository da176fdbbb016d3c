"""Which process is meant: a pid together with the moment it started.

A pid alone names whoever has it now. After a crash or a reboot a file may hold the pid of a stranger, who must not be
taken for one of ours, let alone be stopped.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Process:
    """One process, distinguishable from a later one with the same pid."""

    pid: int
    """The number that the system gave it."""
    started: str
    """An opaque mark of the moment it started, unique together with `pid`."""

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Identify the process that has this pid now.

        Returns
        -------
        The process, or None when there is none, or only the remains of one that has ended.
        """
        started = _start_mark(pid)
        return None if started is None else cls(pid, started)

    def alive(self) -> bool:
        """Say whether this very process still runs."""
        return _start_mark(self.pid) == self.started

    def stop_group(self, grace: float) -> None:
        """Stop the process and the group that it leads: a request first, by force after `grace` seconds.

        Does nothing when this very process has ended, whoever may have its pid now.
        """
        deadline = time.monotonic() + grace
        self._signal_group(signal.SIGTERM)
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self.alive():
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                return


def _start_mark(pid: int) -> str | None:
    """Read when a process started, as text that no later process with the same pid shares."""
    if Path("/proc/self/stat").exists():
        return _start_mark_linux(pid)
    # macOS and the BSDs have no /proc; their ps tells the second.
    run = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = run.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def _start_mark_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the command in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    state, ticks_since_boot = fields[0], fields[19]
    if state in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}:{ticks_since_boot}"
