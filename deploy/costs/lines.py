"""The bill of a detector on AWS, and what others would ask for the same series: each line a formula."""

import math
from dataclasses import dataclass
from enum import Enum

from deploy.costs.formulas import Line, Prices, Product
from deploy.costs.sizing import MONTH_SECONDS, Measured, Sizing, Workload

_HOURS = (730, "h")
_GB = 1e9

# Where a number is no price and was not measured in `sizing.Measured`, this is where it comes from.
_VCPU_GB = 1.769  # a function has one vCPU at 1,769 MB, says Lambda's documentation; CPU time costs the same at less
_INGEST_EVENTS_PER_SECOND = 62_000  # small rows that went from a local PostgreSQL to a local broker in a second
_INGEST_START_SECONDS = 1.0  # a cold start to the first commit, 0.8 s against a local broker, and the database
_INGEST_MEMORY_GB = 0.5  # assumed
_NOTIFY_CALL_SECONDS = 0.005  # assumed, beside the results themselves
_NOTIFY_MEMORY_GB = 0.25  # assumed
_BATCH = 1000  # results that the notify function is handed at once, at most; assumed
_FILE_SECONDS, _FILE_BYTES = 300, 128e6  # when Firehose closes a file; assumed
_LOG_BYTES = 300  # of a log line; each call of a function writes one
_ALARMS = 10  # on the health of the stack; assumed
_ORDINARY_SHARE = 1e-4  # of an ordinary series' points that score over 70, by the meaning of the score
_BROKER_MB_PER_SECOND = 15.0  # assumed; a third party wrote 30 MB/s to each of three kafka.m7g.large
_QUOTA_KPUS, _LIMIT_KPUS = 64, 250  # of one application, says its documentation
_OPENSEARCH_POINTS = 1_000_000 / 36  # in a minute and node, by its makers' record: 1M series on 36 data nodes


class Broker(Enum):
    """Where the topics are."""

    LARGE = "kafka.m7g.large"
    SMALL = "kafka.t3.small"
    SERVERLESS = "serverless"
    EXISTING = "existing"


@dataclass(frozen=True)
class Choices:
    """What the user decides about the parts around the detector."""

    broker: Broker = Broker.LARGE
    """Where the topics are."""
    ingest: bool = True
    """Whether the ingest function reads a database."""
    store: bool = True
    """Whether results go to S3 through Firehose, and to Athena from there."""
    queries_per_day: float = 24
    """Athena queries, each over a day's results."""


def bill(workload: Workload, measured: Measured, sizing: Sizing, choices: Choices, prices: Prices) -> list[Line]:
    """Write the bill of a month.

    Returns
    -------
    The lines, service by service; the same service may have several.
    """
    return [
        *_flink(sizing, prices),
        *_kafka(workload, measured, sizing, choices, prices),
        *(_ingest(workload, prices) if choices.ingest else []),
        *(_store(workload, measured, choices, prices) if choices.store else []),
        *_alerts(workload, measured, sizing, prices),
        *_around(workload, choices, prices),
    ]


def notes(workload: Workload, measured: Measured, sizing: Sizing, choices: Choices) -> list[str]:
    """Say what the bill does not: limits that the load exceeds."""
    said = []
    if sizing.kpus > _LIMIT_KPUS:
        said.append(f"{sizing.kpus:,} KPUs are over what one application may have ({_LIMIT_KPUS}); split the series.")
    elif sizing.kpus > _QUOTA_KPUS:
        said.append(f"{sizing.kpus:,} KPUs are over the default quota of {_QUOTA_KPUS}; ask for more.")
    if choices.ingest and _ingest_seconds(workload) > 60:
        said.append(
            f"A run of the ingest function would take {_ingest_seconds(workload):,.0f} s and one starts every 60 s; "
            "write these events to Kafka yourself (--no-ingest)."
        )
    if choices.broker is Broker.SMALL and _kafka_mb_per_second(workload, measured) > 1:
        said.append(f"{Broker.SMALL.value} is for trying things out; {Broker.LARGE.value} carries this load.")
    return said


