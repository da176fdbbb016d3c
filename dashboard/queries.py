"""The SQL. What varies is bound as a parameter; texts are put together from the constants of this module only."""

import re

from contracts.flat_results import COLUMNS

ALERT_COLUMNS = {
    "value": "aggregated_measure_value",
    "expected_value": "expected_value",
    "lower_bound": "lower_bound",
    "upper_bound": "upper_bound",
    "score": "anomaly_score",
    "direction": "direction",
    "reason": "reason",
}
"""What the page shows of an alert beside its series and its period, in the order of `anomaly.page.content.Alert`."""

_TYPES = {column.name: column.kind.value for column in COLUMNS}  # as Glue names them, DuckDB does, too

CREATE_TABLES = f"""
CREATE OR REPLACE MACRO mean(x) AS CASE
    WHEN count(*) = 1 THEN any_value(x)
    WHEN avg(x) = 0 THEN 0.0
    ELSE round(avg(x), 5 - floor(log10(abs(avg(x))))::INT)
END;
CREATE OR REPLACE TABLE series (
    detector VARCHAR, id VARCHAR, measure VARCHAR, label VARCHAR, dimensions STRUCT("key" VARCHAR, "value" VARCHAR)[],
    first BIGINT, last BIGINT, period BIGINT, processed BIGINT, confidence DOUBLE, stage VARCHAR, threshold DOUBLE,
    PRIMARY KEY (detector, id)
);
CREATE OR REPLACE TABLE alerts (
    detector VARCHAR, id VARCHAR, t BIGINT, "end" BIGINT,
    {", ".join(f"{name} {_TYPES[column]}" for name, column in ALERT_COLUMNS.items())},
    PRIMARY KEY (detector, id, t)
);
"""

ADD_SERIES = """
INSERT INTO series
WITH ends AS (
    SELECT detector_name, timeseries_id, min(detection_period_start_time) AS first,
        max(detection_period_start_time) AS last
    FROM {relation}
    WHERE timeseries_id IS NOT NULL AND detector_name IS NOT NULL
    GROUP BY detector_name, timeseries_id
)
SELECT DISTINCT ON (r.detector_name, r.timeseries_id) r.detector_name, r.timeseries_id, measure,
    coalesce(nullif(array_to_string(map_values(dimensions), ' / '), ''), measure),
    coalesce(map_entries(dimensions), []), epoch_ms(first), epoch_ms(last),
    epoch_ms(detection_period_end_time) - epoch_ms(last), processed_data_points,
    CASE WHEN isfinite(anomaly_confidence_score) THEN anomaly_confidence_score END, model_stage,
    anomaly_decision_threshold
FROM {relation} r JOIN ends e ON r.timeseries_id = e.timeseries_id AND r.detector_name = e.detector_name
    AND r.detection_period_start_time = e.last
ON CONFLICT DO UPDATE SET
    first = least(series.first, excluded.first),
    period = CASE WHEN excluded.last >= series.last THEN excluded.period ELSE series.period END,
    processed = CASE WHEN excluded.last >= series.last THEN excluded.processed ELSE series.processed END,
    confidence = CASE WHEN excluded.last >= series.last THEN excluded.confidence ELSE series.confidence END,
    stage = CASE WHEN excluded.last >= series.last THEN excluded.stage ELSE series.stage END,
    threshold = CASE WHEN excluded.last >= series.last THEN excluded.threshold ELSE series.threshold END,
    last = greatest(series.last, excluded.last)
"""
"""Finding each series' newest row by a second look is ten times as fast as carrying all its columns along."""

ADD_ALERTS = f"""
INSERT INTO alerts
SELECT detector_name, timeseries_id, epoch_ms(detection_period_start_time), epoch_ms(detection_period_end_time),
    {", ".join("left(reason, 200)" if column == "reason" else column for column in ALERT_COLUMNS.values())}
FROM {{relation}}
WHERE alert = 1 AND timeseries_id IS NOT NULL AND detector_name IS NOT NULL
    AND detection_period_start_time IS NOT NULL
ON CONFLICT DO NOTHING
"""  # noqa: S608

FORGET = (
    "DELETE FROM alerts WHERE t < $oldest",
    "DELETE FROM series WHERE last < $oldest",
    "UPDATE series SET first = greatest(first, $oldest)",
)

KPIS = """
SELECT count(*), coalesce(sum(processed), 0)::BIGINT, avg(confidence), min(confidence),
    count(*) FILTER (stage = 'LEARNING')
FROM series
"""

EXTENT = "SELECT min(first), max(last + period), min(period) FROM series"

SEVERAL = "SELECT count(DISTINCT detector) > 1, count(DISTINCT measure) > 1 FROM series"

_SOUGHT = """
WHERE ($detector IS NULL OR s.detector = $detector) AND ($id IS NULL OR s.id = $id)
"""

