"""What a deployment would change in a stack, as people read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ACTIONS = {"Add": "add", "Modify": "modify", "Remove": "remove", "Import": "import", "Dynamic": "decide later"}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource."""

    action: str
    """`add`, `modify`, `replace`, `perhaps replace`, `remove`, `import` or `decide later`."""
    name: str
    """Its name in the template."""
    kind: str
    """Its type, such as `AWS::SQS::Queue`."""
    properties: tuple[str, ...] = ()
    """Which of its properties change, where that is known."""


def creations(resources: Mapping[str, Mapping[str, Any]]) -> tuple[Change, ...]:
    """List what a new stack adds."""
    return tuple(Change("add", name, resource["Type"]) for name, resource in resources.items())


def parse_changes(items: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Read the `Changes` of a change set's description."""
    return tuple(_parse(item["ResourceChange"]) for item in items if "ResourceChange" in item)


def _parse(change: Mapping[str, Any]) -> Change:
    action = _ACTIONS[change["Action"]]
    if change["Action"] == "Modify":
        replacement = change.get("Replacement", "False")
        action = {"True": "replace", "Conditional": "perhaps replace"}.get(replacement, "modify")
    targets = (detail.get("Target", {}) for detail in change.get("Details", ()))
    names = {target.get("Name") or target.get("Attribute") for target in targets}
    return Change(action, change["LogicalResourceId"], change["ResourceType"], tuple(sorted(filter(None, names))))


def table(changes: Sequence[Change]) -> list[str]:
    """Write changes as lines of a table, what is lost last, where it is seen."""
    order = ["add", "import", "modify", "decide later", "perhaps replace", "replace", "remove"]
    rows = [
        (change.action, change.name, change.kind.removeprefix("AWS::"), ", ".join(change.properties))
        for change in sorted(changes, key=lambda change: (order.index(change.action), change.name))
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]).rstrip()
        for row in rows
    ]
