"""Which process is a supervised program now."""

from pathlib import Path

from devstack.processes import Process
from devstack.supervisor import read_state


def running_program(state_file: Path, name: str) -> Process:
    state = read_state(state_file)
    assert state is not None
    process: Process = state["programs"][name]["process"]
    return process
