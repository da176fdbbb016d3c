"""The documentation says what the code does."""

import re
from pathlib import Path

import msgspec
from properties_text import BOOKSTORE, text_of

from contracts.deadletters import REASONS
from contracts.properties import JobSettings, PropertiesError, parse_properties
from contracts.results import Result

DOCS = Path(__file__).parent.parent / "docs"


def documented_properties() -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for group, keys in re.findall(r"^\| (topics|detector|job) \| ([^|]*) \|", (DOCS / "job.md").read_text(), re.M):
        groups.setdefault(group, set()).update(re.findall(r"`([^`]+)`", keys))
    return groups


def allowed_keys(group: str) -> set[str]:
    """Ask the parser itself, by way of its error on an unknown key."""
    try:
        parse(**{group: {"no.such.key": "1"}})
    except PropertiesError as error:
        return set(re.findall(r"[a-z]+(?:\.[a-z]+)*", str(error).rpartition("allowed: ")[2]))
    raise AssertionError("an unknown key must be an error")


def parse(**changed: dict[str, str]) -> JobSettings:
    groups = {**BOOKSTORE, "job": {}}
    return parse_properties(text_of({name: {**group, **changed.get(name, {})} for name, group in groups.items()}))


def test_every_property_is_documented_and_every_documented_property_exists() -> None:
    documented = documented_properties()

    assert set(documented) == {"topics", "detector", "job"}
    for group, keys in documented.items():
        assert keys == allowed_keys(group)


def test_the_example_properties_are_accepted() -> None:
    example = re.search(r"```json\n(.*?)```", (DOCS / "job.md").read_text(), re.S)

    assert example is not None
    assert parse_properties(example[1]).detector.name == "bookstore"


def test_every_field_of_a_result_is_documented() -> None:
    text = (DOCS / "contracts.md").read_text()

    for field in msgspec.structs.fields(Result):
        assert f"`{field.encode_name}`" in text


def test_every_reason_of_a_dead_letter_is_documented() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "contracts.md").read_text(), re.M))

    assert {reason: documented.get(reason) for reason in REASONS} == dict(REASONS)
