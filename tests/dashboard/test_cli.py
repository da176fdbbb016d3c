"""The command: what it writes and says, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from result_files import START, row, write

from dashboard.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "results", [row(START, {"p": "a"})])


def test_build_writes_the_page_and_says_where_and_how_large(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"

    assert main(["build", str(folder), "-o", str(page), "--title", "AnyBooks"]) == 0
    assert "<title>AnyBooks</title>" in page.read_text("utf-8")
    assert re.fullmatch(rf"{re.escape(str(page))}: 1\.\d MB, \d+\.\d s\n", capsys.readouterr().err)
    assert {path.name for path in tmp_path.iterdir()} == {"results", "page.html"}


def test_build_to_standard_output_prints_the_page_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(folder), "-o", "-"]) == 0
    out, err = capfd.readouterr()

    assert out.startswith("<!doctype html>")
    assert err == ""


def test_a_build_that_fails_leaves_the_old_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")

    assert main(["build", str(folder), "-o", str(page), "--series", "nobody"]) == 1
    assert page.read_text() == "old"
    assert capsys.readouterr().err == (
        "dashboard: --series 'nobody': there is no such series; give its identifier, or its name as the page shows it\n"
    )


@pytest.mark.parametrize("command", [["build", "-o", "page.html"], ["serve", "--port", "0"]])
def test_a_source_that_is_not_there_ends_with_one_clear_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command[0], str(tmp_path / "nowhere"), *command[1:]]) == 1
    assert re.fullmatch(r"dashboard: .*nowhere: found nothing, expected a folder with .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("command", [["build", "-o", "page.html"], ["serve", "--port", "0"]])
def test_foreign_parquet_files_end_with_what_they_lack(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(pa.table({"colour": ["red"]}), tmp_path / "other.parquet")

    assert main([command[0], str(tmp_path), *command[1:]]) == 1
    assert "other.parquet: a Parquet file without detector_name, measure, timeseries_id" in capsys.readouterr().err


def test_an_empty_folder_builds_a_page_that_says_so(tmp_path: Path) -> None:
    assert main(["build", str(tmp_path), "-o", str(tmp_path / "page.html")]) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ["--from", "yesterday"],
        ["--max-series", "0"],
        ["--max-alerts", "many"],
        ["--from", "2026-11-10", "--to", "2026-11-09"],
    ],
)
def test_options_that_make_no_sense_are_refused(
    wrong: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["build", str(folder), "-o", str(tmp_path / "page.html"), *wrong])
    except SystemExit as exit_:
        code = int(exit_.code or 0)

    assert code in {1, 2}
    assert "expected" in (told := capsys.readouterr().err) or "--from must be before --to" in told


def test_a_folder_that_cannot_be_written_to_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(folder), "-o", str(tmp_path / "no" / "page.html")]) == 1
    assert "page.html: cannot be written: No such file or directory" in capsys.readouterr().err


def test_serve_prints_its_address_and_ends_quietly_on_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "dashboard", "serve", str(folder), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        try:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
            with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - checked above
                assert b"<!doctype html>" in response.read()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def test_serve_tells_when_the_port_is_taken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["serve", str(folder), "--port", str(port)]) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "serve"])
def test_every_option_is_documented(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    text = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text("utf-8")
    section = text.split(f"## `{command}`")[1].split("\n## ")[0]

    assert options - {"--output"} <= set(re.findall(r"`(--[a-z-]+)", section))