FIND_SERIES = f"""
SELECT s.detector, s.id, s.measure, s.label, s.dimensions, s.first, s.last, s.period, s.processed, s.confidence,
    s.stage, s.threshold, coalesce(a.alerts, 0), a.last_alert, count(*) OVER ()
FROM series s
LEFT JOIN (SELECT detector, id, count(*) AS alerts, max(t) AS last_alert FROM alerts GROUP BY detector, id) a
    USING (detector, id)
{_SOUGHT}
    AND list_bool_and(list_transform($words::VARCHAR[], lambda word:
        contains(lower(concat_ws(' ', s.label, s.measure, s.detector)), word)
        OR length(word) > 5 AND starts_with(s.id, word)) || [true])
ORDER BY a.last_alert DESC NULLS LAST, s.label, s.detector, s.id
LIMIT $limit
"""  # noqa: S608

ALERTS = f"""
SELECT s.detector, s.id, s.measure, s.label, a.t, a."end", {", ".join(f"a.{name}" for name in ALERT_COLUMNS)}
FROM alerts a JOIN series s USING (detector, id)
{_SOUGHT}
    AND ($from IS NULL OR a.t >= $from) AND ($to IS NULL OR a.t < $to)
ORDER BY a.t DESC, a.score DESC, s.label, s.detector, s.id
LIMIT $limit OFFSET $skip
"""  # noqa: S608

ALERT_COUNT = f"""
SELECT count(*) FROM alerts s {_SOUGHT} AND ($from IS NULL OR s.t >= $from) AND ($to IS NULL OR s.t < $to)
"""  # noqa: S608

_CHART = """
WITH periods AS (
    SELECT r.detector_name AS detector, r.timeseries_id AS id, epoch_ms(r.detection_period_start_time) AS t,
        any_value(epoch_ms(r.detection_period_end_time)) AS "end",
        any_value(CASE WHEN isfinite(aggregated_measure_value) THEN aggregated_measure_value::DOUBLE END) AS value,
        any_value(CASE WHEN isfinite(anomaly_score) THEN anomaly_score::DOUBLE END) AS score,
        any_value(CASE WHEN model_stage <> 'LEARNING' AND isfinite(expected_value) THEN expected_value::DOUBLE END)
            AS expected,
        any_value(CASE WHEN model_stage <> 'LEARNING' AND isfinite(lower_bound) THEN lower_bound::DOUBLE END) AS lower,
        any_value(CASE WHEN model_stage <> 'LEARNING' AND isfinite(upper_bound) THEN upper_bound::DOUBLE END) AS upper,
        max(r.alert) AS alert, bool_or(model_stage = 'LEARNING') AS learning, max(imputed) AS imputed, {width} AS width
    FROM {relation} r {joins}
    WHERE {which}
        AND r.detection_period_start_time >= make_timestamp_ms($from)
        AND r.detection_period_start_time < make_timestamp_ms($to)
    GROUP BY ALL
)
SELECT {series} min(t), CASE WHEN count(*) > 1 THEN max("end") END, count(*), mean(value),
    CASE WHEN count(*) > 1 THEN min(value) END, CASE WHEN count(*) > 1 THEN max(value) END,
    mean(expected), mean(lower), mean(upper), max(score), max(alert), bool_or(learning)::INT, sum(imputed)::BIGINT
FROM periods
GROUP BY detector, id, t - t % width, width, CASE WHEN alert = 1 THEN t END
ORDER BY {series} min(t)
"""


def is_read(column: str) -> bool:
    """Tell whether the page needs a column of the flat results."""
    return any(re.search(rf"\b{column}\b", text) for text in (ADD_SERIES, ADD_ALERTS, _CHART))


def chart_of_one(relation: str) -> str:
    """Write the query of one series; it takes $detector, $id, $from, $to and $width, the rows' length.

    Parameters
    ----------
    relation
        What stands behind FROM, by a `Source`.
    """
    return _CHART.format(
        relation=relation,
        width="$width",
        joins="",
        which="r.timeseries_id = $id AND r.detector_name = $detector",
        series="",
    )


def chart_of_many(relation: str) -> str:
    """Write the query of the series in the temporary table `chosen`; it takes $from and $to.

    Inside the times of the temporary table `windows` every period is a row of its own. Series that are in `windows`
    alone have those periods only.
    """
    return _CHART.format(
        relation=relation,
        width="CASE WHEN w.id IS NULL THEN c.width ELSE 1 END",
        joins="""
        LEFT JOIN chosen c ON c.detector = r.detector_name AND c.id = r.timeseries_id
        LEFT JOIN windows w ON w.detector = r.detector_name AND w.id = r.timeseries_id
            AND epoch_ms(r.detection_period_start_time) BETWEEN w."from" AND w."to" """,
        which="(c.id IS NOT NULL OR w.id IS NOT NULL)",
        series="detector, id,",
    )
