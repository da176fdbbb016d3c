"""`anomaly score` as its user meets it."""

import csv
import gzip
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import anomaly
from anomaly import Detector, DetectorConfig
from anomaly.cli.main import main
from anomaly.cli.scoring import RowScorer
from anomaly.records import APPENDED_FIELDS, names_of

OURS = names_of(APPENDED_FIELDS)
HEADER = "," + ",".join(OURS) + "\n"
EMPTY = ("expected_value", "lower_bound", "upper_bound", "episode_start_time", "reason")
WHILE_LEARNING = {"anomaly_decision": "0", "alert": "0", "direction": "NONE", "model_stage": "LEARNING"}
LEARNED = "," + ",".join((dict.fromkeys(EMPTY, "") | WHILE_LEARNING).get(name, "0.0") for name in OURS) + "\n"
WHERE = Path(anomaly.__file__).resolve().parents[1]
PIECES = [
    *(b"time v , ; \t \n \r\n \r 1 2.5 3,5 2024-01-01 2024-01-02T10:00Z NaN inf 1e999 -".split(b" ")),
    *(b'" "" "a" x \xff \xef\xbb\xbf'.split(b" ")),
    "é".encode(),
    b"\0",
    b" ",
    b"\n2024-01-01,1\n2024-01-02,2\n",
    b"time,v\n",
]
ASKED = DetectorConfig(threshold=65.5, output_after=200)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> "Run":
    monkeypatch.chdir(tmp_path)
    return Run(capfdbinary)


class Run:
    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["score", *arguments])
        sys.stdout.flush()
        out, err = self._capture.readouterr()
        return status, out.decode(), err.decode()

    def refusal(self, *arguments: str) -> str:
        """Run what must end with exit status 2, and return the one line that says why."""
        status, _, err = self(*arguments)
        assert status == 2
        lines = [line for line in err.splitlines() if not line.startswith("timestamp column: ")]
        assert len(lines) == 1
        return lines[0]


def write(name: str, content: str | bytes) -> None:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def files(folder: Path = Path()) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def series(n: int = 340) -> list[float]:
    values = np.random.default_rng(11).normal(20, 2, size=n).round(3)
    values[320] = 90.0
    return [float(value) for value in values]


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "anomaly", "score", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(WHERE)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_every_number_equals_the_librarys_and_every_input_cell_is_kept(run: Run) -> None:
    values = series()
    times = [1724938500.0 + 60 * i for i in range(len(values))]
    rows = [f'{value},"n, {i}",{times[i]:.0f}\n' for i, value in enumerate(values)]
    write("in.csv", "".join(["when,note,ts\n", *rows]))
    status, out, err = run("in.csv", "-o", "out.csv", "--threshold", "65.5", "--learn", "200")
    assert (status, out) == (0, "")
    detections = Detector(ASKED).process_many(values, times)
    with Path("out.csv").open(newline="") as file:
        scored = list(csv.DictReader(file))
    assert list(scored[0]) == ["when", "note", "ts", *OURS]
    assert [row["note"] for row in scored] == [f"n, {i}" for i in range(len(values))]
    for name, column in [
        ("anomaly_score", detections.score),
        ("raw_score", detections.raw_score),
        ("expected_value", detections.expected_value),
        ("lower_bound", detections.lower_bound),
        ("upper_bound", detections.upper_bound),
        ("anomaly_confidence_score", detections.confidence),
        ("anomaly_decision", detections.is_anomaly),
        ("alert", detections.alert),
    ]:
        numbers = [float(row[name] or "nan") for row in scored]
        assert np.array_equal(numbers, column, equal_nan=True)
    assert [row["model_stage"] for row in scored] == detections.stage.tolist()
    assert [row["direction"] for row in scored] == detections.direction.tolist()
    assert [row["reason"] or None for row in scored] == detections.reason.tolist()
    assert scored[320]["episode_start_time"] == "2024-08-29T18:55:00Z"
    assert "," in scored[320]["reason"]
    assert detections.alert[320]
    assert err.splitlines()[0] == "timestamp column: ts; value column: when; 1 series"
    assert re.fullmatch(
        r"340 rows, 1 series: \d+ anomal\w+, \d+ alerts?; strongest alert: 1724957700, score \d+\.\d\d: 90, .*",
        err.splitlines()[1],
    )


def test_the_text_of_the_input_is_kept_to_the_letter(run: Run) -> None:
    write("in.csv", '\ufeff"time";v;"a ""b"""\r\n2024-01-01; 1.50 ;"x;\ny"\r\n\r\n2024-01-02;;z')
    status, out, _ = run("in.csv")
    assert status == 0
    ends = [line.replace(",", ";").replace("\n", "\r\n") for line in (HEADER, LEARNED, LEARNED)]
    assert out == (f'\ufeff"time";v;"a ""b"""{ends[0]}2024-01-01; 1.50 ;"x;\ny"{ends[1]}2024-01-02;;z{ends[2]}')


