"""A stack's parameters: a file, checked against the template's own rules before AWS is asked for anything."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.template import Template
from readers.near_misses import did_you_mean


def read_parameters(path: Path) -> dict[str, str]:
    """Read a parameters file.

    Parameters
    ----------
    path
        A JSON object of parameter names and values: text, numbers, true and false, or lists of text.

    Returns
    -------
    Each value as CloudFormation takes it: as text, lists separated by commas.

    Raises
    ------
    DeployError
        If it cannot be read or is not such an object.
    """
    try:
        given = json.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"{path}: {error.strerror}; deploy/bookstore.json is an example"
        raise DeployError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not JSON: {error}"
        raise DeployError(msg) from error
    if not isinstance(given, dict):
        msg = f'{path} is not a JSON object, expected {{"DetectorName": "bookstore", ...}}'
        raise DeployError(msg)
    return {name: _text(path, name, value) for name, value in given.items()}


def _text(path: Path, name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    msg = f"{path}: {name} is a JSON {type(value).__name__}, expected text, a number or a list of text"
    raise DeployError(msg)


def complete_parameters(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """Fill in the defaults and check every value.

    Parameters
    ----------
    template
        Whose parameters they are.
    given
        Text by name of parameter.

    Returns
    -------
    A value for every parameter of the template.

    Raises
    ------
    DeployError
        With all problems, a line each: which parameter, what was found, what was expected.
    """
    known: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    problems = [f"{name}: no such parameter{did_you_mean(name, known)}" for name in given if name not in known]
    values = {}
    for name, rules in known.items():
        if name in given:
            values[name] = given[name]
        elif "Default" in rules:
            values[name] = str(rules["Default"])
        else:
            problems.append(f"{name} is missing, expected {_expected(rules)}")
            continue
        if not _fits(values[name], rules):
            problems.append(f'{name} is "{_shortened(values[name])}", expected {_expected(rules)}')
    if problems:
        msg = "\n  ".join(["parameters:", *problems])
        raise DeployError(msg)
    return values


_LISTS_OF_IDS = {
    "List<AWS::EC2::Subnet::Id>": (r"subnet-[0-9a-f]{8,17}", "subnet-0123456789abcdef0"),
    "List<AWS::EC2::SecurityGroup::Id>": (r"sg-[0-9a-f]{8,17}", "sg-0123456789abcdef0"),
}
"""By type, what one item looks like and an example; CloudFormation itself would look them up in the account."""


def _fits(text: str, rules: Mapping[str, Any]) -> bool:
    if "AllowedValues" in rules and text not in map(str, rules["AllowedValues"]):
        return False
    if not rules.get("MinLength", 0) <= len(text) <= rules.get("MaxLength", 4096):
        return False
    if "AllowedPattern" in rules and not re.fullmatch(rules["AllowedPattern"], text):
        return False
    if rules["Type"] in _LISTS_OF_IDS:
        return all(re.fullmatch(_LISTS_OF_IDS[rules["Type"]][0], item) for item in text.split(","))
    if rules["Type"] == "Number":
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", text):
            return False
        return bool(rules.get("MinValue", float(text)) <= float(text) <= rules.get("MaxValue", float(text)))
    return True


def _expected(rules: Mapping[str, Any]) -> str:
    if "AllowedValues" in rules:
        return f"one of {', '.join(map(str, rules['AllowedValues']))}"
    if "ConstraintDescription" in rules:
        return str(rules["ConstraintDescription"])
    if rules["Type"] in _LISTS_OF_IDS:
        return f"a list such as {_LISTS_OF_IDS[rules['Type']][1]}"
    if rules["Type"] == "Number":
        return f"a number from {rules.get('MinValue', 'any')} to {rules.get('MaxValue', 'any')}"
    return f"text of at most {rules.get('MaxLength', 4096)} characters"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "..."
