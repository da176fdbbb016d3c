import io
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from contracts.flat_results import encode_row, flatten
from contracts.results import Result, encode
from transform_lambda.cli import main


def write(monkeypatch: pytest.MonkeyPatch, data: bytes, destination: Path) -> int:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    return main(["write", "--destination", str(destination)])


def series(directory: Path) -> list[str]:
    return sorted(
        one for path in directory.rglob("*.parquet") for one in pq.read_table(path)["timeseries_id"].to_pylist()
    )


def test_results_and_flat_rows_are_written_and_other_lines_are_numbered(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = encode_row(flatten(msgspec.structs.replace(result, timeseries_id="flat")))

    code = write(monkeypatch, encode(result) + b"\n\nsecret\n" + other, tmp_path)

    assert code == 1
    assert series(tmp_path) == sorted([result.timeseries_id, "flat"])
    assert capsys.readouterr().err.splitlines() == [
        "Read 2 rows, added 2.",
        "1 lines are neither results nor flat rows: 3.",
    ]


def test_the_same_lines_again_add_nothing(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(monkeypatch, encode(result), tmp_path)

    assert write(monkeypatch, encode(result), tmp_path) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "Read 1 rows, added 0."


def test_small_files_are_merged_up_to_a_day(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        write(monkeypatch, encode(msgspec.structs.replace(result, timeseries_id=f"{number}")), tmp_path)

    assert main(["compact", "--destination", str(tmp_path), "--before", "2024-08-29"]) == 0
    assert len(list(tmp_path.rglob("*.parquet"))) == 3
    assert main(["compact", "--destination", str(tmp_path)]) == 0
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "Merged 3 files."


def test_a_file_of_something_else_is_named_and_the_code_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dt=2024-08-29").mkdir()
    (tmp_path / "dt=2024-08-29" / "x.parquet").write_bytes(b"")

    assert main(["compact", "--destination", str(tmp_path)]) == 1
    assert "Left dt=2024-08-29/x.parquet: no table of results.\n" in capsys.readouterr().err


def test_another_kind_of_destination_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compact", "--destination", "gs://x"]) == 2
    assert capsys.readouterr().err == "--destination: found 'gs://x', expected a folder or s3://bucket/prefix\n"


def test_it_runs_as_a_module(result: Result, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "transform_lambda", "write", "--destination", str(tmp_path)]

    run = subprocess.run(command, input=encode(result), capture_output=True, check=True)

    assert run.stderr == b"Read 1 rows, added 1.\n"
    assert series(tmp_path) == [result.timeseries_id]


def test_it_writes_to_a_bucket_and_compacts_there(result: Result, bucket: str) -> None:
    command = [sys.executable, "-m", "transform_lambda"]
    destination = ["--destination", f"s3://{bucket}/some/where"]

    written = subprocess.run([*command, "write", *destination], input=encode(result), capture_output=True, check=True)
    compacted = subprocess.run([*command, "compact", *destination], capture_output=True, check=True)

    assert (written.stderr, compacted.stderr) == (b"Read 1 rows, added 1.\n", b"Merged 1 files.\n")