def test_a_file_without_header_gets_none(run: Run) -> None:
    write("in.csv", "\ufeff2024-01-01,5\n2024-01-02,6\n")
    status, out, err = run("in.csv")
    assert (status, out) == (0, f"\ufeff2024-01-01,5{LEARNED}2024-01-02,6{LEARNED}")
    assert "no header, so none is written" in err
    assert "value column: column_2" in err


def test_packed_files_are_read_and_written(run: Run) -> None:
    write("in.csv.gz", gzip.compress(b"v\n1\n2\n"))
    assert run("in.csv.gz", "-o", "out.csv.gz")[0] == 0
    assert gzip.decompress(Path("out.csv.gz").read_bytes()).decode() == f"v{HEADER}1{LEARNED}2{LEARNED}"


def test_several_series_in_one_file_are_told_apart(run: Run) -> None:
    lines = [f"2024-01-0{day},{host},{day}\n" for day in (1, 2) for host in "abc"]
    write("in.csv", "time,host,v\n" + "".join(lines))
    status, out, err = run("in.csv", "--by", "host")
    assert status == 0
    assert out.splitlines(keepends=True)[1:] == [line.strip() + LEARNED for line in lines]
    assert "one series per host" in err
    assert "6 rows, 3 series: 0 anomalies, 0 alerts" in err
    assert "warning" not in err
    _, _, err = run("in.csv")
    assert "4 rows with the same time as the row before" in err
    assert "--by host" in err


def test_names_that_need_quotes_are_quoted_in_the_header(run: Run) -> None:
    write("in.csv", '"a,b",c\n1,2\n')
    _, out, _ = run("in.csv", "--value", '"a,b",c')
    names = next(csv.reader(io.StringIO(out)))
    assert names[6:8] == ["expected_value_a,b", "expected_value_c"]


def test_a_sentence_with_commas_is_quoted_and_the_empty_cells_beside_it_are_not(run: Run) -> None:
    write("in.csv", "v\n" + "10\n11\n12\n" * 130 + "900\n")
    _, out, _ = run("in.csv", "--learn", "12")
    last = out.splitlines()[-1]
    cells = dict(zip(OURS, next(csv.reader([last]))[1:], strict=True))
    assert (cells["reason"].count(",") > 0, cells["episode_start_time"]) == (True, "")
    assert last.count('"') == 2


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("", [], "in.csv: the input is empty"),
        ("time,value\n", [], "in.csv: the input has a header but no rows"),
        ("time;value;\n;;\n", ["--value", "value"], "in.csv: the input has only empty rows"),
        ("time,cpu,mem\n2024-01-01,1,2\n", [], "in.csv: 2 columns hold numbers: cpu, mem; choose one with --value cpu"),
        (
            "t,value\n2024-01-01,1\n",
            ["--value", "vaule"],
            "--value vaule: there is no such column, only t, value; did you",
        ),
        ("t,v\n2024-01-01,1\n2024-01-02,x\n", [], "in.csv: line 3, column v: 'x' is not a number"),
        ("t,v\n2024-01-01,1\n2024-01-02,inf\n", [], "in.csv: line 3, column v: 'inf' is infinite"),
        ("t;v\n2024-01-01;1,5\n2024-01-02;2,5\n", [], "in.csv: column v has numbers with a comma ('1,5')"),
        (
            "t,v\n2024-01-02,1\n2024-01-01,2\n",
            [],
            "line 3: its time 2024-01-01 is earlier than 2024-01-02 of line 2; sort",
        ),
        ("t,v\n2024-01-01,1\n2024-01-02,2,3\n", [], "in.csv: line 3 has 3 cells, expected 2"),
        ("t,v\n2024-01-01,1\n2024-01-02,\0\n", [], "in.csv: line 3 holds a NUL byte"),
        ("t,n,v\n2024-01-01,é,1\n".encode("cp1252"), [], "in.csv: line 2 is not UTF-8"),
        (
            f"v{HEADER}1{LEARNED}",
            ["--value", "v"],
            "in.csv: the file already has columns anomaly_score, anomaly_decision",
        ),
        ("v\n1\n", ["-o", "in.csv"], "in.csv is the input file itself"),
        ("v\n1\n", ["-o", "no/out.csv"], "can't write no/out.csv: there is no folder"),
        ("v\n1\n", ["-o", "."], "the output . is a folder"),
        ("v\n1\n", ["-o", "out.parquet"], "out.parquet: the name says Parquet; this version reads and writes CSV only"),
        ("v\n1\n", ["--threshold", "100"], "threshold must be from 0 up to, not including, 100, got 100.0"),
        (
            "v\n1\n",
            ["--threshold", "high"],
            "argument --threshold: invalid float value: 'high'; see anomaly score --help",
        ),
        ("v\n1\n", ["--learn", "3"], "--learn must be a whole number from 12 to 1000000000, got 3"),
        ("v\n1\n", ["--value", "a,,b"], "expected column names separated by commas, got 'a,,b'"),
        ("v\n1\n", ["--colour"], "anomaly: unrecognized arguments: --colour; see anomaly --help"),
    ],
)
def test_what_cannot_be_scored_ends_with_one_line_that_says_why(
    run: Run, content: str | bytes, arguments: list[str], message: str
) -> None:
    write("in.csv", content)
    assert message in run.refusal("in.csv", *arguments)
    assert files() == ["in.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.csv", "can't read nothing.csv: No such file or directory"),
        (".", "can't read .: Is a directory"),
        ("in.jsonl", "in.jsonl: the name says JSON Lines"),
        ("in.JSON.gz", "in.JSON.gz: the name says JSON"),
    ],
)
def test_what_cannot_be_opened_is_named(run: Run, name: str, message: str) -> None:
    assert message in run.refusal(name)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join) | st.binary(max_size=60),
    st.sampled_from([[], ["--value", "2"], ["--by", "1"], ["--timestamp", "1", "--value", "v"], ["--value", "1,2"]]),
)
@example(b"time3,5\r", [])
def test_no_input_whatever_makes_it_fail_with_a_traceback(run: Run, content: bytes, arguments: list[str]) -> None:
    write("in.csv", content)
    status, out, err = run("in.csv", *arguments)
    assert status in (0, 2)
    assert err.startswith(("timestamp column: ", "anomaly score: in.csv: "))
    assert status == 2 or re.search(r"LEARNING([,;\t]0\.0)+\r?\n\Z", out)


