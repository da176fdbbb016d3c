"""Tables of the documentation: inputs, and who may do what and why. Read from the templates, so that they stay true."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.template import Template

_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PSEUDO = re.compile(r"\$\{AWS::[A-Za-z]+\}")


def role_table(templates: Sequence[Template]) -> str:
    """Write the table.

    Parameters
    ----------
    templates
        Parsed templates; each statement's `Sid` says why it is there.

    Returns
    -------
    Markdown, a row per statement.
    """
    rows = [
        f"| {who} | {_why(statement['Sid'])} | {_code(_listed(statement['Action']))} | {_code(_resources(statement))} |"
        for template in templates
        for who, statement in _statements(template)
    ]
    return "\n".join(["| role | why | actions | resources |", "|---|---|---|---|", *rows]) + "\n"


def input_table(template: Template) -> str:
    """Write the parameters of a template, a table for each group of the console.

    Parameters
    ----------
    template
        Parsed.
    """
    lines = []
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        lines += [f"**{group['Label']['default']}**", "", "| parameter | default | meaning |", "|---|---|---|"]
        for name in group["Parameters"]:
            rules = template["Parameters"][name]
            choices = f" One of {', '.join(map(str, rules['AllowedValues']))}." if "AllowedValues" in rules else ""
            lines.append(f"| `{name}` | {_default(rules)} | {rules['Description']}{choices} |")
        lines.append("")
    return "\n".join(lines)


def _default(rules: Mapping[str, Any]) -> str:
    if "Default" not in rules:
        return "required"
    return "none" if rules["Default"] == "" else f"`{rules['Default']}`"


def _statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            documents.append(properties["PolicyDocument"])
        for document in documents:
            for item in document["Statement"]:
                yield name, item["Fn::If"][1] if "Fn::If" in item else item


def _why(sid: str) -> str:
    words = _SPLIT.split(sid)
    return " ".join([words[0], *(word if word.isupper() and len(word) > 1 else word.lower() for word in words[1:])])


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - one or a list of them
    return value if isinstance(value, list) else [value]


def _resources(statement: Mapping[str, Any]) -> list[str]:
    return [_in_short(resource) for resource in _listed(statement["Resource"])]


def _in_short(resource: Any) -> str:  # noqa: ANN401 - text or a function
    """Write a resource in short: what stands after account and region, parameters in braces."""
    if isinstance(resource, str):
        return resource
    if "Fn::Join" in resource:
        separator, (_, source) = resource["Fn::Join"][0], next(iter(resource["Fn::Join"][1].items()))
        text = str(source[1]["Fn::Sub"]).removeprefix("${ClusterArn}/")
        return str(separator).strip(":") + text.replace("${", "{")
    if "Fn::Sub" in resource:
        text = resource["Fn::Sub"]
        text = _PSEUDO.sub("", text if isinstance(text, str) else text[0])
        return re.sub(r"^arn::([a-z0-9]+):::?", r"\1:", text).replace("${", "{")
    if "Ref" in resource:
        return f"{{{resource['Ref']}}}"
    if "Fn::GetAtt" in resource:
        return f"{{{resource['Fn::GetAtt'][0]}}}"
    exported = str(resource["Fn::ImportValue"]["Fn::Sub"]).removeprefix("${FoundationStack}-")
    return f"{{{exported} of the foundation}}"


def _code(items: Sequence[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)
