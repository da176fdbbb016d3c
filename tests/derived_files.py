"""Files that follow from the declarations of fields: tables of the documentation, golden files.

`python -m tests.derived_files` writes them anew; `test_fields.py` says when that is due.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from anomaly.detections import APPENDED
from anomaly.records import RECORD_FIELDS
from contracts.flat_results import COLUMNS, encode_row, flatten
from contracts.results import Attribution, Dimension, Result, encode

ROOT = Path(__file__).parents[1]

AWS_FIELDS = json.loads((ROOT / "tests/contracts/golden/published_prefix.json").read_text() + "}")
PUBLISHED = Result(
    detector_name="canvas-ad-blog-demo-1",
    measure="quantity",
    timeseries_id="f3c7f14e" + "0123456789abcdef" * 3 + "01234567",
    anomaly_decision_threshold=70,
    dimension_list=(Dimension("product_name", "item-A"),),
    aggregated_measure_value=14.0,
    anomaly_score=0.0,
    detection_period_start_time="2024-08-29 13:35:00",
    detection_period_end_time="2024-08-29 13:36:00",
    processed_data_points=1261,
    anomaly_confidence_score=80.4674989791107,
    anomaly_decision=0,
    model_stage="INFERENCE",
    expected_value=0.0,
)
"""The record that AWS shows."""
EXAMPLE = replace(
    PUBLISHED,
    anomaly_score=97.25,
    anomaly_decision=1,
    expected_value=13.5,
    lower_bound=9.0,
    upper_bound=18.0,
    raw_score=2.5,
    direction="HIGH",
    attribution=(Attribution("residual", 0.75), Attribution("forest", 0.25)),
    reason="14, 4 % above the 13.5 expected; highest in 9 days",
    alert=1,
    episode_start_time="2024-08-29 13:35:00",
    suppressed_by="holiday",
)


def example_record() -> str:
    """Write a record as a page shows it, broken between its fields."""
    lines = re.findall(r".{1,134}(?:,(?=\")|$)", encode(replace(EXAMPLE, suppressed_by=None)).decode())
    return "\n" + "".join(f"    {line}\n" for line in lines) + "\n"


def field_table() -> str:
    """Write a field's names in records, rows, the command and the library."""
    library = {each.record: each.name for each in RECORD_FIELDS}
    lines = ["| record | AWS's | row | command | `Detection` | meaning |", "|---|---|---|---|---|---|"]
    for name, column in zip(Result.__struct_encode_fields__, COLUMNS, strict=True):
        attribute = library.get(column.name, "")
        cells = (
            f"`{name}`",
            "yes" if name in AWS_FIELDS else "",
            f"`{column.name}`",
            "yes" if attribute in APPENDED else "",
            f"`{attribute}`" if attribute else "",
            column.meaning,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def column_table() -> str:
    """Write the columns of the flat rows."""
    lines = ["| column | type | may be null | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.kind} | {'yes' if column.nullable else 'no'} | {column.meaning} |"
        for column in COLUMNS
    ]
    return "\n".join(lines) + "\n"


def with_part(name: str, part: str, page: str) -> str:
    """Put a part between its two marks on a page."""
    begin, end = f"<!-- {name}: `python -m tests.derived_files` writes this -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = page.partition(begin)
    _, also_found, after = rest.partition(end)
    assert found, f"no line {begin}"
    assert also_found, f"no line {end}"
    return f"{before}{begin}{part}{end}{after}"


def with_new_columns(frozen: str) -> str:
    """List the columns behind those that are listed already, which never change."""
    known = frozen.splitlines()
    added = [json.dumps([column.name, column.kind, column.nullable]) for column in COLUMNS[len(known) :]]
    return "".join(f"{line}\n" for line in known + added)


DERIVED: Mapping[str, Callable[[str], str]] = {
    "docs/contracts.md": lambda page: with_part("example", example_record(), with_part("fields", field_table(), page)),
    "docs/parquet.md": lambda page: with_part("columns", column_table(), page),
    "tests/contracts/golden/result.json": lambda _: encode(EXAMPLE).decode() + "\n",
    "tests/contracts/golden/flat_result.json": lambda _: encode_row(flatten(EXAMPLE)).decode(),
    "tests/contracts/golden/columns.jsonl": with_new_columns,
}
"""What a file should hold, given what it holds."""


if __name__ == "__main__":
    for path, write in DERIVED.items():
        file = ROOT / path
        text = file.read_text("utf-8")
        if (new := write(text)) != text:
            file.write_text(new, "utf-8")
            print(f"wrote {path}")
