"""The command line of the benchmarks, and the page that it brings up to date."""

import json
from pathlib import Path

import pytest

from benchmarks import detector
from benchmarks.__main__ import machine, main, updated

PAGE = """# Figures

<!-- python -m benchmarks forest -->

```text
old forest
```

<!-- python -m benchmarks detector -->

```text
old detector
```
"""


def test_a_table_takes_the_place_of_the_one_under_its_mark_and_of_no_other() -> None:
    assert updated(PAGE, "forest", "new\n  lines \\1") == PAGE.replace("old forest", "new\n  lines \\1")


def test_a_page_without_the_mark_is_left_alone() -> None:
    with pytest.raises(SystemExit, match="the page has no line <!-- python -m benchmarks quality -->"):
        updated(PAGE, "quality", "new")


@pytest.mark.parametrize("name", ["detector", "forest", "quality"])
def test_the_documentation_has_a_place_for_each_table(name: str) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "benchmarks.md").read_text()

    assert "the new table" in updated(page, name, "the new table")


def test_a_page_is_rewritten_and_the_figures_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"points": {"krcf": {"us": {"sales": 50.0}, "median_us": 50.0}, "river": {"missing": "not installed"}}}
    monkeypatch.setattr(detector, "run", lambda _options: figures)
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    assert main(["detector", "--json", "--update", str(page)]) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("machine") == machine()
    assert printed == figures
    assert "old forest" in page.read_text()
    assert "old detector" not in page.read_text()
    assert "river                         not installed" in page.read_text()
