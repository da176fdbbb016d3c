import json
from collections.abc import Callable
from pathlib import Path

import pytest
from triggers import HANDLERS

from harness.cli import main

Refusal = Callable[..., str]


def test_a_simulated_range_is_fired_as_fast_as_the_function_answers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    times = ["--from", "2024-08-29T00:00:00Z", "--to", "2024-08-29T02:00"]
    handler = ["--handler", "sample_handlers:misbehave", "--code", str(HANDLERS)]
    code = main(["scheduler", *handler, *times, "--miss", "0.5", "--log", str(log)])
    told = json.loads(capfd.readouterr().out)
    assert code == 0
    assert 30 < told["invocations"] < 90
    assert log.read_text().count("told to {'time': '2024-08-29T0") == told["invocations"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scheduler", "--handler", "a.b"], "handler must be module:attribute, got 'a.b'"),
        (["scheduler", "--handler", "a:b", "--from", "yesterday"], "'yesterday' is not a time"),
        (["scheduler", "--handler", "a:b", "--from", "2024-08-29"], "--from needs --to"),
        (["scheduler", "--handler", "a:b", "--miss", "2"], "miss must be from 0 to 1, got 2.0"),
        (["kafka-trigger", "--handler", "a:b"], "the following arguments are required: --bootstrap, --group, --topic"),
        (
            ["kafka-trigger", "--handler=a:b", "--bootstrap=x:1", "--group=g", "--topic=t", "--batch-size=0"],
            "batch_size must be from 1 to 10000, got 0",
        ),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(arguments: list[str], message: str, refusal: Refusal) -> None:
    assert message in refusal(main, arguments)


@pytest.mark.parametrize("content", ["[]", '{"A": 1}'])
def test_an_environment_is_a_json_object_of_texts(content: str, tmp_path: Path, refusal: Refusal) -> None:
    file = tmp_path / "environment.json"
    file.write_text(content)
    said = refusal(main, ["scheduler", "--handler", "a:b", "--environment", str(file)])
    assert "--environment must be a JSON object of texts" in said
