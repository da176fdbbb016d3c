"""The security laws: each looks at the worked-out resources of a stack and names what breaks it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]
Law = Callable[[Resources], Iterator[str]]

EVERYWHERE: Mapping[str, str] = {
    "ec2:DescribeDhcpOptions": "EC2 describes without resource-level permissions",
    "ec2:DescribeNetworkInterfaces": "EC2 describes without resource-level permissions",
    "ec2:DescribeSecurityGroups": "EC2 describes without resource-level permissions",
    "ec2:DescribeSubnets": "EC2 describes without resource-level permissions",
    "ec2:DescribeVpcs": "EC2 describes without resource-level permissions",
}
"""Actions that may have the resource `*`, and why."""


def statements(resources: Resources) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every statement of every policy, with where it is."""
    for name, resource in resources.items():
        properties = resource["Properties"]
        documents = [
            properties.get(key) for key in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument", "Policy")
        ]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        for document in documents:
            for statement in (document or {}).get("Statement", []):
                yield f"{name}.{statement.get('Sid', 'trust')}", statement


def allowing(resources: Resources) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((place, statement) for place, statement in statements(resources) if statement["Effect"] == "Allow")


def of_type(resources: Resources, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, item["Properties"]) for name, item in resources.items() if item["Type"] in types)


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - one or a list of them
    return value if isinstance(value, list) else [value]


def names_every_action(resources: Resources) -> Iterator[str]:
    for place, statement in allowing(resources):
        for action in listed(statement["Action"]):
            if "*" in action or "?" in action:
                yield f"{place} allows {action}"
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{place} allows all but some"


def names_every_resource(resources: Resources) -> Iterator[str]:
    for place, statement in allowing(resources):
        kind = resources[place.split(".")[0]]["Type"]
        # In a key's policy `*` is the key; a role's trust has no resource.
        if kind == "AWS::KMS::Key" or "Resource" not in statement:
            continue
        for resource in listed(statement["Resource"]):
            for action in listed(statement["Action"]):
                if resource == "*" and action not in EVERYWHERE:
                    yield f"{place} allows {action} on *"
            parts = resource.split(":", 5)
            if resource != "*" and (len(parts) < 6 or parts[5] in {"", "*"} or "*" in "".join(parts[:5])):
                yield f"{place} allows too much: {resource}"


def lets_nobody_unnamed_in(resources: Resources) -> Iterator[str]:
    for place, statement in allowing(resources):
        for principal in listed(statement.get("Principal", {})):
            if principal == "*" or "*" in listed(principal.get("AWS", [])):
                yield f"{place} lets everybody in"


def services_act_for_us_alone(resources: Resources) -> Iterator[str]:
    """A service that others can instruct, too, must say for whom it comes."""
    for place, statement in allowing(resources):
        principal = statement.get("Principal", {})
        if not isinstance(principal, dict) or "Service" not in principal or place.startswith("ClusterPolicy."):
            # Data Firehose documents the cluster's policy without conditions, and which it would meet is not known.
            continue
        keys = {key for conditions in statement.get("Condition", {}).values() for key in conditions}
        if not keys & {"aws:SourceAccount", "sts:ExternalId", "kms:EncryptionContext:aws:logs:arn"}:
            yield f"{place} trusts {principal['Service']} on anybody's behalf"


def buckets_are_private(resources: Resources) -> Iterator[str]:
    for name, properties in of_type(resources, "AWS::S3::Bucket"):
        blocks = properties.get("PublicAccessBlockConfiguration", {})
        for block in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
            if blocks.get(block) is not True:
                yield f"{name} can become public: {block}"


def all_data_has_our_key(resources: Resources) -> Iterator[str]:
    """Bucket, logs, queues, topics, tables, deliveries and query results are encrypted with a key of ours."""
    for name, properties in of_type(resources, "AWS::S3::Bucket"):
        rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])
        default = rules[0].get("ServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm") != "aws:kms" or not _is_key(default.get("KMSMasterKeyID")):
            yield f"{name} has no key of ours"
    places = {
        "AWS::Athena::WorkGroup": (
            "WorkGroupConfiguration",
            "ResultConfiguration",
            "EncryptionConfiguration",
            "KmsKey",
        ),
        "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
        "AWS::KinesisFirehose::DeliveryStream": (
            "ExtendedS3DestinationConfiguration",
            "EncryptionConfiguration",
            "KMSEncryptionConfig",
            "AWSKMSKeyARN",
        ),
        "AWS::Logs::LogGroup": ("KmsKeyId",),
        "AWS::SNS::Topic": ("KmsMasterKeyId",),
        "AWS::SQS::Queue": ("KmsMasterKeyId",),
    }
    for kind, path in places.items():
        for name, properties in of_type(resources, kind):
            value: Any = properties
            for step in path:
                value = value.get(step, {}) if isinstance(value, dict) else {}
            if not _is_key(value):
                yield f"{name} has no key of ours"


