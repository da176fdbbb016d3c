import copy
import json
from collections.abc import Callable

import pytest
from cfnlint.api import lint
from cfnlint.match import Match
from stacks_under_test import Resources, resources_of

from deploy.template import detector_template, foundation_template, quicksight_template


def findings(text: str) -> list[str]:
    return [described(match) for match in lint(text)]


def described(match: Match) -> str:
    return f"{match.rule.id} {match.message} (line {match.linenumber})"


def as_template(resources: Resources) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


@pytest.mark.parametrize("template", [foundation_template, detector_template, quicksight_template])
def test_a_template_has_no_finding(template: Callable[[], str]) -> None:
    text = template()

    assert findings(text) == []
    assert "cfn-lint" not in text, "a finding is mended, not suppressed"


@pytest.mark.parametrize("stack", ["smallest", "largest"])
def test_what_a_template_becomes_with_its_parameters_has_no_finding(stack: str) -> None:
    assert findings(as_template(resources_of(stack))) == []


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("NotifyFunction", {"Runtime": "python3.99"}, "python3.99"),
        ("NotifyFunction", {"FunctionName": "a" * 65}, "a" * 65),
        ("NotifyTrigger", {"BatchSize": 10_001}, "10001"),
        ("Delivery", {"DeliveryStreamTyp": "MSKAsSource"}, "DeliveryStreamTyp"),
        ("ApplicationLog", {"RetentionInDays": 2}, "2 is not one of"),
    ],
)
def test_a_wrong_property_is_found(name: str, change: dict[str, object], found: str) -> None:
    resources = {name: copy.deepcopy(resources_of("bookstore")[name])}
    resources[name]["Properties"] |= change

    assert found in "\n".join(findings(as_template(resources)))
