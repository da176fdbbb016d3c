"""The pages about AWS say what the templates and the command have."""

import re
from pathlib import Path

import pytest
from stacks_under_test import BOOKSTORE, resources_of

from deploy.cli import main
from deploy.tables import input_table, role_table
from deploy.template import detector_template, foundation_template, parse
from flink_job.state_terms import STATE_TERMS

DOCS = Path(__file__).parents[2] / "docs"
AWS = (DOCS / "aws.md").read_text("utf-8")
SECURITY = (DOCS / "security.md").read_text("utf-8")


def test_the_table_of_roles_is_what_the_templates_grant() -> None:
    assert role_table([parse(detector_template()), parse(foundation_template())]) in SECURITY


def test_the_tables_of_parameters_are_those_of_the_template() -> None:
    assert input_table(parse(detector_template())) in AWS
    for name in parse(foundation_template())["Parameters"]:
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

    assert {"package", "cost", "up", "update", "diff", "status", "down", "template", "roles", "inputs"} == set(commands)
    for command in commands:
        assert f"`{command}`" in AWS + SECURITY or f"deploy {command}" in AWS + SECURITY


def test_the_clusters_policy_is_the_one_of_the_template() -> None:
    statement = resources_of("largest")["ClusterPolicy"]["Properties"]["Policy"]["Statement"][0]

    assert f'"Action": "{statement["Action"]}"' in AWS
    assert statement["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert '"Principal": {"Service": "firehose.amazonaws.com"}' in AWS


def test_what_may_not_change_with_state_is_what_the_state_depends_on() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| no \|", (DOCS / "upgrading.md").read_text("utf-8"), re.M)
    refused = {name for names in rows for name in re.findall("`([^`]+)`", names)}

    assert refused == {term.partition(".")[2] for term in STATE_TERMS}
