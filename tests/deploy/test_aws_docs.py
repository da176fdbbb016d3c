"""The pages about AWS say what the templates and the command have."""

import re
from pathlib import Path

import pytest
from stacks_under_test import BOOKSTORE, resources_of

from deploy.cli import main
from deploy.plan import FIXED
from deploy.tables import input_table, role_table
from deploy.template import DETECTOR, FOUNDATION, parse

DOCS = Path(__file__).parents[2] / "docs"
AWS = (DOCS / "aws.md").read_text("utf-8")
SECURITY = (DOCS / "security.md").read_text("utf-8")


def test_the_table_of_roles_is_what_the_templates_grant() -> None:
    assert role_table([parse(path.read_text("utf-8")) for path in (DETECTOR, FOUNDATION)]) in SECURITY


def test_the_tables_of_parameters_are_those_of_the_template() -> None:
    assert input_table(parse(DETECTOR.read_text("utf-8"))) in AWS
    for name in parse(FOUNDATION.read_text("utf-8"))["Parameters"]:
        assert f"`{name}`" in AWS


def test_every_alarm_is_listed_with_what_it_says() -> None:
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", AWS, re.M))
    alarms = {
        resource["Properties"]["AlarmName"].removeprefix("anomaly-bookstore-"): resource["Properties"][
            "AlarmDescription"
        ]
        .replace("bookstore", "NAME")
        .replace(BOOKSTORE["DeadLetterTopic"], "DeadLetterTopic")
        for resource in resources_of("bookstore").values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert {name: listed.get(name) for name in alarms} == alarms


def test_every_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.M)

    assert {"package", "up", "update", "diff", "status", "down", "render", "roles", "inputs"} == set(commands)
    for command in commands:
        assert f"`{command}`" in AWS + SECURITY or f"deploy {command}" in AWS + SECURITY


def test_the_clusters_policy_is_the_one_of_the_template() -> None:
    statement = resources_of("largest")["ClusterPolicy"]["Properties"]["Policy"]["Statement"][0]

    assert f'"Action": "{statement["Action"]}"' in AWS
    assert statement["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert '"Principal": {"Service": "firehose.amazonaws.com"}' in AWS


def test_what_an_update_refuses_is_what_the_state_refuses() -> None:
    upgrading = (DOCS / "upgrading.md").read_text("utf-8")
    refused = set()
    for names, verdict in re.findall(r"^\| (`[^|]*) \| ([a-z ]+) \|", upgrading, re.M):
        if verdict == "no":
            refused |= set(re.findall("`([^`]+)`", names))
    groups = parse(DETECTOR.read_text("utf-8"))["Resources"]["Application"]["Properties"]["ApplicationConfiguration"]
    properties = {
        key: re.findall(r"'Ref': '(\w+)'", str(value))
        for group in groups["EnvironmentProperties"]["PropertyGroups"]
        for key, value in group["PropertyMap"].items()
    }

    assert {name for key in refused for name in properties[key]} - {"AWS::NoValue"} == set(FIXED)
