"""Folders of results as the transform part writes them: real scores of the bookstore, and rows made by hand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from jvm_twins import encode_series

from anomaly import Detector, DetectorConfig
from anomaly.records import RECORD_FIELDS, columns_of, names_of
from bookstore.sales import make_plan, sales
from contracts.arrow_types import ARROW_TYPES
from contracts.flat_results import COLUMNS, dimension_column
from contracts.series import timeseries_id

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 9, tzinfo=UTC)

Row = dict[str, Any]


def row(start: datetime, dimensions: Mapping[str, str], **changed: object) -> Row:
    """One quiet minute of a series, with some columns changed."""
    measure = str(changed.get("measure", "quantity"))
    return {
        "detector_name": "bookstore",
        "measure": measure,
        "timeseries_id": timeseries_id(encode_series(measure, dimensions)),
        "anomaly_decision_threshold": 70.0,
        "dimensions": sorted(dimensions.items()),
        "aggregated_measure_value": 14.0,
        "anomaly_score": 0.0,
        "detection_period_start_time": start.replace(tzinfo=None),
        "detection_period_end_time": (start + MINUTE).replace(tzinfo=None),
        "processed_data_points": 1261,
        "anomaly_confidence_score": 80.5,
        "anomaly_decision": 0,
        "model_stage": "INFERENCE",
        "expected_value": 14.5,
        "lower_bound": 7.0,
        "upper_bound": 22.0,
        "raw_score": 0.8,
        "direction": "NONE",
        "attribution": [],
        "reason": None,
        "alert": 0,
        "recovered": 0,
        "episode_start_time": None,
        "imputed": 0,
        "suppressed_by": None,
        "schema_version": 1,
        **{dimension_column(name): value for name, value in dimensions.items()},
        **changed,
    }


def spike(start: datetime, dimensions: Mapping[str, str], **changed: object) -> Row:
    """One minute that alerts."""
    hit = {
        "aggregated_measure_value": 75.0,
        "anomaly_score": 94.25,
        "anomaly_decision": 1,
        "direction": "HIGH",
        "reason": "75, 5.2 times the 14.5 expected; highest in 9 days",
        "alert": 1,
        "episode_start_time": start.replace(tzinfo=None),
    }
    return row(start, dimensions, **{**hit, **changed})


def write(folder: Path, rows: Iterable[Row], name: str = "part-0") -> Path:
    """Write rows as `FOLDER/dt=YYYY-MM-DD/NAME.parquet`."""
    days: defaultdict[str, list[Row]] = defaultdict(list)
    for one in rows:
        days[f"{one['detection_period_start_time']:%Y-%m-%d}"].append(one)
    for day, of_day in days.items():
        extra = sorted({column for one in of_day for column in one} - {column.name for column in COLUMNS})
        schema = pa.schema(
            [(column.name, ARROW_TYPES[column.kind]) for column in COLUMNS]
            + [(column, pa.string()) for column in extra]
        )
        path = folder / f"dt={day}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        pq.write_table(pa.Table.from_pylist(of_day, schema), part)
        part.rename(path)
    return folder


def read(folder: Path) -> list[Row]:
    """Read the rows again, with pyarrow and nothing of the dashboard: each result once, in order of time."""
    rows = {
        (one["detector_name"], one["timeseries_id"], one["detection_period_start_time"]): one
        for path in sorted(folder.rglob("*.parquet"))
        for one in pq.ParquetFile(path).read().to_pylist()
    }
    return sorted(rows.values(), key=lambda one: one["detection_period_start_time"])


def bookstore_rows(start: datetime = START, days: int = 14, seed: int = 7) -> list[Row]:
    """Score two products of the bookstore, minute by minute, with the library's own detector."""
    plan = make_plan(start, start + timedelta(days=days), seed)
    sold: defaultdict[str, Counter[datetime]] = defaultdict(Counter)
    for sale in sales(plan):
        sold[sale.product][sale.event_time.replace(second=0)] += sale.quantity
    return [one for product in sorted(sold) for one in scored(sold[product], {"product_name": product})]


def scored(values: Mapping[datetime, float], dimensions: Mapping[str, str], threshold: float = 70.0) -> list[Row]:
    """Score one series."""
    times = sorted(values)
    found = Detector(DetectorConfig(threshold=threshold)).process_many([float(values[t]) for t in times], times)
    columns = columns_of(found, RECORD_FIELDS, time=lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat())
    rows = []
    for time, cells in zip(times, zip(*columns, strict=True), strict=True):
        told = dict(zip(names_of(RECORD_FIELDS), cells, strict=True))
        start = told["episode_start_time"]
        told["episode_start_time"] = start and datetime.fromisoformat(start).replace(tzinfo=None)
        told["attribution"] = [(part.name, part.share) for part in told["attribution"]]
        given = {"anomaly_decision_threshold": threshold, "aggregated_measure_value": float(values[time])}
        rows.append(row(time, dimensions, **given, **told))
    return rows
