"""What a unit of each service costs: the only place where prices stand, each with where it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

AS_OF = "2026-11-23"
"""When the table was last looked through. Prices change; a vendor's own page is right and this table is not."""

REGION = "us-east-1"
"""The region that the table is of."""


class Evidence(Enum):
    """How a price is known."""

    VENDOR = "vendor"
    """Read in the vendor's own text."""
    THIRD_PARTY = "third party"
    """Read in somebody else's text, which names the vendor as its source."""
    UNVERIFIED = "unverified"
    """Not read anywhere at the table's date: check it before you rely on a line that uses it."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs."""

    usd: float
    """US dollars a unit, without free allowances, discounts and taxes."""
    unit: str
    """The unit, as the vendor bills it."""
    evidence: Evidence
    """How it is known."""
    source: str
    """Where it was read, or should be."""


_VENDOR, _THIRD, _UNVERIFIED = Evidence.VENDOR, Evidence.THIRD_PARTY, Evidence.UNVERIFIED
_FLINK = "aws.amazon.com/managed-service-apache-flink/pricing"
_MSK = "aws.amazon.com/msk/pricing"
_FIREHOSE = "aws.amazon.com/firehose/pricing"
_LAMBDA = "aws.amazon.com/lambda/pricing"
_S3 = "aws.amazon.com/s3/pricing"
_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing"
_SNS = "aws.amazon.com/sns/pricing"

PRICES: Mapping[str, Price] = {
    "kpu_hour": Price(0.11, "KPU-hour", _VENDOR, _FLINK),
    "flink_storage": Price(0.10, "GB-month over 50 GB a KPU", _VENDOR, _FLINK),
    "flink_snapshot": Price(0.023, "GB-month", _VENDOR, _FLINK),
    "msk_m7g_large_hour": Price(0.204, "broker-hour", _THIRD, _MSK),
    "msk_t3_small_hour": Price(0.0456, "broker-hour", _THIRD, _MSK),
    "msk_storage": Price(0.10, "GB-month", _THIRD, _MSK),
    "msk_private_hour": Price(0.0225, "hour", _UNVERIFIED, _MSK),
    "msk_private_gb": Price(0.006, "GB", _UNVERIFIED, _MSK),
    "msk_serverless_hour": Price(0.75, "cluster-hour", _THIRD, _MSK),
    "msk_serverless_partition_hour": Price(0.0015, "partition-hour", _THIRD, _MSK),
    "msk_serverless_in": Price(0.10, "GB in", _THIRD, _MSK),
    "msk_serverless_out": Price(0.05, "GB out", _THIRD, _MSK),
    "firehose_kafka_gb": Price(0.055, "GB from a Kafka topic", _UNVERIFIED, _FIREHOSE),
    "firehose_conversion_gb": Price(0.018, "GB converted", _THIRD, _FIREHOSE),
    "lambda_request": Price(0.20e-6, "request", _VENDOR, _LAMBDA),
    "lambda_gb_second": Price(0.0000166667, "GB-second", _VENDOR, _LAMBDA),
    "lambda_poller_hour": Price(0.185, "event poller unit-hour", _UNVERIFIED, _LAMBDA),
    "scheduler_invocation": Price(1.00e-6, "invocation", _UNVERIFIED, "aws.amazon.com/eventbridge/pricing"),
    "s3_storage": Price(0.023, "GB-month", _THIRD, _S3),
    "s3_put": Price(0.005e-3, "PUT", _UNVERIFIED, _S3),
    "athena_tb": Price(5.00, "TB scanned", _UNVERIFIED, "aws.amazon.com/athena/pricing"),
    "sns_publish": Price(0.50e-6, "message", _UNVERIFIED, _SNS),
    "sns_email": Price(2.00e-5, "e-mail", _UNVERIFIED, _SNS),
    "dynamodb_write": Price(0.625e-6, "write", _UNVERIFIED, "aws.amazon.com/dynamodb/pricing"),
    "log_gb": Price(0.50, "GB of logs", _UNVERIFIED, _CLOUDWATCH),
    "alarm": Price(0.10, "alarm-month", _THIRD, _CLOUDWATCH),
    "key": Price(1.00, "key-month", _THIRD, "aws.amazon.com/kms/pricing"),
    "secret": Price(0.40, "secret-month", _UNVERIFIED, "aws.amazon.com/secrets-manager/pricing"),
    "endpoint_hour": Price(0.01, "endpoint-hour and zone", _UNVERIFIED, "aws.amazon.com/privatelink/pricing"),
    "metric_to_10k": Price(0.30, "metric-month", _THIRD, _CLOUDWATCH),
    "metric_to_250k": Price(0.10, "metric-month", _THIRD, _CLOUDWATCH),
    "metric_to_1m": Price(0.05, "metric-month", _UNVERIFIED, _CLOUDWATCH),
    "metric_over_1m": Price(0.02, "metric-month", _UNVERIFIED, _CLOUDWATCH),
    "metric_request": Price(0.01e-3, "PutMetricData request", _UNVERIFIED, _CLOUDWATCH),
    "anomaly_alarm": Price(0.30, "anomaly detection alarm-month", _THIRD, _CLOUDWATCH),
    "datadog_metric": Price(0.05, "custom metric-month", _THIRD, "datadoghq.com/pricing/list"),
    "opensearch_r6g_2xlarge_hour": Price(0.669, "node-hour", _THIRD, "aws.amazon.com/opensearch-service/pricing"),
}
"""Every price that a line may use, by name."""
