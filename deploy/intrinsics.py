"""CloudFormation's functions, worked out on this machine: what a template becomes with given parameters.

What only AWS knows, such as the ARN of a resource that does not exist yet, becomes a stand-in of the right form. So the
job's properties and the functions' variables can be checked, by the code that will read them, before AWS is asked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.template import Template

_NOTHING = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([A-Za-z0-9:.]+)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is."""

    partition: str = "aws"
    region: str = "us-east-1"
    account: str = "123456789012"


class Resolver:
    """Works out the values of one template.

    Parameters
    ----------
    template
        As `deploy.template.parse` gives it.
    parameters
        A value for each of its parameters, as text; lists separated by commas.
    imports
        What other stacks export, by name.
    place
        Where the stack is.
    stack
        Its name.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, str],
        imports: Mapping[str, str],
        place: Place | None = None,
        stack: str = "anomaly-stack",
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._imports = imports
        place = place or Place()
        self._pseudo = {
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::AccountId": place.account,
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
        }
        self._place = place

    def resources(self) -> dict[str, dict[str, Any]]:
        """Give the resources that will exist: those whose condition holds, their properties worked out."""
        return {
            name: {"Type": resource["Type"], "Properties": self.resolve(resource.get("Properties", {}))}
            for name, resource in self._template["Resources"].items()
            if self.holds(resource.get("Condition"))
        }

    def holds(self, condition: str | None) -> bool:
        """Tell whether a condition of the template holds; without one it does."""
        return condition is None or bool(self.resolve(self._template["Conditions"][condition]))

    def resolve(self, value: Any) -> Any:  # noqa: ANN401 - any part of a template
        """Work out a part of the template."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            function = self._functions().get(name)
            if function is not None:
                return function(argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NOTHING}

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::And": lambda items: all(map(self.resolve, items)),
            "Fn::Equals": self._equals,
            "Fn::GetAtt": lambda path: self._attribute(path[0], path[1]),
            "Fn::If": lambda items: self.resolve(items[1] if self.holds(items[0]) else items[2]),
            "Fn::ImportValue": lambda name: self._imports[self.resolve(name)],
            "Fn::Join": lambda items: items[0].join(self.resolve(items[1])),
            "Fn::Not": lambda items: not self.resolve(items[0]),
            "Fn::Or": lambda items: any(map(self.resolve, items)),
            "Fn::Select": lambda items: self.resolve(items[1])[int(items[0])],
            "Fn::Split": lambda items: self.resolve(items[1]).split(items[0]),
            "Fn::Sub": self._sub,
        }

    def _condition(self, name: Any) -> Any:  # noqa: ANN401
        # A policy statement has a Condition, too, and that is an object.
        return self.holds(name) if isinstance(name, str) else {"Condition": self.resolve(name)}

    def _equals(self, items: list[Any]) -> bool:
        first, second = map(self.resolve, items)
        return str(first) == str(second)

    def _ref(self, name: str) -> Any:  # noqa: ANN401
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._template.get("Parameters", {}):
            text = self._parameters[name]
            kind = self._template["Parameters"][name]["Type"]
            return text.split(",") if kind.startswith("List<") or kind == "CommaDelimitedList" else text
        return self._attribute(name, "")

    def _sub(self, argument: Any) -> str:  # noqa: ANN401
        text, values = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in values:
                return str(self.resolve(values[name]))
            resource, dot, attribute = name.partition(".")
            return str(self._attribute(resource, attribute) if dot else self._ref(name))

        return _PLACEHOLDER.sub(replace, text)

    def _attribute(self, name: str, attribute: str) -> str:
        """Give an attribute of a resource, and for no attribute what a reference to it gives."""
        resource = self._template["Resources"][name]
        service, kind = resource["Type"].split("::")[1:]
        named = _NAME_PROPERTIES.get(resource["Type"])
        properties = resource.get("Properties", {})
        given = properties.get(named) if named != "TableInput" else properties["TableInput"]["Name"]
        own = self.resolve(given) if given is not None else f"{self._pseudo['AWS::StackName']}-{name}".lower()
        place = self._place
        if (kind, attribute) == ("Queue", ""):
            return f"https://sqs.{place.region}.{self._pseudo['AWS::URLSuffix']}/{place.account}/{own}"
        if attribute not in {"", "Arn"} or (attribute == "" and kind not in {"Topic", "ManagedPolicy"}):
            return str(own)
        prefix = _ARN_PREFIXES.get(resource["Type"], "")
        if service == "S3":
            return f"arn:{place.partition}:s3:::{own}"
        region = "" if service == "IAM" else place.region
        return f"arn:{place.partition}:{service.lower()}:{region}:{place.account}:{prefix}{own}"


_NAME_PROPERTIES = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Glue::Database": "DatabaseName",
    "AWS::Glue::Table": "TableInput",
    "AWS::KinesisAnalyticsV2::Application": "ApplicationName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::QuickSight::DataSet": "DataSetId",
    "AWS::QuickSight::DataSource": "DataSourceId",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::ScheduleGroup": "Name",
}

_ARN_PREFIXES = {
    "AWS::DynamoDB::Table": "table/",
    "AWS::IAM::ManagedPolicy": "policy/",
    "AWS::IAM::Role": "role/",
    "AWS::KMS::Key": "key/",
    "AWS::Lambda::Function": "function:",
    "AWS::QuickSight::DataSet": "dataset/",
    "AWS::QuickSight::DataSource": "datasource/",
}
