import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bookstore.cli import main
from devstack.stack import Stack
from devstack.topics import create_topics

Refusal = Callable[..., str]


def bookstore(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bookstore", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=120)


def test_where_no_broker_runs_produce_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", "--topic", "a", "--directory", str(tmp_path)]) == 1
    assert f"Start one with: python -m devstack up --directory {tmp_path}" in capsys.readouterr().err


def test_where_the_shop_is_closed_status_says_how_to_open_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--directory", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {}
    assert f"closed. Open it with: python -m bookstore up --directory {tmp_path}" in said.err
    assert main(["down", "--directory", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", f"Nothing was running in {tmp_path}.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["produce", "--bootstrap", "x:1", "--topic", "t", "--days", "-1"], "-1 is not a number above 0"),
        (
            ["produce", "--bootstrap", "x:1", "--topic", "t", "--speed", "2", "--as-fast-as-possible"],
            "not allowed with argument",
        ),
        (["demo", "--speed", "0"], "0 is not a number above 0"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(arguments: list[str], message: str, refusal: Refusal) -> None:
    assert message in refusal(main, arguments)


@pytest.mark.kafka
def test_produce_reports_what_it_sold_and_planted_as_json(broker: Stack, repository: Path) -> None:
    there = ["--bootstrap", broker.bootstrap_servers]
    create_topics(broker.bootstrap_servers, {"sold": 4})
    run = bookstore(repository, "produce", *there, "--topic", "sold", "--days", "3", "--as-fast-as-possible")
    assert (run.returncode, run.stderr) == (0, "")
    told = json.loads(run.stdout)
    assert told["quantity"] > told["records"] > 60_000
    assert set(told["planted"][0]) == {"product_name", "start", "end", "factor"}


def test_a_broker_that_is_not_there_is_an_error_of_one_line(repository: Path) -> None:
    run = bookstore(repository, "produce", "--bootstrap", "127.0.0.1:1", "--topic", "t")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert run.stderr.startswith("bookstore: No Kafka broker answers at 127.0.0.1:1: ")
