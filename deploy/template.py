"""CloudFormation templates: reading YAML with its short tags, and writing the results' columns into it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # publishes no types

from contracts.flat_results import glue_columns

__all__ = ["DETECTOR", "FOUNDATION", "QUICKSIGHT", "Template", "parse", "with_columns"]

_FOLDER = Path(__file__).parent / "cloudformation"
FOUNDATION = _FOLDER / "foundation.yaml"
DETECTOR = _FOLDER / "detector.yaml"
QUICKSIGHT = _FOLDER / "quicksight.yaml"

_BEGIN = "# begin of columns"
_END = "# end of columns"

Template = dict[str, Any]
"""A parsed template; functions are in their long form, such as ``{"Fn::Sub": "..."}`` for ``!Sub "..."``."""


def parse(text: str) -> Template:
    """Parse a template.

    Parameters
    ----------
    text
        YAML as CloudFormation has it.
    """
    template: Template = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, see below
    return template


def with_columns(text: str, dimensions: Iterable[str]) -> str:
    """Write the columns of the results' table into the detector's template.

    Parameters
    ----------
    text
        The template.
    dimensions
        Names of the dimensions that get a column of their own, beside their place in the map.

    Returns
    -------
    The template with its columns replaced; the same text for the same dimensions.
    """
    before, _, rest = text.partition(_BEGIN)
    first_line, _, rest = rest.partition("\n")
    _, _, after = rest.partition(_END)
    indent = before.rpartition("\n")[2]
    # JSON is YAML, and needs no thought about quotes.
    lines = [f"{indent}- {json.dumps(column)}\n" for column in glue_columns(dimensions)]
    return f"{before}{_BEGIN}{first_line}\n{''.join(lines)}{indent}{_END}{after}"


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
