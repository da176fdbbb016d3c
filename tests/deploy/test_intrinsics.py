from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # publishes no types

from deploy.intrinsics import Place, Resolver
from deploy.template import parse

TEMPLATE = parse("""
Parameters:
  Name: {Type: String}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
Conditions:
  IsLong: !Equals [!Ref Name, long]
  IsShort: !Not [!Condition IsLong]
  Both: !And [!Condition IsLong, !Condition IsShort]
  Either: !Or [!Condition IsLong, !Condition IsShort]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub "t-${Name}"}
  Queue:
    Type: AWS::SQS::Queue
    Condition: IsLong
    Properties: {QueueName: !If [IsLong, long-queue, !Ref AWS::NoValue]}
  Other:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !If [IsLong, long-queue, !Ref AWS::NoValue]}
""")


def resolve(text: str, name: str = "long") -> Any:  # noqa: ANN401
    parameters = {"Name": name, "Subnets": "subnet-1,subnet-2"}
    resolver = Resolver(TEMPLATE, parameters, {"base-Bucket": "b"}, Place(region="eu-west-1"), "stack")
    return resolver.resolve(parse(text)["value"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("value: !Ref Name", "long"),
        ("value: !Ref Subnets", ["subnet-1", "subnet-2"]),
        ("value: !Ref AWS::Region", "eu-west-1"),
        ('value: !Sub "${AWS::Partition}/${Name}/${!literal}/!{firehose:x}"', "aws/long/${literal}/!{firehose:x}"),
        ('value: !Sub ["${A}-${Name}", {A: !Ref Name}]', "long-long"),
        ('value: !Join [":topic/", !Split [":cluster/", "arn:cluster/c/${Name}"]]', "arn:topic/c/${Name}"),
        ('value: !Select [1, !Split ["/", "a/b/c"]]', "b"),
        ('value: !ImportValue {"Fn::Sub": "base-Bucket"}', "b"),
        ("value: [!If [IsShort, 1, !Ref AWS::NoValue], 2]", [2]),
        ("value: {a: !If [IsShort, 1, !Ref AWS::NoValue], b: 2}", {"b": 2}),
        ("value: !If [Both, 1, 2]", 2),
        ("value: !If [Either, 1, 2]", 1),
        ("value: !Ref Topic", "arn:aws:sns:eu-west-1:123456789012:t-long"),
        ("value: !Ref Queue", "https://sqs.eu-west-1.amazonaws.com/123456789012/long-queue"),
        ("value: !GetAtt Queue.Arn", "arn:aws:sqs:eu-west-1:123456789012:long-queue"),
        ("value: !GetAtt Queue.QueueName", "long-queue"),
        ("value: {Condition: {Bool: {x: !Ref Name}}}", {"Condition": {"Bool": {"x": "long"}}}),
    ],
)
def test_a_function_is_worked_out(text: str, value: object) -> None:
    assert resolve(text) == value


def test_a_resource_whose_condition_does_not_hold_is_not_there() -> None:
    resources = Resolver(TEMPLATE, {"Name": "short", "Subnets": "s"}, {}).resources()

    assert set(resources) == {"Topic", "Other"}
    assert resources["Other"]["Properties"] == {}


def test_a_template_cannot_make_python_objects() -> None:
    with pytest.raises(yaml.constructor.ConstructorError):
        parse("value: !!python/object/apply:os.getcwd []")
