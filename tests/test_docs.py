"""The documentation says what the code does."""

import importlib
import pkgutil
import re
from fractions import Fraction
from pathlib import Path

import pytest
from properties_text import BOOKSTORE, text_of

from anomaly import kernels
from deploy.package.contents import FLINK
from flink_job.properties import JobSettings, PropertiesError, parse_properties

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def documented_properties() -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for group, keys in re.findall(r"^\| (topics|detector|job) \| ([^|]*) \|", (DOCS / "job.md").read_text(), re.M):
        groups.setdefault(group, set()).update(re.findall(r"`([^`]+)`", keys))
    return groups


def allowed_keys(group: str) -> set[str]:
    """Ask the parser itself, by way of its error on an unknown key."""
    try:
        parse(**{group: {"no.such.key": "1"}})
    except PropertiesError as error:
        return set(re.findall(r"[a-z]+(?:\.[a-z]+)*", str(error).rpartition("allowed: ")[2]))
    msg = "an unknown key must be an error"
    raise AssertionError(msg)


def parse(**changed: dict[str, str]) -> JobSettings:
    groups = {**BOOKSTORE, "job": {}}
    return parse_properties(text_of({name: {**group, **changed.get(name, {})} for name, group in groups.items()}))


def test_every_property_is_documented_and_every_documented_property_exists() -> None:
    documented = documented_properties()

    assert set(documented) == {"topics", "detector", "job"}
    for group, keys in documented.items():
        assert keys == allowed_keys(group)


def test_the_example_properties_are_accepted() -> None:
    example = re.search(r"```json\n(.*?)```", (DOCS / "job.md").read_text(), re.S)

    assert example is not None
    assert parse_properties(example[1]).detector.name == "bookstore"


def test_every_reason_of_a_dead_letter_is_documented_in_the_order_of_the_checks() -> None:
    java = (ROOT / "flink_job/java/src/main/java/org/anomaly/flink/parse/Reason.java").read_text()
    _, table = (DOCS / "contracts.md").read_text().split("| reason | meaning |")

    reasons = [name.lower() for name in re.findall(r"^    ([A-Z0-9_]+)[,;]$", java, re.M)]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == [reason for reason in reasons if reason != "late"]


def documented_constants() -> dict[str, list[float]]:
    rows = re.findall(r"^\| \w* ?\| `([A-Z_0-9]+)` \| ([^|]+) \|", (DOCS / "algorithm.md").read_text(), re.M)
    return {name: [float(Fraction(number)) for number in value.split(", ")] for name, value in rows}


def test_every_constant_of_the_algorithm_page_is_the_kernels_own() -> None:
    names = [module.name for module in pkgutil.iter_modules(kernels.__path__) if module.name != "trees"]
    modules = [importlib.import_module(f"anomaly.kernels.{name}") for name in names]
    used = {name: value for module in modules for name, value in vars(module).items()}

    documented = documented_constants()

    assert len(documented) > 100
    for name, values in documented.items():
        assert name in used, f"docs/algorithm.md has {name}, no kernel has"
        own = used[name] if isinstance(used[name], tuple) else [used[name]]
        assert values == pytest.approx(list(own), rel=1e-4), name


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}, which has no such heading"


def test_every_file_that_the_page_for_contributors_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = [path for path in re.findall(r"`([\w./]+)`", text) if "/" in path and "NAME" not in path]
    classes = re.findall(r"`(\w+\.java)`", text)

    assert len(paths) > 20
    for path in paths:
        assert (ROOT / path).exists(), f"CONTRIBUTING.md names {path}"
    for name in classes:
        assert list((ROOT / "flink_job" / "java" / "src").rglob(name)), f"CONTRIBUTING.md names {name}"


@pytest.mark.parametrize("page", ["job.md", "running-on-flink.md", "packaging.md"])
def test_the_pages_name_every_package_that_the_job_needs(page: str) -> None:
    names = re.compile(r"`anomaly`,\s`contracts`,\s`flink_job`(?:,| and) `readers`")

    assert FLINK.parts == ("anomaly", "contracts", "flink_job", "readers")
    assert names.search((DOCS / page).read_text("utf-8"))
