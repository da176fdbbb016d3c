import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from bookstore.pipeline.configuration import PLACES, read_places
from bookstore.pipeline.running import program_status, stop_programs
from devstack.stack import stop

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = {"source", "job", "archive", "alerting", "dashboard"}
SERVERS = {"kafka", "postgres", "aws"}


def bookstore(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bookstore", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=180)


def wait_for(condition: Callable[[], Any], seconds: float) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"did not happen within {seconds} seconds"
        sleep(1)


def test_the_inbox_of_a_folder_where_nothing_runs_says_how_to_start(tmp_path: Path) -> None:
    run = bookstore("inbox", "--directory", str(tmp_path))

    assert run.returncode == 1
    assert "start it with: python -m bookstore up" in run.stderr


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.flink
def test_up_runs_the_whole_path_and_down_leaves_nothing(tmp_path: Path) -> None:
    where = ("--directory", str(tmp_path))
    try:
        up = bookstore("up", "--days", "0.3", *where)
        assert up.returncode == 0, up.stderr
        addresses = json.loads(up.stdout)
        assert set(addresses) == SERVERS | {"dashboard"}

        wait_for(lambda: program_status(tmp_path)["archive"].get("delivered", 0) > 800, 240)
        status = bookstore("status", *where)
        found = json.loads(status.stdout)
        assert status.returncode == 0
        assert set(found) == SERVERS | PROGRAMS
        assert {entry["state"] for entry in found.values()} == {"running"}
        assert found["source"]["rows"] > 1_000
        assert all(isinstance(found[name]["lag"], int) for name in ("job", "archive", "alerting"))

        with urllib.request.urlopen(addresses["dashboard"]["url"], timeout=30) as page:  # noqa: S310 - our own
            assert "Number of Timeseries Tracked" in page.read().decode("utf-8")

        places = read_places(tmp_path / PLACES)
        with psycopg.connect(places.database_url, autocommit=True) as connection:
            connection.execute("INSERT INTO sales (event_time, product_name, quantity) VALUES (now(), 'item-A', 500)")
        mails: list[str] = []

        def mail_has_come() -> bool:
            mails.extend(bookstore("inbox", *where).stdout.splitlines())
            return bool(mails)

        wait_for(mail_has_come, 240)
        assert mails[0].startswith("item-A: 5")
        assert mails[1].strip().startswith(addresses["dashboard"]["url"] + "#series=")

        again = bookstore("up", *where)
        assert json.loads(again.stdout) == addresses
        down = bookstore("down", *where)
        assert down.returncode == 0
        left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
        assert left == ""
    finally:
        stop_programs(tmp_path)
        stop(tmp_path)
