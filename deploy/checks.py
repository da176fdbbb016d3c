"""What job and functions will be told, read by their own code before it is deployed."""

import json
from collections.abc import Mapping
from typing import Any

from deploy.errors import DeployError
from deploy.intrinsics import Resolver
from deploy.template import Template
from flink_job.properties import PropertiesError, parse_properties
from flink_job.settings import detector_config, scoring_settings
from ingest_lambda import settings as ingest
from notify_lambda import settings as notify
from readers.errors import SettingsError


def properties_text(application: Mapping[str, Any]) -> str:
    """Write the properties file that Managed Flink will give the job.

    Parameters
    ----------
    application
        The worked-out properties of an `AWS::KinesisAnalyticsV2::Application`.
    """
    return json.dumps(application["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"])


def check_settings(template: Template, resolver: Resolver) -> None:
    """Let job and functions read what the detector's template gives them.

    Parameters
    ----------
    template
        The detector's.
    resolver
        Of the same template, with all its parameters.

    Raises
    ------
    DeployError
        With what each of them objects to, a line each.
    """
    problems = _broken_rules(template, resolver)
    resources = resolver.resources()
    try:
        settings = parse_properties(properties_text(resources["Application"]["Properties"]))
        detector_config(scoring_settings(settings))
    except (PropertiesError, ValueError) as error:
        problems.append(f"the job would not start: {error}")
    if "IngestFunction" in resources:
        try:
            ingest.parse_settings({**_variables(resources["IngestFunction"]), "AWS_LAMBDA_FUNCTION_NAME": "ingest"})
        except SettingsError as error:
            problems.append(f"the ingest function would not start: {error}")
    try:
        notify.parse_settings(_variables(resources["NotifyFunction"]))
    except SettingsError as error:
        problems.append(f"the notify function would not start: {error}")
    if problems:
        msg = "\n  ".join(["parameters:", *problems])
        raise DeployError(msg)


def _broken_rules(template: Template, resolver: Resolver) -> list[str]:
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if resolver.resolve(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not resolver.resolve(assertion["Assert"])
    ]


def _variables(function: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in function["Properties"]["Environment"]["Variables"].items()}
