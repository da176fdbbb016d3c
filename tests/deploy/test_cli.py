import json
from collections.abc import Callable
from pathlib import Path

import pytest
from stacks_under_test import BOOKSTORE_FILE

from deploy.cli import main
from deploy.template import detector_template, foundation_template, quicksight_template


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing here may reach AWS, whoever runs it."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def parameters_file(folder: Path, **changed: str) -> Path:
    file = folder / "detector.json"
    file.write_text(json.dumps({**BOOKSTORE_FILE, **changed}))
    return file


@pytest.mark.parametrize("command", ["up", "update", "diff"])
def test_a_wrong_parameter_is_said_before_aws_is_asked(
    command: str, packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = parameters_file(packages, DecisionThreshold="700")

    assert main([command, "--parameters", str(file), "--packages", str(packages)]) == 1
    assert 'DecisionThreshold is "700", expected a number from 0 to 100' in capsys.readouterr().err


def test_another_region_than_the_clusters_is_refused(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["up", "--parameters", str(parameters_file(packages)), "--packages", str(packages)]

    assert main([*arguments, "--region", "us-east-1"]) == 1
    assert "ClusterArn is in eu-central-1, the session in us-east-1" in capsys.readouterr().err


def test_no_region_and_no_credentials_are_said_in_one_line(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["diff", "--parameters", str(parameters_file(packages)), "--packages", str(packages)]

    assert main(arguments) == 1
    assert main([*arguments, "--region", "eu-central-1"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "deploy: no region is set: give --region, or set AWS_REGION",
        "deploy: Unable to locate credentials",
    ]


def test_missing_packages_are_said_with_how_to_build_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--parameters", str(parameters_file(tmp_path)), "--packages", str(tmp_path)]) == 1
    assert "build them: python -m deploy package" in capsys.readouterr().err


def test_the_detectors_template_has_columns_for_the_dimensions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["template", "--parameters", str(parameters_file(tmp_path))]) == 0
    assert '{"Name": "dim_product_name", "Type": "string", "Comment": "a dimension"}' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ([], detector_template),
        (["detector"], detector_template),
        (["foundation"], foundation_template),
        (["quicksight"], quicksight_template),
    ],
)
def test_each_template_can_be_written_for_those_who_deploy_by_hand(
    name: list[str], template: Callable[[], str], tmp_path: Path
) -> None:
    assert main(["template", *name, "-o", str(tmp_path / "out.yaml")]) == 0
    assert (tmp_path / "out.yaml").read_text() == template()


def test_wrong_usage_has_its_own_exit_code() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["up"])

    assert caught.value.code == 2
