"""Groups of properties as text: reading the file's JSON, and errors of one line that name group, key and value."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from readers.near_misses import did_you_mean, near_miss

_T = TypeVar("_T")
_D = TypeVar("_D")

_SECRET_WORDS = ("password", "secret", "jaas", "token", "credential")


class PropertiesError(ValueError):
    """Properties that the job cannot start with; the text is one line, fit for a terminal, without secrets."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


class PropertyGroup:
    """One group of properties while it is read; it remembers which keys are known.

    Parameters
    ----------
    name
        The group's name.
    groups
        All groups of the file.
    """

    def __init__(self, name: str, groups: Mapping[str, Mapping[str, str]]) -> None:
        if name not in groups:
            raise missing_group(name, groups)
        self._name = name
        self._given = groups[name]
        self._known: list[str] = []

    def required(self, key: str, parse: Callable[[str], _T]) -> _T:
        """Parse the value of a key; `PropertiesError` if it is absent or bad."""
        if key not in self._given:
            raise self.missing(key)
        return self._take(key, parse)

    def optional(self, key: str, parse: Callable[[str], _T], default: _D) -> _T | _D:
        """Parse the value of a key, or give the default if it is absent; `PropertiesError` if it is bad."""
        if key not in self._given:
            self._known.append(key)
            return default
        return self._take(key, parse)

    def _take(self, key: str, parse: Callable[[str], _T]) -> _T:
        self._known.append(key)
        try:
            return parse(self._given[key].strip())
        except ValueError as error:
            raise self.error(key, self._given[key], str(error)) from error

    def missing(self, key: str) -> PropertiesError:
        """Say that a required key is absent."""
        return PropertiesError(
            f'group "{self._name}": required key "{key}" is missing{found_instead(key, self._given)}'
        )

    def error(self, key: str, value: str, problem: str) -> PropertiesError:
        """Say what is wrong with the value of a key."""
        return PropertiesError(f'group "{self._name}", key "{key}", value {_shown(key, value)}: {problem}')

    def reject_unknown(self) -> None:
        """Raise `PropertiesError` if a key was given that nobody asked for."""
        for key, value in self._given.items():
            if key not in self._known:
                hint = did_you_mean(key, self._known)
                raise self.error(key, value, f"unknown key{hint}; allowed: {', '.join(self._known)}")


def read_groups(text: str, allowed: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Read the groups of a properties file, without those of the service.

    Parameters
    ----------
    text
        A JSON list of `{"PropertyGroupId": text, "PropertyMap": {key: text}}`.
    allowed
        The names a group may have, beside `kinesis.analytics.*`.

    Raises
    ------
    PropertiesError
        If the text is not such a list, or a group or key is given twice or a group is unknown.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except (json.JSONDecodeError, RecursionError) as error:
        msg = f"properties are not JSON: {error}"
        raise PropertiesError(msg) from error
    if not isinstance(document, list):
        msg = f'properties are a JSON {_kind(document)}, expected a list of {{"PropertyGroupId", "PropertyMap"}}'
        raise PropertiesError(msg)
    groups: dict[str, Mapping[str, str]] = {}
    for number, item in enumerate(document, 1):
        name, group = _read_group(number, item)
        if name.startswith("kinesis.analytics"):
            continue
        if name not in allowed:
            hint = did_you_mean(name, allowed)
            msg = f'group "{name}": unknown group{hint}; allowed: {", ".join(allowed)} and kinesis.analytics.*'
            raise PropertiesError(msg)
        if name in groups:
            msg = f'group "{name}": given twice, expected once'
            raise PropertiesError(msg)
        groups[name] = group
    return groups


def _read_group(number: int, item: object) -> tuple[str, Mapping[str, str]]:
    if not isinstance(item, dict) or set(item) != {"PropertyGroupId", "PropertyMap"}:
        found = f"an object with {', '.join(item) or 'nothing'}" if isinstance(item, dict) else f"a {_kind(item)}"
        msg = f'item {number} of the properties is {found}, expected an object with "PropertyGroupId" and "PropertyMap"'
        raise PropertiesError(msg)
    name, group = item["PropertyGroupId"], item["PropertyMap"]
    if not isinstance(name, str) or not isinstance(group, dict):
        msg = f"item {number} of the properties: PropertyGroupId must be text and PropertyMap an object of texts"
        raise PropertiesError(msg)
    for key, value in group.items():
        if not isinstance(value, str):
            msg = f'group "{name}", key "{key}": the value is a JSON {_kind(value)}, expected text in quotes'
            raise PropertiesError(msg)
    return name, MappingProxyType(group)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f'properties: key "{twice}" is given twice in one object, expected once'
        raise PropertiesError(msg)
    return result


def missing_group(name: str, groups: Mapping[str, object]) -> PropertiesError:
    """Say that a required group is absent."""
    return PropertiesError(f'group "{name}" is missing; found: {", ".join(groups) or "no group"}')


def found_instead(key: str, given: Mapping[str, str]) -> str:
    """Name the given key that a missing one was perhaps meant to be."""
    near = near_miss(key, given)
    return f' (found "{near}")' if near else ""


def _shown(key: str, value: str) -> str:
    if any(word in key.lower() for word in _SECRET_WORDS):
        return "(hidden)"
    return json.dumps(value if len(value) <= 100 else value[:100] + "…", ensure_ascii=False)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "number"
