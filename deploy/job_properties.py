"""The job's properties in the detector's template: parameters, conditions and property groups, out of one list."""

from collections.abc import Mapping
from typing import Any

Parameters = Mapping[str, Mapping[str, Any]]
"""Rules of parameters by name, where `Property` names the job's property that a parameter becomes."""


def parameters_of_properties(parameters: Parameters) -> dict[str, str]:
    """Give the parameter for each property, such as `DetectionPeriod` for `detector.detection.period`."""
    return {rules["Property"]: name for name, rules in parameters.items() if "Property" in rules}


def property_blocks(parameters: Parameters) -> dict[str, list[str]]:
    """Write the lines of YAML that follow from the list, by what they are.

    Parameters
    ----------
    parameters
        The list.

    Returns
    -------
    The entries of each group's `PropertyMap`, and the conditions under which they have those that may be empty.
    """
    emptiable = [name for name, rules in parameters.items() if "Property" in rules and rules.get("Default") == ""]
    blocks = {
        "parameters that may be empty": [f'Has{name}: !Not [!Equals [!Ref {name}, ""]]' for name in emptiable],
    }
    for property_, name in parameters_of_properties(parameters).items():
        group, _, key = property_.partition(".")
        value = f"!If [Has{name}, !Ref {name}, !Ref AWS::NoValue]" if name in emptiable else f"!Ref {name}"
        blocks.setdefault(f"properties of {group}", []).append(f"{key}: {value}")
    return blocks
