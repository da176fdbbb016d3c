import base64
import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from devstack.stack import Stack
from harness.cli import main
from harness.invocation import InProcessFunction
from harness.trial import try_firehose_handler

PAGE = Path(__file__).parents[2] / "docs" / "harness.md"


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)


def test_the_first_example_of_the_documentation_is_true() -> None:
    example = examples()[0]
    assert example.count("assert") == 2
    exec(compile(example, str(PAGE), "exec"), {})  # noqa: S102 - our own documentation


@pytest.mark.kafka
def test_the_example_with_a_broker_runs(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.stack.running_stack", lambda: nullcontext(stack))  # one broker is enough
    exec(compile(examples()[1], str(PAGE), "exec"), {})  # noqa: S102 - our own documentation
    assert capsys.readouterr().out == "Triggered(records=0, invocations=0, failures=0, discarded=0)\n"


@pytest.mark.parametrize("command", ["kafka-trigger", "firehose", "scheduler"])
def test_every_option_in_the_documentation_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    text = PAGE.read_text("utf-8").replace("\\\n", " ")
    (call,) = re.findall(rf"-m harness {command} (.*)", text)
    assert set(re.findall(r"--[a-z-]+", call)) <= known


def test_a_transform_function_is_tried_on_values() -> None:
    def shout(event: dict[str, list[dict[str, str]]], _context: object) -> object:
        answers = []
        for record in event["records"]:
            text = base64.b64decode(record["kafkaRecordValue"])
            data = base64.b64encode(text.upper()).decode()
            answers.append({"recordId": record["recordId"], "result": "Ok", "kafkaRecordValue": data})
        return {"records": answers[:1]}

    first, second = try_firehose_handler(InProcessFunction(shout), [b"a", b"b"])
    assert (first.kind, first.data) == ("Ok", b"A")
    assert (second.kind, second.error_code) == ("ProcessingFailed", "Lambda.MissingRecordId")