def alternatives(workload: Workload, prices: Prices) -> list[Line]:
    """Write what others would ask for the same series and period, for detection alone."""
    minutes = workload.period_seconds / 60
    points_per_minute = workload.series / minutes
    nodes = max(3, math.ceil(points_per_minute / _OPENSEARCH_POINTS))
    requests = MONTH_SECONDS / max(workload.period_seconds, 1) * math.ceil(workload.series / 1000)
    return [
        Line(
            "CloudWatch",
            "custom metrics and anomaly detection alarms",
            (
                *_tiered(workload.series, prices),
                prices.times("metric_request", (requests, "requests of 1,000 metrics")),
                prices.times("anomaly_alarm", (workload.series, "alarms")),
            ),
        ),
        prices.line("Datadog", "custom metrics", "datadog_metric", (workload.series, "metrics")),
        prices.line(
            "OpenSearch Service",
            "anomaly detection",
            "opensearch_r6g_2xlarge_hour",
            (nodes + 3, "nodes, 3 of them managers"),
            _HOURS,
        ),
    ]


def _flink(sizing: Sizing, prices: Prices) -> list[Line]:
    over = max(0.0, sizing.state_gb - 50 * sizing.kpus)
    return [
        prices.line("Managed Flink", "KPUs", "kpu_hour", (sizing.kpus, "KPU"), _HOURS),
        prices.line("Managed Flink", "orchestration", "kpu_hour", (1, "KPU"), _HOURS),
        prices.line("Managed Flink", "storage over 50 GB a KPU", "flink_storage", (over, "GB")),
        prices.line("Managed Flink", "one snapshot", "flink_snapshot", (sizing.state_gb / 2, "GB")),
    ]


def _kafka(workload: Workload, measured: Measured, sizing: Sizing, choices: Choices, prices: Prices) -> list[Line]:
    gb_in = _kafka_mb_per_second(workload, measured) * MONTH_SECONDS / 1000
    kept_gb = _kafka_mb_per_second(workload, measured) * 86_400 * workload.kafka_days / 1000
    lines = []
    if choices.broker is Broker.SERVERLESS:
        # Events are read by the job; results by the store, by the alerts and by a reader of your own.
        gb_out = _event_gb(workload) + 3 * _result_gb(workload, measured)
        partitions = 2 * max(4, sizing.kpus) + 3
        lines += [
            prices.line("MSK", "serverless cluster", "msk_serverless_hour", (1, "cluster"), _HOURS),
            prices.line("MSK", "partitions", "msk_serverless_partition_hour", (partitions, "partitions"), _HOURS),
            prices.line("MSK", "written", "msk_serverless_in", (gb_in, "GB")),
            prices.line("MSK", "read", "msk_serverless_out", (gb_out, "GB")),
            prices.line("MSK", "kept", "msk_storage", (kept_gb, "GB")),
        ]
    elif choices.broker is not Broker.EXISTING:
        price = "msk_m7g_large_hour" if choices.broker is Broker.LARGE else "msk_t3_small_hour"
        brokers = max(3, math.ceil(_kafka_mb_per_second(workload, measured) * 1.3 / _BROKER_MB_PER_SECOND))
        lines += [
            prices.line("MSK", "brokers", price, (brokers, "brokers"), _HOURS),
            prices.line("MSK", "kept, on three brokers", "msk_storage", (kept_gb, "GB"), (3, "copies")),
        ]
    return lines


def _ingest(workload: Workload, prices: Prices) -> list[Line]:
    runs = (MONTH_SECONDS / 60, "runs")
    return [
        Line(
            "Lambda",
            "ingest",
            (
                prices.times("lambda_request", runs),
                prices.times("lambda_gb_second", runs, (_ingest_seconds(workload), "s"), (_INGEST_MEMORY_GB, "GB")),
            ),
        ),
        prices.line("EventBridge Scheduler", "ingest", "scheduler_invocation", runs),
    ]


