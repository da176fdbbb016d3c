"""Tells a container engine whether Flink is well: `job` asks for a running job, `taskmanager` for an open port."""

import json
import socket
import sys
import urllib.request

_SECONDS = 5


def main(what: str) -> int:
    """Look once.

    Parameters
    ----------
    what
        `job` or `taskmanager`.

    Returns
    -------
    0 when it is well, else 1, with one line that says why.
    """
    try:
        problem = _job() if what == "job" else _task_manager()
    except OSError as error:
        problem = str(error)
    print(problem or "well")
    return 1 if problem else 0


def _job(rest: str = "http://localhost:8081") -> str:
    with urllib.request.urlopen(f"{rest}/jobs/overview", timeout=_SECONDS) as answer:  # noqa: S310 - always http
        states = [job["state"] for job in json.load(answer)["jobs"]]
    return "" if "RUNNING" in states else f"no running job, but {states}"


def _task_manager(port: int = 6122) -> str:
    socket.create_connection((socket.gethostname(), port), timeout=_SECONDS).close()
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
