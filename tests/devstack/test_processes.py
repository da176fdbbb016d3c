import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from devstack.processes import Process


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_is_known_again_while_it_runs(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    assert process is not None
    assert process.alive()
    assert process == Process.of(sleeper.pid)


def test_an_ended_process_is_nobody_even_before_its_parent_took_note(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    assert process is not None
    process.stop_group(grace=10)
    assert not process.alive()
    assert Process.of(sleeper.pid) is None


def test_processes_that_started_at_different_moments_differ(sleeper: "subprocess.Popen[bytes]") -> None:
    one, other = Process.of(sleeper.pid), Process.of(os.getpid())
    assert one is not None
    assert other is not None
    assert one.started != other.started


def test_a_stranger_with_the_same_pid_is_not_stopped(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    assert process is not None
    earlier = replace(process, started="another moment")
    assert not earlier.alive()
    earlier.stop_group(grace=0)
    assert process.alive()
