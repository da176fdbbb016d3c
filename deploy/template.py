"""CloudFormation's templates: written from parts and from what the contracts have, and read with their short tags."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # publishes no types

from contracts.flat_results import glue_columns
from deploy.assembly import assemble, fill
from deploy.job_properties import parameters_of_properties, property_blocks
from deploy.quicksight import dataset_blocks

_FOLDER = Path(__file__).parent / "cloudformation"

DETECTOR_PARTS = (
    "console",
    "properties",
    "shared",
    "application",
    "ingest",
    "delivery",
    "athena",
    "alerts",
    "operations",
    "alarms",
)
"""Files of `cloudformation/detector/`, in the order in which the template has them."""

Template = dict[str, Any]
"""A parsed template; functions are in their long form, such as `{"Fn::Sub": "..."}` for `!Sub "..."`."""


def foundation_template() -> str:
    """Write the template of what all detectors of an account and region share."""
    return _read("foundation")


def detector_template(dimensions: Iterable[str] = ()) -> str:
    """Write the detector's template.

    Parameters
    ----------
    dimensions
        Names of the dimensions that get a column of their own, beside their place in the map.

    Returns
    -------
    The same text for the same dimensions.
    """
    parts = {f"{name}.yaml": _read(f"detector/{name}") for name in DETECTOR_PARTS}
    blocks = property_blocks(parse(parts["properties.yaml"])["Parameters"])
    parts["properties.yaml"] = re.sub("(?m)^    Property: .*\n", "", parts["properties.yaml"])
    # JSON is YAML, and needs no thought about quotes.
    columns = [f"- {json.dumps(column)}" for column in glue_columns(dimensions)]
    return fill(assemble(parts), blocks | {"columns": columns})


def quicksight_template() -> str:
    """Write the template of the dashboard in QuickSight."""
    return fill(_read("quicksight"), dataset_blocks())


def job_parameters() -> dict[str, str]:
    """Give the detector's parameter for each of the job's properties that has one."""
    return parameters_of_properties(parse(_read("detector/properties"))["Parameters"])


def parse(text: str) -> Template:
    """Parse a template.

    Parameters
    ----------
    text
        YAML as CloudFormation has it.
    """
    template: Template = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, see below
    return template


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.yaml").read_text("utf-8")


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # as above
    """The safe loader, plus CloudFormation's tags."""


def _function(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _function)