def _store(workload: Workload, measured: Measured, choices: Choices, prices: Prices) -> list[Line]:
    gb = (_result_gb(workload, measured), "GB")
    calls = (max(gb[0] * 1000, MONTH_SECONDS / 60), "calls of up to 1 MB or 60 s")
    stored_gb_a_day = workload.points_per_second * 86_400 * measured.row_bytes / _GB
    files = max(MONTH_SECONDS / _FILE_SECONDS, gb[0] * _GB / _FILE_BYTES)
    query_tb = max(10e6 / 1e12, stored_gb_a_day / 1000)
    return [
        prices.line("Firehose", "results from Kafka", "firehose_kafka_gb", gb),
        prices.line("Firehose", "conversion to Parquet", "firehose_conversion_gb", gb),
        Line(
            "MSK",
            "private connection for Firehose",
            (prices.times("msk_private_hour", (1, "connection"), _HOURS), prices.times("msk_private_gb", gb)),
        ),
        Line(
            "Lambda",
            "transform",
            (
                prices.times("lambda_request", calls),
                _spent_on_results(workload, measured, prices),
            ),
        ),
        prices.line("S3", "results kept", "s3_storage", (stored_gb_a_day, "GB a day"), (workload.keep_days, "days")),
        prices.line("S3", "files written", "s3_put", (files, "files")),
        prices.line(
            "Athena",
            "queries over a day each",
            "athena_tb",
            (choices.queries_per_day, "queries a day"),
            (730 / 24, "days"),
            (query_tb, "TB"),
        ),
    ]


def _alerts(workload: Workload, measured: Measured, sizing: Sizing, prices: Prices) -> list[Line]:
    alerts = (workload.points_per_month * _ORDINARY_SHARE, "alerts")
    periods = MONTH_SECONDS / workload.period_seconds
    partitions = max(4, sizing.kpus)
    calls = (
        max(workload.points_per_month / _BATCH, min(workload.points_per_month, periods * partitions)),
        f"calls of up to {_BATCH} results",
    )
    # A result that is no alert is only looked at: what the transform function spends on it is more than enough.
    return [
        prices.line("Lambda", "event poller for alerts", "lambda_poller_hour", (1, "poller"), _HOURS),
        Line(
            "Lambda",
            "notify",
            (
                prices.times("lambda_request", calls),
                prices.times("lambda_gb_second", calls, (_NOTIFY_CALL_SECONDS, "s"), (_NOTIFY_MEMORY_GB, "GB")),
                _spent_on_results(workload, measured, prices),
            ),
        ),
        prices.line("DynamoDB", "each alert once", "dynamodb_write", alerts, (2, "writes")),
        Line("SNS", "alerts by e-mail", (prices.times("sns_publish", alerts), prices.times("sns_email", alerts))),
    ]


def _spent_on_results(workload: Workload, measured: Measured, prices: Prices) -> Product:
    """Reckon what a function spends on every result."""
    results, each = (workload.points_per_month, "results"), (measured.transform_us / 1e6, "vCPU-s")
    return prices.times("lambda_gb_second", results, each, (_VCPU_GB, "GB a vCPU"))


def _around(workload: Workload, choices: Choices, prices: Prices) -> list[Line]:
    a_minute = MONTH_SECONDS / 60
    log_lines = a_minute * (1 + choices.ingest + choices.store) + MONTH_SECONDS / workload.period_seconds
    return [
        prices.line("CloudWatch", "logs", "log_gb", (log_lines * _LOG_BYTES / _GB, "GB")),
        prices.line("CloudWatch", "alarms", "alarm", (_ALARMS, "alarms")),
        prices.line("KMS", "keys", "key", (1, "key")),
        *([prices.line("Secrets Manager", "database password", "secret", (1, "secret"))] if choices.ingest else []),
        prices.line("VPC", "endpoints of the functions", "endpoint_hour", (2, "endpoints"), (2, "zones"), _HOURS),
    ]


def _tiered(metrics: int, prices: Prices) -> list[Product]:
    tiers = [("metric_to_10k", 10_000), ("metric_to_250k", 240_000), ("metric_to_1m", 750_000)]
    products, left = [], metrics
    for name, width in tiers:
        if left > 0:
            products.append(prices.times(name, (min(left, width), "metrics")))
        left -= width
    if left > 0:
        products.append(prices.times("metric_over_1m", (left, "metrics")))
    return products


def _ingest_seconds(workload: Workload) -> float:
    events_a_minute = workload.points_per_second * workload.events_per_point * 60
    return _INGEST_START_SECONDS + events_a_minute / _INGEST_EVENTS_PER_SECOND


def _event_gb(workload: Workload) -> float:
    return workload.points_per_month * workload.events_per_point * workload.event_bytes / _GB


def _result_gb(workload: Workload, measured: Measured) -> float:
    return workload.points_per_month * measured.result_bytes / _GB


def _kafka_mb_per_second(workload: Workload, measured: Measured) -> float:
    return (_event_gb(workload) + _result_gb(workload, measured)) * 1000 / MONTH_SECONDS
