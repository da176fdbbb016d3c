"""From a CloudFormation resource to the API calls that are made of it, and what AWS's models say of them."""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

Properties = dict[str, Any]
Call = tuple[str, str, Properties]
"""Service, operation, parameters."""


def calls_of(name: str, kind: str, properties: Properties) -> list[Call]:
    """Name the calls; a type that nobody translated is an error, so that no new resource goes unchecked."""
    return list(_CALLS[kind](name, properties))


def objections(call: Call) -> list[str]:
    """Ask botocore's model, and beyond what its validator looks at: names of values, patterns, upper limits."""
    service, operation, parameters = call
    shape = _model(service).operation_model(operation).input_shape
    parameters = _coerced(parameters, shape)
    report = ParamValidator().validate(parameters, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return [f"{service}.{operation}: {text}" for text in [*found, *_beyond(parameters, shape, operation)]]


@functools.cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def _coerced(value: Any, shape: Shape) -> Any:  # noqa: ANN401 - any JSON
    """Turn text into numbers and truth values where the model has them, as CloudFormation does."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            key: _coerced(item, shape.members[key]) if key in shape.members else item for key, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_coerced(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _coerced(item, shape.value) for key, item in value.items()}
    if isinstance(value, str) and shape.type_name in {"integer", "long"} and re.fullmatch("-?[0-9]+", value):
        return int(value)
    if isinstance(value, str) and shape.type_name in {"double", "float"}:
        return float(value)
    if isinstance(value, str) and shape.type_name == "boolean" and value in {"true", "false"}:
        return value == "true"
    if isinstance(value, int | float) and not isinstance(value, bool) and shape.type_name == "string":
        return str(value)
    return value


def _beyond(value: Any, shape: Shape, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, list | dict) and not isinstance(shape, StructureShape):
        yield from _over(len(value), shape, f"{path} has", "items")
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for key in value.keys() & shape.members.keys():
            yield from _beyond(value[key], shape.members[key], f"{path}.{key}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _beyond(item, shape.member, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            yield from _beyond(key, shape.key, f"{path} key")
            yield from _beyond(item, shape.value, f"{path}.{key}")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        yield from _wrong_text(value, shape, path)
    elif isinstance(value, int | float):
        yield from _over(value, shape, f"{path} is", "")


def _over(number: float, shape: Shape, text: str, unit: str) -> Iterator[str]:
    if number > shape.metadata.get("max", number):
        yield f"{text} {number} {unit}, at most {shape.metadata['max']}"


def _wrong_text(text: str, shape: StringShape, path: str) -> Iterator[str]:
    yield from _over(len(text), shape, f"{path} has", "characters")
    if shape.enum and text not in shape.enum:
        yield f"{path} is {text}, expected one of {', '.join(shape.enum)}"
    if "pattern" in shape.metadata and not _matches(shape.metadata["pattern"], text):
        yield f"{path} is {text!r}, expected {shape.metadata['pattern']}"


def _matches(pattern: str, value: str) -> bool:
    # The models' patterns are Java's; those that Python has no such syntax for are left to AWS.
    return (
        any(foreign in pattern for foreign in (r"\p", r"\u", "[[", "&&", "(?i"))
        or re.fullmatch(pattern, value) is not None
    )


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document)


def _without(properties: Properties, *names: str) -> Properties:
    return {key: value for key, value in properties.items() if key not in names}


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _same(service: str, operation: str, *leave_out: str) -> Callable[[str, Properties], Iterator[Call]]:
    """Translate a resource whose properties are the call's parameters."""

    def translate(_: str, properties: Properties) -> Iterator[Call]:
        yield service, operation, _without(properties, *leave_out)

    return translate


def _application(_: str, properties: Properties) -> Iterator[Call]:
    yield "kinesisanalyticsv2", "CreateApplication", _without(properties, "RunConfiguration")
    run = {"ApplicationName": properties["ApplicationName"], "RunConfiguration": properties["RunConfiguration"]}
    yield "kinesisanalyticsv2", "StartApplication", run


def _application_logging(_: str, properties: Properties) -> Iterator[Call]:
    parameters = {**properties, "CurrentApplicationVersionId": 1}
    yield "kinesisanalyticsv2", "AddApplicationCloudWatchLoggingOption", parameters


def _role(name: str, properties: Properties) -> Iterator[Call]:
    parameters = _without(properties, "Policies")
    yield (
        "iam",
        "CreateRole",
        {
            **parameters,
            "RoleName": name,
            "AssumeRolePolicyDocument": _json(properties["AssumeRolePolicyDocument"]),
        },
    )
    for policy in properties.get("Policies", []):
        document = _json(policy["PolicyDocument"])
        yield "iam", "PutRolePolicy", {"RoleName": name, **policy, "PolicyDocument": document}


def _managed_policy(name: str, properties: Properties) -> Iterator[Call]:
    document = _json(properties["PolicyDocument"])
    yield "iam", "CreatePolicy", {"PolicyName": name, **properties, "PolicyDocument": document}


def _key(_: str, properties: Properties) -> Iterator[Call]:
    policy = _json(properties["KeyPolicy"])
    yield "kms", "CreateKey", {"Description": properties["Description"], "Policy": policy}
    yield (
        "kms",
        "ScheduleKeyDeletion",
        {
            "KeyId": "k",
            "PendingWindowInDays": properties["PendingWindowInDays"],
        },
    )


def _bucket(name: str, properties: Properties) -> Iterator[Call]:
    bucket = {"Bucket": name.lower()}
    yield "s3", "CreateBucket", bucket
    encryption = [
        {
            "BucketKeyEnabled": rule["BucketKeyEnabled"],
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        }
        for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    yield "s3", "PutBucketEncryption", {**bucket, "ServerSideEncryptionConfiguration": {"Rules": encryption}}
    blocked = {"PublicAccessBlockConfiguration": properties["PublicAccessBlockConfiguration"]}
    yield "s3", "PutPublicAccessBlock", {**bucket, **blocked}
    yield "s3", "PutBucketVersioning", {**bucket, "VersioningConfiguration": properties["VersioningConfiguration"]}
    yield "s3", "PutBucketOwnershipControls", {**bucket, "OwnershipControls": properties["OwnershipControls"]}
    rules = []
    for rule in properties["LifecycleConfiguration"]["Rules"]:
        translated = _without(rule, "Id", "Prefix", "ExpirationInDays")
        translated |= {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        if "ExpirationInDays" in rule:
            translated["Expiration"] = {"Days": rule["ExpirationInDays"]}
        rules.append(translated)
    yield "s3", "PutBucketLifecycleConfiguration", {**bucket, "LifecycleConfiguration": {"Rules": rules}}


def _bucket_policy(_: str, properties: Properties) -> Iterator[Call]:
    yield "s3", "PutBucketPolicy", {"Bucket": properties["Bucket"], "Policy": _json(properties["PolicyDocument"])}


def _crawler(_: str, properties: Properties) -> Iterator[Call]:
    schedule = properties.get("Schedule", {}).get("ScheduleExpression")
    yield "glue", "CreateCrawler", {**_without(properties, "Schedule"), **({"Schedule": schedule} if schedule else {})}


def _work_group(_: str, properties: Properties) -> Iterator[Call]:
    parameters = _without(properties, "WorkGroupConfiguration", "RecursiveDeleteOption", "State")
    yield "athena", "CreateWorkGroup", {**parameters, "Configuration": properties["WorkGroupConfiguration"]}


def _log_group(_: str, properties: Properties) -> Iterator[Call]:
    name = properties["LogGroupName"]
    yield (
        "logs",
        "CreateLogGroup",
        {"logGroupName": name, "kmsKeyId": properties["KmsKeyId"], "tags": _tags(properties)},
    )
    yield "logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": properties["RetentionInDays"]}


def _log_stream(_: str, properties: Properties) -> Iterator[Call]:
    parameters = {"logGroupName": properties["LogGroupName"], "logStreamName": properties["LogStreamName"]}
    yield "logs", "CreateLogStream", parameters


def _queue(_: str, properties: Properties) -> Iterator[Call]:
    attributes = {key: str(value) for key, value in _without(properties, "QueueName", "Tags").items()}
    parameters = {"QueueName": properties["QueueName"], "Attributes": attributes, "tags": _tags(properties)}
    yield "sqs", "CreateQueue", parameters


def _queue_policy(_: str, properties: Properties) -> Iterator[Call]:
    for queue in properties["Queues"]:
        attributes = {"Policy": _json(properties["PolicyDocument"])}
        yield "sqs", "SetQueueAttributes", {"QueueUrl": queue, "Attributes": attributes}


def _topic(_: str, properties: Properties) -> Iterator[Call]:
    attributes = _without(properties, "TopicName", "Tags")
    yield (
        "sns",
        "CreateTopic",
        {
            "Name": properties["TopicName"],
            "Attributes": attributes,
            "Tags": properties["Tags"],
        },
    )


def _topic_policy(_: str, properties: Properties) -> Iterator[Call]:
    for topic in properties["Topics"]:
        policy = _json(properties["PolicyDocument"])
        yield (
            "sns",
            "SetTopicAttributes",
            {
                "TopicArn": topic,
                "AttributeName": "Policy",
                "AttributeValue": policy,
            },
        )


def _function(_: str, properties: Properties) -> Iterator[Call]:
    yield (
        "lambda",
        "CreateFunction",
        {
            **_without(properties, "ReservedConcurrentExecutions"),
            "Tags": _tags(properties),
        },
    )
    if "ReservedConcurrentExecutions" in properties:
        reserved = properties["ReservedConcurrentExecutions"]
        parameters = {"FunctionName": properties["FunctionName"], "ReservedConcurrentExecutions": reserved}
        yield "lambda", "PutFunctionConcurrency", parameters


def _trigger(_: str, properties: Properties) -> Iterator[Call]:
    yield "lambda", "CreateEventSourceMapping", {**properties, "Tags": _tags(properties)}


def _table(_: str, properties: Properties) -> Iterator[Call]:
    sse = properties["SSESpecification"]
    parameters = _without(properties, "TimeToLiveSpecification")
    specification = {"Enabled": sse["SSEEnabled"], **_without(sse, "SSEEnabled")}
    yield "dynamodb", "CreateTable", {**parameters, "SSESpecification": specification}
    ttl = {"TableName": properties["TableName"], "TimeToLiveSpecification": properties["TimeToLiveSpecification"]}
    yield "dynamodb", "UpdateTimeToLive", ttl


def _cluster_policy(_: str, properties: Properties) -> Iterator[Call]:
    yield "kafka", "PutClusterPolicy", {**properties, "Policy": _json(properties["Policy"])}


def _budget(_: str, properties: Properties) -> Iterator[Call]:
    yield "budgets", "CreateBudget", {"AccountId": "123456789012", **properties}


_CALLS: Mapping[str, Callable[[str, Properties], Iterator[Call]]] = {
    "AWS::Athena::NamedQuery": _same("athena", "CreateNamedQuery"),
    "AWS::Athena::WorkGroup": _work_group,
    "AWS::Budgets::Budget": _budget,
    "AWS::CloudWatch::Alarm": _same("cloudwatch", "PutMetricAlarm"),
    "AWS::DynamoDB::Table": _table,
    "AWS::Glue::Crawler": _crawler,
    "AWS::Glue::Database": _same("glue", "CreateDatabase"),
    "AWS::Glue::Table": _same("glue", "CreateTable"),
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _same("kms", "CreateAlias"),
    "AWS::KMS::Key": _key,
    "AWS::KinesisAnalyticsV2::Application": _application,
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": _application_logging,
    "AWS::KinesisFirehose::DeliveryStream": _same("firehose", "CreateDeliveryStream"),
    "AWS::Lambda::EventInvokeConfig": _same("lambda", "PutFunctionEventInvokeConfig"),
    "AWS::Lambda::EventSourceMapping": _trigger,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::LogStream": _log_stream,
    "AWS::MSK::ClusterPolicy": _cluster_policy,
    "AWS::QuickSight::Dashboard": _same("quicksight", "CreateDashboard"),
    "AWS::QuickSight::DataSet": _same("quicksight", "CreateDataSet"),
    "AWS::QuickSight::DataSource": _same("quicksight", "CreateDataSource"),
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::Subscription": _same("sns", "Subscribe"),
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Scheduler::Schedule": _same("scheduler", "CreateSchedule"),
    "AWS::Scheduler::ScheduleGroup": _same("scheduler", "CreateScheduleGroup"),
}
