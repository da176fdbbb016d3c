import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import pytest

from readers.environment import (
    Kind,
    Variable,
    matching,
    number,
    read_environment,
    secret,
    switch,
    text,
    topic,
    url,
    whole,
)
from readers.errors import SettingsError

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    table: Annotated[str, Variable("SOURCE_TABLE", text("the name of a table"))]
    into: Annotated[str, Variable("INPUT_TOPIC", topic())] = "sales"
    longest: Annotated[timedelta, Variable("LONGEST_MINUTES", whole(1, 1440, minutes))] = timedelta(hours=1)
    score: Annotated[float, Variable("MINIMUM_SCORE", number(0, 100))] = 0.0
    quiet: Annotated[bool, Variable("BE_QUIET", switch())] = False
    hidden: Annotated[str | None, Variable("DATABASE_SECRET_ARN", secret())] = None
    page: Annotated[str | None, Variable("DASHBOARD_URL", url("an address such as https://example.org/"))] = None
    letter: Annotated[str | None, Variable("FIRST_LETTER", matching("a letter", str.isalpha))] = None


def problem(**variables: str) -> str:
    with pytest.raises(SettingsError) as raised:
        read_environment(Settings, {"SOURCE_TABLE": "sales"} | variables)
    return str(raised.value)


def test_what_is_not_set_is_the_fields_default_and_what_others_set_is_left_alone() -> None:
    assert read_environment(Settings, {"SOURCE_TABLE": "sales", "PATH": "/bin", "TZ": ""}) == Settings(table="sales")


def test_every_kind_makes_its_value_of_text() -> None:
    environment = {
        "SOURCE_TABLE": " shop.sales ",
        "INPUT_TOPIC": "sales.eu-1",
        "LONGEST_MINUTES": "90",
        "MINIMUM_SCORE": "82.5",
        "BE_QUIET": "True",
        "DATABASE_SECRET_ARN": ARN,
        "DASHBOARD_URL": "https://dashboard.example.org/anomalies?site=north",
        "FIRST_LETTER": "a",
    }

    assert read_environment(Settings, environment) == Settings(
        table="shop.sales",
        into="sales.eu-1",
        longest=timedelta(minutes=90),
        score=82.5,
        quiet=True,
        hidden=ARN,
        page="https://dashboard.example.org/anomalies?site=north",
        letter="a",
    )


def test_an_empty_variable_is_not_set() -> None:
    assert read_environment(Settings, {"SOURCE_TABLE": "sales", "MINIMUM_SCORE": " "}).score == 0.0
    assert problem(SOURCE_TABLE="") == "SOURCE_TABLE is not set, expected the name of a table"


def test_all_problems_are_told_at_once_each_with_what_was_found_and_what_was_expected() -> None:
    assert problem(SOURCE_TABLE="", MINIMUM_SCORE="high", BE_QUIET="maybe", LONGEST_MINUTES="0") == (
        "SOURCE_TABLE is not set, expected the name of a table; "
        "LONGEST_MINUTES is '0', expected a whole number from 1 to 1,440; "
        "MINIMUM_SCORE is 'high', expected a number from 0 to 100; "
        "BE_QUIET is 'maybe', expected true or false"
    )


def test_rules_see_what_is_set_and_their_problems_come_last() -> None:
    def together(given: Mapping[str, str]) -> Iterator[str]:
        yield f"{', '.join(given)} do not go together"

    with pytest.raises(SettingsError) as raised:
        read_environment(Settings, {"SOURCE_TABLE": "sales", "BE_QUIET": "?", "TZ": ""}, together)

    assert str(raised.value) == ("BE_QUIET is '?', expected true or false; SOURCE_TABLE, BE_QUIET do not go together")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INPUT_TOPIC", "sales/eu"),
        ("INPUT_TOPIC", ".."),
        ("INPUT_TOPIC", "x" * 250),
        ("LONGEST_MINUTES", "1441"),
        ("LONGEST_MINUTES", "-1"),
        ("LONGEST_MINUTES", "1_0"),
        ("LONGEST_MINUTES", "1e2"),
        ("LONGEST_MINUTES", "٣"),
        ("LONGEST_MINUTES", "9" * 400),
        ("MINIMUM_SCORE", "-1"),
        ("MINIMUM_SCORE", "100.1"),
        ("MINIMUM_SCORE", "nan"),
        ("BE_QUIET", "1"),
        ("DATABASE_SECRET_ARN", "arn:aws:sns:eu-central-1:123456789012:alerts"),
        ("DATABASE_SECRET_ARN", ARN.replace("123456789012", "١٢٣٤٥٦٧٨٩٠١٢")),
        ("DASHBOARD_URL", "dashboard.example.org"),
        ("DASHBOARD_URL", "javascript:alert(1)"),
        ("DASHBOARD_URL", "https://"),
        ("DASHBOARD_URL", "https://dashboard.example.org/#top"),
        ("DASHBOARD_URL", "https://dashboard.example.org/\nBcc: x"),
        ("DASHBOARD_URL", "https://dashboard.example.org:99999/"),
        ("DASHBOARD_URL", "https://[/"),
        ("DASHBOARD_URL", "https://" + "d" * 1000 + ".example.org"),
        ("FIRST_LETTER", "1"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_by_name(name: str, value: str) -> None:
    told = problem(**{name: value})

    assert told.startswith(f"{name} ")
    assert re.search(", expected (an?|the|true) ", told)
    assert len(told) < 250


def test_what_is_wrong_with_an_address_is_said_without_repeating_it() -> None:
    told = problem(DASHBOARD_URL="https://me:hunter2@dashboard.example.org/")

    assert told == "DASHBOARD_URL holds a user name or password, expected an address such as https://example.org/"


@pytest.mark.parametrize(
    "variables",
    [{"DATABASE_SECRET_ARN": "hunter2"}, {"INPUT_TOPIC": "me:hunter2@broker"}, {"DASHBOARD_URL": "hunter2"}],
)
def test_a_password_in_the_wrong_place_is_not_repeated(variables: dict[str, str]) -> None:
    assert "hunter2" not in problem(**variables)


def test_a_kind_of_ones_own_needs_a_parser_and_words() -> None:
    @dataclass(frozen=True)
    class Own:
        pair: Annotated[list[str], Variable("PAIR", Kind("two words", str.split))]

    assert read_environment(Own, {"PAIR": "a b"}).pair == ["a", "b"]


def test_a_misspelt_variable_that_must_be_set_is_named() -> None:
    told = problem(SOURCE_TABLE="", SOURCE_TABEL="sales")

    assert told == "SOURCE_TABLE is not set (found SOURCE_TABEL), expected the name of a table"


def test_a_misspelt_variable_that_need_not_be_set_is_a_problem_and_not_a_default() -> None:
    assert problem(MINIMUM_SCOER="80") == "MINIMUM_SCOER is not a setting, did you mean MINIMUM_SCORE?"


@pytest.mark.parametrize("name", ["MAXIMUM_SCORE", "MINIMUM_SIZE", "DATABASE_HOST", "INPUT", "AWS_REGION"])
def test_variables_of_others_are_no_misspelling(name: str) -> None:
    assert read_environment(Settings, {"SOURCE_TABLE": "sales", name: "80"}) == Settings(table="sales")


def test_a_variable_that_is_set_has_no_misspelling_beside_it() -> None:
    environment = {"SOURCE_TABLE": "sales", "MINIMUM_SCORE": "70", "MINIMUM_SCORES": "80"}

    assert read_environment(Settings, environment).score == 70.0
