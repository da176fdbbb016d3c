import copy
import json
from collections.abc import Callable
from typing import Any

import laws
import pytest
from laws import LAWS, Law, allowing, listed
from stacks_under_test import STACKS, Resources, resources_of


def by_name(law: Law) -> str:
    return law.__name__


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("law", LAWS, ids=by_name)
def test_the_templates_keep_the_law(law: Law, stack: str) -> None:
    assert list(law(resources_of(stack))) == []


def policy(resources: Resources, role: str, number: int = 0) -> dict[str, Any]:
    statement: dict[str, Any] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][number]
    return statement


def trust(resources: Resources, role: str) -> dict[str, Any]:
    statement: dict[str, Any] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    return statement


BREACHES: list[tuple[Law, str, Callable[[Resources], object]]] = [
    (laws.names_every_action, "bookstore", lambda r: policy(r, "NotifyRole").update(Action="*")),
    (laws.names_every_action, "bookstore", lambda r: policy(r, "NotifyRole").update(Action=["kafka:*"])),
    (laws.names_every_action, "bookstore", lambda r: policy(r, "NotifyRole").update(NotAction="iam:PassRole")),
    (
        laws.names_every_action,
        "foundation",
        lambda r: r["Key"]["Properties"]["KeyPolicy"]["Statement"][0].update(Action="kms:*"),
    ),
    (laws.names_every_resource, "bookstore", lambda r: policy(r, "IngestRole").update(Resource="*")),
    (laws.names_every_resource, "bookstore", lambda r: policy(r, "IngestRole").update(Resource="arn:aws:kafka:*:*:x")),
    (laws.names_every_resource, "bookstore", lambda r: policy(r, "IngestRole").update(Resource="arn:aws:s3:::*")),
    (laws.lets_nobody_unnamed_in, "bookstore", lambda r: trust(r, "CrawlerRole").update(Principal="*")),
    (laws.lets_nobody_unnamed_in, "bookstore", lambda r: trust(r, "CrawlerRole").update(Principal={"AWS": "*"})),
    *(
        (laws.services_act_for_us_alone, "bookstore", lambda r, role=role: trust(r, role).pop("Condition"))
        for role in ("ApplicationRole", "IngestRole", "ScheduleRole", "TransformRole", "NotifyRole", "DeliveryRole")
    ),
    (
        laws.services_act_for_us_alone,
        "foundation",
        lambda r: r["Key"]["Properties"]["KeyPolicy"]["Statement"][2].pop("Condition"),
    ),
    (
        laws.buckets_are_private,
        "foundation",
        lambda r: r["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].update(BlockPublicPolicy=False),
    ),
    (laws.buckets_are_private, "foundation", lambda r: r["Bucket"]["Properties"].pop("PublicAccessBlockConfiguration")),
    (laws.all_data_has_our_key, "foundation", lambda r: r["Bucket"]["Properties"].pop("BucketEncryption")),
    (laws.all_data_has_our_key, "bookstore", lambda r: r["AlertTopic"]["Properties"].pop("KmsMasterKeyId")),
    (
        laws.all_data_has_our_key,
        "bookstore",
        lambda r: r["OperationsTopic"]["Properties"].update(KmsMasterKeyId="alias/aws/sns"),
    ),
    (laws.all_data_has_our_key, "bookstore", lambda r: r["UnsentAlerts"]["Properties"].pop("KmsMasterKeyId")),
    (laws.all_data_has_our_key, "bookstore", lambda r: r["IngestLog"]["Properties"].pop("KmsKeyId")),
    (laws.all_data_has_our_key, "bookstore", lambda r: r["SentAlerts"]["Properties"].pop("SSESpecification")),
    (
        laws.all_data_has_our_key,
        "bookstore",
        lambda r: r["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"].pop("EncryptionConfiguration"),
    ),
    (laws.everything_is_asked_by_tls, "foundation", lambda r: r.pop("BucketPolicy")),
    (laws.everything_is_asked_by_tls, "bookstore", lambda r: r.pop("UnsentAlertsPolicy")),
    (laws.everything_is_asked_by_tls, "bookstore", lambda r: r.pop("AlertTopicPolicy")),
    (
        laws.everything_is_asked_by_tls,
        "bookstore",
        lambda r: r["IngestFailuresPolicy"]["Properties"]["PolicyDocument"]["Statement"][0].update(Effect="Allow"),
    ),
    (
        laws.the_job_talks_tls,
        "bookstore",
        lambda r: r["Application"]["Properties"]["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"][
            1
        ]["PropertyMap"].update({"security.protocol": "PLAINTEXT"}),
    ),
    (laws.logs_end, "bookstore", lambda r: r["ApplicationLog"]["Properties"].pop("RetentionInDays")),
    (
        laws.every_part_has_a_role_of_its_own,
        "bookstore",
        lambda r: r["NotifyFunction"]["Properties"].update(Role=r["TransformFunction"]["Properties"]["Role"]),
    ),
    (
        laws.functions_log_where_they_may,
        "bookstore",
        lambda r: r["NotifyFunction"]["Properties"].pop("LoggingConfig"),
    ),
    (laws.failures_are_kept, "bookstore", lambda r: r["NotifyTrigger"]["Properties"].pop("DestinationConfig")),
    (
        laws.failures_are_kept,
        "bookstore",
        lambda r: r["IngestSchedule"]["Properties"]["Target"].pop("DeadLetterConfig"),
    ),
    (
        laws.no_secret_is_in_the_open,
        "bookstore",
        lambda r: r["IngestFunction"]["Properties"]["Environment"]["Variables"].update(DATABASE_URL="postgresql://x"),
    ),
]


@pytest.mark.parametrize(("law", "stack", "breach"), BREACHES, ids=[by_name(law) for law, _, _ in BREACHES])
def test_a_breach_of_the_law_is_found(law: Law, stack: str, breach: Callable[[Resources], object]) -> None:
    resources = copy.deepcopy(resources_of(stack))
    breach(resources)

    assert list(law(resources)) != []


def test_every_law_has_a_breach_that_it_finds() -> None:
    assert {law for law, _, _ in BREACHES} == set(LAWS)


def test_no_exception_for_a_star_resource_is_left_over() -> None:
    used = {
        action
        for stack in STACKS
        for _, statement in allowing(resources_of(stack))
        if statement.get("Resource") == "*"
        for action in listed(statement["Action"])
    }

    assert set(laws.EVERYWHERE) <= used


@pytest.mark.parametrize("stack", STACKS)
def test_a_roles_policies_fit_what_iam_takes(stack: str) -> None:
    for name, resource in resources_of(stack).items():
        if resource["Type"] == "AWS::IAM::Role":
            written = sum(len(json.dumps(p["PolicyDocument"])) for p in resource["Properties"]["Policies"])

            assert written <= 10_240, f"{name} has inline policies of {written} characters"


def test_two_detectors_share_no_name() -> None:
    """Names that the template gives itself must differ from detector to detector."""
    first, second = resources_of("bookstore"), resources_of("smallest")
    keys = {"FunctionName", "TopicName", "QueueName", "TableName", "LogGroupName", "AlarmName", "DeliveryStreamName"}
    keys |= {"ApplicationName", "Name"}

    def named(resources: Resources) -> set[tuple[str, str]]:
        return {
            (resource["Type"], resource["Properties"][key])
            for resource in resources.values()
            for key in keys & set(resource["Properties"])
        }

    assert not named(first) & named(second)
    assert len(named(first)) > 30
