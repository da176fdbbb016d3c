from pathlib import Path

import pytest
from properties_text import BOOKSTORE, text_of

from flink_job.__main__ import MISCONFIGURED, main

PROPERTIES = {**BOOKSTORE, "kafka": {"bootstrap.servers": "127.0.0.1:1", "sasl.jaas.config": "hunter2"}}


def write_properties(folder: Path, **detector: str) -> Path:
    groups = {**PROPERTIES, "detector": {**PROPERTIES["detector"], **detector}}
    path = folder / "properties.json"
    path.write_text(text_of(groups))
    return path


@pytest.mark.parametrize(
    ("detector", "line"),
    [
        (
            {"output.before": "9"},
            'flink_job: group "detector", key "output.before", value "9": unknown key (did you mean',
        ),
        ({"output.after": "11"}, 'flink_job: group "detector", key "output.after": output_after must be '),
    ],
)
def test_bad_properties_stop_the_job_at_start_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], detector: dict[str, str], line: str
) -> None:
    code = main(["--properties", str(write_properties(tmp_path, **detector))])

    shown = capsys.readouterr()
    assert code == MISCONFIGURED
    assert shown.out == ""
    assert shown.err.startswith(line)
    assert shown.err.count("\n") == 1
    assert "hunter2" not in shown.err


def test_a_missing_properties_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--properties", str(tmp_path / "absent.json")]) == MISCONFIGURED
    assert capsys.readouterr().err == f"flink_job: properties file {tmp_path}/absent.json: No such file or directory\n"


@pytest.mark.skipif(Path("/etc/flink/application_properties.json").exists(), reason="this machine runs an application")
def test_without_an_argument_the_properties_are_where_managed_flink_puts_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == MISCONFIGURED
    assert "properties file /etc/flink/application_properties.json: No such file" in capsys.readouterr().err
