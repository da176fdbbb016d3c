"""A field of a detection is declared in anomaly/detections.py and in contracts/results.py; all else follows from these.

Each test says which file is to be mended, and how.
"""

import inspect
import json
import re
from dataclasses import fields

import msgspec
import pytest
from derived_files import AWS_FIELDS, DERIVED, ROOT

from anomaly import Detection
from anomaly.detections import APPENDED, FIELDS, Field
from anomaly.page.content import Alert
from anomaly.records import APPENDED_FIELDS, RECORD_FIELDS, names_of
from contracts.flat_results import COLUMNS, Kind
from contracts.results import Result
from dashboard.queries import ALERT_COLUMNS

KINDS = {
    "number": Kind.NUMBER,
    "expectation": Kind.NUMBER,
    "time": Kind.TIME,
    "flag": Kind.SMALL,
    "count": Kind.COUNT,
    "stage": Kind.TEXT,
    "direction": Kind.TEXT,
    "sentence": Kind.TEXT,
    "attribution": Kind.NUMBERS,
}
OF_THE_JOB = {
    "detector_name",
    "measure",
    "timeseries_id",
    "anomaly_decision_threshold",
    "dimension_list",
    "aggregated_measure_value",
    "detection_period_start_time",
    "detection_period_end_time",
}
CONSTANT = {"imputed", "suppressed_by", "schema_version"}
PROMISED = [
    "anomaly_score", "anomaly_decision", "alert", "raw_score", "expected_value", "lower_bound", "upper_bound",
    "direction", "episode_start_time", "reason", "model_stage", "anomaly_confidence_score",
]  # fmt: skip


@pytest.mark.parametrize("path", DERIVED)
def test_what_follows_from_the_fields_is_up_to_date(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")

    assert DERIVED[path](text) == text, f"{path} is out of date: run `python -m tests.derived_files`"


@pytest.mark.parametrize("field", RECORD_FIELDS, ids=lambda field: field.name)
def test_what_the_library_says_has_its_place_in_the_record(field: Field) -> None:
    kinds = {column.name: column.kind for column in COLUMNS}

    assert field.record in kinds, f"contracts/results.py: Result has no {field.record}, which Detection.{field.name} is"
    assert kinds[field.record] is KINDS[field.kind], (
        f"contracts/results.py: {field.record} is a {kinds[field.record]}, "
        f"but anomaly/detections.py: Detection.{field.name} is a {field.kind}"
    )


def test_every_field_of_the_record_comes_from_somewhere() -> None:
    for name in Result.__struct_fields__:
        assert name in OF_THE_JOB | CONSTANT | {each.record for each in RECORD_FIELDS}, (
            f"anomaly/detections.py: no field of Detection has record={name!r}, so contracts/results.py cannot have it"
        )


def test_every_field_is_described() -> None:
    documentation = inspect.getdoc(Detection)
    assert documentation is not None
    described = {name for line in documentation.splitlines() if not line.startswith(" ") for name in line.split(", ")}

    for each in FIELDS:
        assert each.name in described, (
            f"anomaly/detections.py: the docstring of Detection does not say what {each.name} is"
        )
    for column in COLUMNS:
        assert 0 < len(column.meaning) <= 255, f"contracts/results.py: describe {column.name} in 1 to 255 characters"


def test_the_command_appends_what_it_promised_and_only_what_records_have() -> None:
    names = names_of(APPENDED_FIELDS)

    assert [name for name in names if name in PROMISED] == PROMISED, (
        "anomaly/detections.py: the order of Detection's fields makes the command's columns; keep those there were"
    )
    for name in APPENDED:
        assert name in {each.name for each in RECORD_FIELDS}, (
            f"anomaly/detections.py: APPENDED has {name}, no record has"
        )


def test_the_readme_names_columns_that_the_command_appends() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("## The command\n")[2].partition("\n## ")[0]
    named = re.findall("`([a-z_]+)`", section)

    assert named
    for name in named:
        assert name in names_of(APPENDED_FIELDS), f"README.md: the command appends no column {name}"


def test_columns_stay_as_they_are_and_new_ones_come_last() -> None:
    golden = (ROOT / "tests/contracts/golden/columns.jsonl").read_text("utf-8")

    for column, line in zip(COLUMNS, golden.splitlines(), strict=False):
        assert [column.name, column.kind, column.nullable] == json.loads(line), (
            f"contracts/results.py: {column.name} stands where readers expect {line}; new fields come last"
        )


def test_the_record_begins_with_the_fields_of_aws() -> None:
    assert Result.__struct_encode_fields__[: len(AWS_FIELDS)] == tuple(AWS_FIELDS), (
        "contracts/results.py: the first fields are not those of AWS's record"
    )
    for field in msgspec.structs.fields(Result)[len(AWS_FIELDS) :]:
        assert not field.required, f"contracts/results.py: {field.name} has no default, so older records cannot be read"


def test_an_alert_of_the_page_is_made_of_columns() -> None:
    for name, column in ALERT_COLUMNS.items():
        assert column in {each.name for each in COLUMNS}, (
            f"dashboard/queries.py: {name} of ALERT_COLUMNS is the column {column}, which contracts/results.py lacks"
        )
    assert tuple(each.name for each in fields(Alert))[6:] == tuple(ALERT_COLUMNS), (
        "anomaly/page/content.py: Alert has other fields than ALERT_COLUMNS in dashboard/queries.py"
    )
