"""What `docs/alerts.md` says is what the function does."""

import re
from pathlib import Path

from alert_records import alert, spike
from test_wording import CASES

from notify_lambda.alerts import REASONS
from notify_lambda.message import compose
from notify_lambda.settings import Settings
from readers.environment import variables

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")


def code_block(heading: str) -> str:
    match = re.search(rf"{re.escape(heading)}\n\n```\n(.*?)\n```", PAGE, re.DOTALL)
    assert match
    return match[1]


def first_cells(heading: str) -> list[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_the_page_shows_the_email_that_the_code_writes() -> None:
    wording = CASES["spike"]

    assert code_block("An e-mail:") == f"Subject: {wording.subject()}\n\n{wording.email().rstrip()}"


def test_the_page_shows_the_sms_that_the_code_writes() -> None:
    assert code_block("An SMS, of at most 160 characters of the SMS alphabet:") == CASES["spike"].sms()


def test_the_page_lists_every_variable_that_is_read() -> None:
    assert sorted(first_cells("Settings")) == sorted(variable.name for variable in variables(Settings))


def test_the_page_lists_every_attribute() -> None:
    assert set(first_cells("Who gets what")) == set(compose(alert(spike()), None).attributes)


def test_the_page_explains_every_reason_as_the_code_does() -> None:
    for reason, meaning in REASONS.items():
        assert f"| `{reason}` | {meaning} |" in PAGE
    assert first_cells("Dead letters") == list(REASONS)