def test_rows_before_a_bad_one_are_written_to_standard_output(run: Run) -> None:
    write("in.csv", "v,w\n1,a\n2,b\n3,c,d\n")
    status, out, _ = run("in.csv")
    assert (status, out) == (2, f"v,w{HEADER}1,a{LEARNED}2,b{LEARNED}")


def test_after_a_bad_row_an_old_output_is_as_it_was(run: Run) -> None:
    write("in.csv", "v\n1\nx\n")
    write("out.csv", "old")
    assert run("in.csv", "-o", "out.csv")[0] == 2
    assert Path("out.csv").read_text() == "old"
    assert files() == ["in.csv", "out.csv"]


def test_help_shows_every_column_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--help"]) == 0
    text = capsys.readouterr().out
    assert [name for name in OURS if f"  {name}" not in text] == []
    assert "anomaly score sales.csv -o scored.csv" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_the_command_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("anomaly ")


def test_without_a_command_it_says_where_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "see anomaly --help" in capsys.readouterr().err


def test_a_slow_feed_is_scored_row_by_row() -> None:
    with command() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"time,v\n2024-01-01,1\n")
        process.stdin.flush()
        assert process.stdout.readline().decode() == f"time,v{HEADER}"
        assert process.stdout.readline().decode() == f"2024-01-01,1{LEARNED}"
        process.stdin.write(b"2024-01-02,2\n")
        process.stdin.flush()
        assert process.stdout.readline().decode() == f"2024-01-02,2{LEARNED}"
        process.stdin.close()
        assert process.wait() == 0


def test_a_reader_that_stops_early_ends_it_quietly() -> None:
    with command("-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"v\n1\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"2\n")
        process.stdin.close()
        assert process.wait() == 141
        assert (
            process.stderr.read()
            == b"timestamp column: none, rows are taken in file order; value column: v; 1 series\n"
        )


def test_ctrl_c_ends_it_quietly_and_leaves_no_half_file(tmp_path: Path) -> None:
    with command("-", "-o", str(tmp_path / "out.csv")) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"v\n1\n")
        process.stdin.flush()
        process.stderr.readline()  # it says which columns it takes, and waits for more rows
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() == b""
    assert files(tmp_path) == []


def test_ctrl_c_counts_even_if_it_came_while_kernels_were_loaded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dropped:
        def __del__(self) -> None:
            raise KeyboardInterrupt  # Python can only print it here, as in the callbacks that load kernels

    def flush(_: RowScorer) -> list[list[str]]:
        Dropped()
        return [["scored"]]

    monkeypatch.setattr(RowScorer, "flush", flush)
    write("in.csv", "v\n1\n")
    status, out, _ = run("in.csv")
    assert (status, out) == (130, f"v{HEADER}1,scored\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "anomaly", "score"],
            input=b"v\n1\n",
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(WHERE)},
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == [b"anomaly score: can't write standard output: No space left on device"]
