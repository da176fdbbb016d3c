"""Settings from environment variables: each field of a frozen dataclass names its variable and what that may hold.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        table: Annotated[str, Variable("SOURCE_TABLE", text("the name of a table"))]
        rows: Annotated[int, Variable("ROWS_PER_FILE", whole(1, 1000, int))] = 500

    settings = read_environment(Settings, os.environ)

A field without a default must be set; an empty variable is not set.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from readers.arns import SECRET, is_arn
from readers.errors import SettingsError
from readers.near_misses import near_miss
from readers.topics import EXPECTED as TOPIC_EXPECTED
from readers.topics import topic as read_topic


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


_T = TypeVar("_T")
_S = TypeVar("_S", bound=_Dataclass)

_MOST_SHOWN = 80
_MISSPELT = 0.85  # MINIMUM_SCOER, but neither MAXIMUM_SCORE nor MINIMUM_SIZE


@dataclass(frozen=True, slots=True)
class Kind(Generic[_T]):
    """What a variable may hold."""

    expected: str
    """In words, for errors."""
    parse: Callable[[str], _T]
    """Makes text, which is neither empty nor has spaces around it, a value; ValueError if it cannot."""
    hidden: bool = False
    """Whether errors must not repeat the text, because a password may be in it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The variable of a field, by its name in the environment, and what it may hold."""

    name: str
    kind: Kind[Any]


class HiddenTextError(ValueError):
    """What is wrong with a text that errors must not repeat; to be read behind the variable's name."""


def text(expected: str) -> Kind[str]:
    """Take any text."""
    return Kind(expected, str)


def matching(expected: str, test: Callable[[str], bool], *, hidden: bool = False) -> Kind[str]:
    """Take text that passes a test."""

    def parse(text: str) -> str:
        if not test(text):
            raise ValueError
        return text

    return Kind(expected, parse, hidden)


def whole(least: int, most: int, make: Callable[[int], _T]) -> Kind[_T]:
    """Take a whole number, and make something of it."""

    def parse(text: str) -> _T:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError
        return make(int(text))

    return Kind(f"a whole number from {least:,} to {most:,}", parse)


def number(least: float, most: float) -> Kind[float]:
    """Take a number."""

    def parse(text: str) -> float:
        value = float(text)
        if math.isnan(value) or not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"a number from {least:g} to {most:g}", parse)


def switch() -> Kind[bool]:
    """Take true or false, in letters of either case."""
    values = {"true": True, "false": False}

    def parse(text: str) -> bool:
        if text.lower() not in values:
            raise ValueError
        return values[text.lower()]

    return Kind("true or false", parse)


def topic() -> Kind[str]:
    """Take the name of a Kafka topic."""
    return Kind(TOPIC_EXPECTED, read_topic)


def secret() -> Kind[str]:
    """Take the ARN of a secret; what else may stand in its place, a password perhaps, is not repeated."""
    expected = "the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
    return matching(expected, lambda text: is_arn(text, "secretsmanager", SECRET), hidden=True)


def url(expected: str) -> Kind[str]:
    """Take an http or https address without user, password and fragment."""

    def parse(text: str) -> str:
        wrong = _wrong_with_url(text)
        if wrong:
            raise HiddenTextError(wrong)
        return text

    return Kind(expected, parse, hidden=True)


def variables(kind: type[_Dataclass]) -> list[Variable]:
    """List the variables of a dataclass' fields."""
    return [field.type.__metadata__[0] for field in fields(kind)]  # type: ignore[union-attr] # of Annotated


def read_environment(
    kind: type[_S],
    environment: Mapping[str, str],
    rules: Callable[[Mapping[str, str]], Iterable[str]] = lambda _: (),
) -> _S:
    """Read settings.

    Parameters
    ----------
    kind
        A frozen dataclass, each field with a `Variable`.
    environment
        All variables; those of others are left alone.
    rules
        Given the variables that are set, says what is wrong with them together.

    Raises
    ------
    SettingsError
        With every problem: which variable, what was found and what was expected. A variable that nobody reads is one
        if it looks like one that is not set and begins with the same word.
    """
    given = {name: text.strip() for name, text in environment.items() if text.strip()}
    known = variables(kind)
    unknown = given.keys() - {variable.name for variable in known}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field, variable in zip(fields(kind), known, strict=True):
        if variable.name not in given:
            problems += _missing(variable, unknown, required=field.default is MISSING)
            continue
        try:
            values[field.name] = variable.kind.parse(given[variable.name])
        except ValueError as error:
            problems.append(_unfit(variable, given[variable.name], error))
    problems += rules(given)
    if problems:
        msg = "; ".join(problems)
        raise SettingsError(msg)
    return kind(**values)


def _missing(variable: Variable, unknown: Collection[str], *, required: bool) -> Iterator[str]:
    first_word = variable.name.partition("_")[0] + "_"
    ours = [name for name in unknown if name.startswith(first_word)]
    if required:
        near = near_miss(variable.name, ours) or near_miss(variable.name, unknown, _MISSPELT)
        found = f" (found {near})" if near else ""
        yield f"{variable.name} is not set{found}, expected {variable.kind.expected}"
    elif near := near_miss(variable.name, ours, _MISSPELT):
        yield f"{near} is not a setting, did you mean {variable.name}?"


def _unfit(variable: Variable, text: str, error: ValueError) -> str:
    if isinstance(error, HiddenTextError):
        found = str(error)
    elif variable.kind.hidden or "@" in text:
        found = "is something else (not shown)"
    else:
        found = f"is {text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + '…'!r}"
    return f"{variable.name} {found}, expected {variable.kind.expected}"


def _wrong_with_url(url: str) -> str | None:
    # Imported here because most settings have no address, and every cold start would pay for it.
    from urllib.parse import urlsplit

    if not re.fullmatch(r"[!-~]{1,1000}", url):
        return "holds white space or characters that are not ASCII, or is longer than 1,000 characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "is not an http or https URL"
    if parts.username is not None:
        return "holds a user name or password"
    if "#" in url:
        return "holds a #fragment"
    return None
