import json
from pathlib import Path

import pytest
from stacks_under_test import BOOKSTORE, CASES

from deploy.errors import DeployError
from deploy.parameters import complete_parameters, read_parameters
from deploy.template import detector_template, parse

TEMPLATE = parse(detector_template())


def test_a_file_may_hold_text_numbers_and_lists(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"A": "x", "B": 70, "C": 0.5, "D": ["a", "b"], "E": True}))

    assert read_parameters(file) == {"A": "x", "B": "70", "C": "0.5", "D": "a,b", "E": "true"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"A": {"b": 1}}', "A is a JSON dict"),
        ('{"A": [1]}', "A is a JSON list"),
        ('{"A": null}', "A is a JSON NoneType"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(content)

    with pytest.raises(DeployError, match=said):
        read_parameters(file)


def test_a_missing_file_points_to_the_example(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"deploy/bookstore\.json is an example"):
        read_parameters(tmp_path / "none.json")


@pytest.mark.parametrize("case", CASES)
def test_defaults_fill_what_is_not_given(case: str) -> None:
    values = complete_parameters(TEMPLATE, CASES[case])

    assert set(values) == set(TEMPLATE["Parameters"])
    assert all(isinstance(value, str) for value in values.values())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DetectorName", "Bookstore", 'DetectorName is "Bookstore", expected at most 40 lower-case'),
        ("DetectorName", "a" * 41, "expected at most 40"),
        ("DetectorName", "../up", "expected at most 40"),
        ("MeasureAggregation", "MEDIAN", "expected one of SUM, AVG, MIN, MAX, COUNT"),
        ("DecisionThreshold", "101", "expected a number from 0 to 100"),
        ("DecisionThreshold", "high", "expected a number from 0 to 100"),
        ("SubnetIds", "10.0.0.0/16", "expected a list such as subnet-"),
        ("ClusterArn", "books", "the ARN of an MSK cluster"),
        ("InputTopic", "no topic", "the name of a topic"),
        ("MeasureField", "m" * 256, "text of at most 255 characters"),
        ("DetectorNam", "x", "no such parameter (did you mean 'DetectorName'?)"),
    ],
)
def test_a_bad_parameter_is_named_with_what_was_found_and_expected(name: str, value: str, said: str) -> None:
    with pytest.raises(DeployError) as caught:
        complete_parameters(TEMPLATE, {**BOOKSTORE, name: value})

    assert said in str(caught.value)


def test_all_problems_come_at_once() -> None:
    given = {**BOOKSTORE, "Parallelism": "0", "AlertPhone": "5551234567"}
    del given["OutputTopic"]

    with pytest.raises(DeployError) as caught:
        complete_parameters(TEMPLATE, given)

    assert [line.split()[0] for line in str(caught.value).splitlines()[1:]] == [
        "OutputTopic",
        "Parallelism",
        "AlertPhone",
    ]
