"""The templates with parameters at their extremes, worked out as CloudFormation would."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy.intrinsics import Place, Resolver
from deploy.parameters import complete_parameters, read_parameters
from deploy.spec import DetectorSpec
from deploy.template import Template, detector_template, foundation_template, parse, quicksight_template

Resources = dict[str, dict[str, Any]]

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PLACE = Place(region="eu-central-1")
EXPORTS: Mapping[str, str] = {
    "anomaly-foundation-Bucket": "anomaly-foundation-bucket-1a2b3c",
    "anomaly-foundation-KeyArn": KEY_ARN,
    "anomaly-foundation-Database": "anomaly",
    "anomaly-foundation-WorkGroup": "anomaly",
    "anomaly-bookstore-ResultsTable": "results_bookstore",
}

CODE: Mapping[str, str] = {
    "ApplicationCodeKey": "code/" + "a" * 64 + "/managed-flink.zip",
    "IngestCodeKey": "code/" + "b" * 64 + "/ingest-lambda.zip",
    "TransformCodeKey": "code/" + "c" * 64 + "/transform-lambda.zip",
    "NotifyCodeKey": "code/" + "d" * 64 + "/notify-lambda.zip",
}

BOOKSTORE_FILE: Mapping[str, str] = read_parameters(Path(__file__).parents[2] / "deploy" / "bookstore.json")
SPEC = DetectorSpec(BOOKSTORE_FILE)
BOOKSTORE: Mapping[str, str] = {**BOOKSTORE_FILE, **CODE}

SMALLEST: Mapping[str, str] = {
    **CODE,
    "DetectorName": "a",
    "MeasureAggregation": "COUNT",
    "ClusterArn": "arn:aws:kafka:eu-central-1:123456789012:cluster/c/d",
    "BootstrapServers": "b:9098",
    "InputTopic": "i",
    "OutputTopic": "oo",
    "DeadLetterTopic": "d",
    "LateTopic": "l",
    "SubnetIds": "subnet-01234567",
    "SecurityGroupIds": "sg-01234567",
}

MANY_DIMENSIONS = [f"Dimension {number:03}" for number in range(140)]

LARGEST: Mapping[str, str] = {
    **BOOKSTORE,
    "DetectorName": "a" + "-b2" * 13,
    "TimestampField": "t" * 255,
    "MeasureField": "m" * 255,
    "MeasureAggregation": "AVG",
    "DimensionFields": ",".join(MANY_DIMENSIONS),
    "DetectionPeriod": "7 d",
    "DecisionThreshold": "99.5",
    "OutputAfter": "999999999",
    "MaxLateness": "366 d",
    "MaxFuture": "366 d",
    "IdleTimeout": "1 h",
    "Buckets": "32768",
    "BootstrapServers": ",".join(f"b-{n}.{'c' * 50}.kafka.eu-central-1.amazonaws.com:9098" for n in range(1, 16)),
    "InputTopic": "i" * 249,
    "OutputTopic": "o" * 249,
    "DeadLetterTopic": "d" * 249,
    "LateTopic": "l" * 249,
    "ProgressTopic": "p" * 249,
    "StartingOffsets": "latest",
    "DeliveryGuarantee": "exactly-once",
    "ManageClusterPolicy": "yes",
    "SubnetIds": ",".join(f"subnet-0123456789abcdef{n}" for n in range(9)),
    "SecurityGroupIds": ",".join(f"sg-0123456789abcdef{n}" for n in range(5)),
    "DatabaseSecretKeyArn": KEY_ARN,
    "SettleSeconds": "3600",
    "MaxCatchUpMinutes": "1440",
    "AlertPhone": "+15551234567",
    "MinimumScore": "100",
    "DashboardUrl": "https://" + "d" * 900 + ".example/",
    "Parallelism": "256",
    "ParallelismPerKpu": "8",
    "AutoScaling": "true",
    "MetricsLevel": "PARALLELISM",
    "LogLevel": "DEBUG",
    "LogRetentionDays": "3653",
    "BufferSeconds": "900",
    "BufferMegabytes": "128",
    "PartitionBy": "period",
    "CrawlerSchedule": "cron(15 1 * * ? *)",
    "MonthlyBudget": "10000000",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
}

OWN_ROLES: Mapping[str, str] = {
    **BOOKSTORE,
    **{
        f"{part}RoleArn": f"arn:aws:iam::123456789012:role/{part}"
        for part in ("Application", "Ingest", "Schedule", "Transform", "Notify", "Delivery", "Crawler")
    },
}

CASES: Mapping[str, Mapping[str, str]] = {
    "bookstore": BOOKSTORE,
    "smallest": SMALLEST,
    "largest": LARGEST,
    "own roles": OWN_ROLES,
}
"""Parameters of the detector."""

OTHERS: Mapping[str, tuple[Callable[[], str], Mapping[str, str]]] = {
    "foundation": (foundation_template, {}),
    "quicksight": (
        quicksight_template,
        {
            "DetectorName": "bookstore",
            "DetectorStack": "anomaly-bookstore",
            "OwnerArn": "arn:aws:quicksight:eu-central-1:123456789012:user/default/manager",
        },
    ),
}

STACKS = [*OTHERS, *CASES]


@functools.cache
def template_of(stack: str) -> Template:
    """Treat it as read-only, or copy it."""
    return parse(OTHERS[stack][0]() if stack in OTHERS else detector_template(DetectorSpec(CASES[stack]).dimensions))


@functools.cache
def resources_of(stack: str) -> Resources:
    """Treat it as read-only, or copy it."""
    template = template_of(stack)
    given = OTHERS[stack][1] if stack in OTHERS else CASES[stack]
    return Resolver(template, complete_parameters(template, given), EXPORTS, PLACE).resources()
