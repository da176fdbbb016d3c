"""A folder with very many series, made by DuckDB: values round a level, now and then an alert."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

_DAY = """
COPY (
    SELECT 'warehouse' AS detector_name, 'orders' AS measure, id AS timeseries_id,
        70.0 AS anomaly_decision_threshold,
        MAP {{'region': 'region-' || (s % 20), 'shop': 'shop-' || lpad(s::VARCHAR, 5, '0')}} AS dimensions,
        CASE WHEN hit THEN 400.0 ELSE level + noise END AS aggregated_measure_value,
        CASE WHEN hit THEN 92.5 WHEN noise > 19 THEN 20.0 ELSE 0.0 END AS anomaly_score,
        start AS detection_period_start_time, start + INTERVAL 1 MINUTE AS detection_period_end_time,
        ($day * 1440 + m + 1)::BIGINT AS processed_data_points, 90.0 + s % 10 AS anomaly_confidence_score,
        hit::INT AS anomaly_decision, 'INFERENCE' AS model_stage, level + 10.0 AS expected_value,
        level - 2.0 AS lower_bound, level + 22.0 AS upper_bound, 0.9 AS raw_score,
        CASE WHEN hit THEN 'HIGH' ELSE 'NONE' END AS direction, MAP {{}}::MAP(VARCHAR, DOUBLE) AS attribution,
        CASE WHEN hit THEN '400, far above what is expected' END AS reason,
        hit::INT AS alert, 0 AS recovered, CASE WHEN hit THEN start END AS episode_start_time, 0 AS imputed,
        NULL::VARCHAR AS suppressed_by, 1 AS schema_version,
        'region-' || (s % 20) AS dim_region, 'shop-' || lpad(s::VARCHAR, 5, '0') AS dim_shop
    FROM (
        SELECT s, id, m, $start::TIMESTAMP + m * INTERVAL 1 MINUTE AS start, 100.0 + s % 50 AS level,
            (hash(s, m, $day) % 21)::DOUBLE AS noise, hash(s, m, $day, 1) % 10000 = 0 AS hit
        FROM range(1440) minutes(m), numbers
    )
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def write_many_series(folder: Path, series: int, days: int, first: datetime) -> Path:
    """Write one file a day, in order of time as a stream leaves them."""
    connection = duckdb.connect(config={"memory_limit": "2GB", "preserve_insertion_order": "false"})
    connection.execute("CREATE TABLE numbers AS SELECT s, sha256('series ' || s) AS id FROM range(?) r(s)", [series])
    for day in range(days):
        start = first + timedelta(days=day)
        path = folder / f"dt={start:%Y-%m-%d}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        connection.execute(
            _DAY.format(path=path),
            {"day": day, "start": start.replace(tzinfo=None)},
        )
    return folder
