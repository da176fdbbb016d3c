"""Runs the function again and again in processes of their own, and ends each at another line of the function's code.

    crash_driver.py MODE FILES MINUTES_FROM

MODE `cold`: the killed invocation is a process' first; `warm`: its second. FILES: names of modules of `ingest_lambda`,
comma-separated, or `all`. Prints one JSON object: the lines at which a process was killed, and the next minute.
"""

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from ingest_world import MINUTE, START

import ingest_lambda
from ingest_lambda.handler import handler

PACKAGE = str(Path(ingest_lambda.__file__).parent)
KILLED = 9
LAST_MINUTE = 2800  # of the shop's two days; how far processes come before they are killed is up to chance


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def invoke(minute: int) -> None:
    handler({"scheduledTime": (START + minute * MINUTE).isoformat()}, Context())


def trace(files: set[str], see: Callable[[str], None]) -> None:
    """Tell every line of the package before it runs."""

    def of_line(frame: FrameType, event: str, _: Any) -> Any:  # noqa: ANN401
        if event == "line":
            see(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        return of_line

    def of_call(frame: FrameType, _event: str, _: Any) -> Any:  # noqa: ANN401
        path = frame.f_code.co_filename
        return of_line if path.startswith(PACKAGE) and (not files or Path(path).stem in files) else None

    sys.settrace(of_call)


def in_child(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the process' border
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def lines(files: set[str], warm: bool, minute: int) -> dict[str, int]:
    """Find the lines that an invocation runs, and how often."""
    read, write = os.pipe()

    def work() -> None:
        seen: Counter[str] = Counter()
        if warm:
            invoke(minute)
        trace(files, lambda line: seen.update([line]))
        invoke(minute + 1)
        sys.settrace(None)
        with os.fdopen(write, "w") as pipe:
            json.dump(seen, pipe)

    code = in_child(work)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    if code:
        sys.exit(f"an undisturbed run failed: {code}")
    return dict(json.loads(text))


def kill_at(line: str, which: int, files: set[str], warm: bool, minute: int) -> int:
    """Kill a process when it comes to a line for the n-th time."""

    def work() -> None:
        left = [which]

        def see(found: str) -> None:
            if found == line:
                left[0] -= 1
                if left[0] == 0:
                    os._exit(KILLED)

        if warm:
            invoke(minute)
        trace(files, see)
        invoke(minute + 1)

    return in_child(work)


def kill_after(seconds: float, minute: int) -> int:
    """Kill a process wherever it is, its network thread included."""

    def work() -> None:
        invoke(minute)
        threading.Thread(
            target=lambda: (time.sleep(seconds), os.kill(os.getpid(), signal.SIGKILL)), daemon=True
        ).start()
        for number in itertools.count(1):
            invoke(minute + number)

    return in_child(work)


def main(mode: str, files: str, first: str) -> None:
    minute = int(first)
    killed: list[str] = []
    if mode == "any moment":
        draw = random.Random(1)
        for _ in range(int(files)):
            code = kill_after(0.15 * draw.random(), minute)
            if code != -signal.SIGKILL:
                sys.exit(f"a process ended with {code}")
            killed.append("any")
            minute += 1
        minute = LAST_MINUTE
    else:
        names = set() if files == "all" else set(files.split(","))
        warm = mode == "warm"
        for line, times in lines(names, warm, minute).items():
            # In a loop over three rows, the second time is in the middle.
            for which in range(1, min(times, 2) + 1):
                minute += 2
                code = kill_at(line, which, names, warm, minute)
                if code not in (KILLED, 0):
                    sys.exit(f"{line}: a process ended with {code}")
                # A line of another attempt is not reached when the first one succeeds.
                if (which, code) == (1, KILLED):
                    killed.append(line)
        minute += 200
    print(json.dumps({"killed": killed, "minute": minute}))


if __name__ == "__main__":
    assert timedelta(minutes=1) == MINUTE
    main(*sys.argv[1:])