def _is_key(value: object) -> bool:
    return isinstance(value, str) and value.startswith("arn:aws:kms:") and ":key/" in value


def everything_is_asked_by_tls(resources: Resources) -> Iterator[str]:
    """Buckets, queues and topics have a policy that refuses requests without TLS."""
    policies = {
        "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
        "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
        "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
    }
    for kind, (policy_kind, target) in policies.items():
        refusing: list[str] = []
        for _, properties in of_type(resources, policy_kind):
            if any(map(_refuses_without_tls, properties["PolicyDocument"]["Statement"])):
                refusing += [str(item) for item in listed(properties[target])]
        for name, properties in of_type(resources, kind):
            own = properties.get("QueueName") or properties.get("TopicName") or name.lower()
            if not any(item.endswith(own) for item in refusing):
                yield f"{name} can be asked without TLS"


def _refuses_without_tls(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement["Effect"] == "Deny" and statement["Principal"] == "*" and condition == "false"


def the_job_talks_tls(resources: Resources) -> Iterator[str]:
    for name, properties in of_type(resources, "AWS::KinesisAnalyticsV2::Application"):
        groups = properties["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
        kafka = next(group["PropertyMap"] for group in groups if group["PropertyGroupId"] == "kafka")
        if kafka.get("security.protocol") != "SASL_SSL":
            yield f"{name} talks to Kafka with {kafka.get('security.protocol')}"


def logs_end(resources: Resources) -> Iterator[str]:
    for name, properties in of_type(resources, "AWS::Logs::LogGroup"):
        if not int(properties.get("RetentionInDays", 0)):
            yield f"{name} keeps logs for ever"


def every_part_has_a_role_of_its_own(resources: Resources) -> Iterator[str]:
    users: dict[str, list[str]] = {}
    places = {
        "AWS::Glue::Crawler": ("Role",),
        "AWS::KinesisAnalyticsV2::Application": ("ServiceExecutionRole",),
        "AWS::KinesisFirehose::DeliveryStream": ("ExtendedS3DestinationConfiguration", "RoleARN"),
        "AWS::Lambda::Function": ("Role",),
        "AWS::Scheduler::Schedule": ("Target", "RoleArn"),
    }
    for kind, path in places.items():
        for name, properties in of_type(resources, kind):
            value: Any = properties
            for step in path:
                value = value[step]
            users.setdefault(value, []).append(name)
    yield from (f"{' and '.join(names)} share {role}" for role, names in users.items() if len(names) > 1)


def functions_log_where_they_may(resources: Resources) -> Iterator[str]:
    """Otherwise Lambda would make a log group without retention and key."""
    groups = {properties["LogGroupName"] for _, properties in of_type(resources, "AWS::Logs::LogGroup")}
    for name, properties in of_type(resources, "AWS::Lambda::Function"):
        if properties.get("LoggingConfig", {}).get("LogGroup") not in groups:
            yield f"{name} logs to a group that is not in the stack"


def failures_are_kept(resources: Resources) -> Iterator[str]:
    """What is invoked by nobody who waits has a place for what fails."""
    for name, properties in of_type(resources, "AWS::Scheduler::Schedule"):
        if not properties["Target"].get("DeadLetterConfig", {}).get("Arn"):
            yield f"{name} forgets what fails"
    for name, properties in of_type(resources, "AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig"):
        if not properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            yield f"{name} forgets what fails"


def no_secret_is_in_the_open(resources: Resources) -> Iterator[str]:
    for name, properties in of_type(resources, "AWS::Lambda::Function"):
        for variable, value in properties.get("Environment", {}).get("Variables", {}).items():
            secretive = any(word in variable for word in ("PASSWORD", "SECRET", "TOKEN", "DATABASE_URL"))
            if secretive and not str(value).startswith("arn:aws:secretsmanager:"):
                yield f"{name} has a secret in {variable}"


LAWS: tuple[Law, ...] = (
    names_every_action,
    names_every_resource,
    lets_nobody_unnamed_in,
    services_act_for_us_alone,
    buckets_are_private,
    all_data_has_our_key,
    everything_is_asked_by_tls,
    the_job_talks_tls,
    logs_end,
    every_part_has_a_role_of_its_own,
    functions_log_where_they_may,
    failures_are_kept,
    no_secret_is_in_the_open,
)
