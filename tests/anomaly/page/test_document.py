"""The page as HTML: nothing from outside, nothing that runs but what its policy names, no text that becomes markup."""

import base64
import hashlib
import json
import math
import re
from html.parser import HTMLParser

import pytest
from page_content import content

from anomaly.page.chart import chart_specification
from anomaly.page.document import carried_page, escaped_json, linked_script, modules, served_files, vega

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u2028 {{scripts}} & \\u003c"


class Elements(HTMLParser):
    """Every element with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in {"script", "style", "title"} and data.strip():
            self.texts.append((self.found[-1][0], data))


@pytest.fixture(scope="module")
def page() -> str:
    return carried_page(content(HOSTILE))


def test_hostile_texts_add_no_element(page: str) -> None:
    tags = [tag for tag, _ in Elements(page).found]

    assert tags.count("script") == 3
    assert "img" not in tags
    assert tags.count("title") == 1


def test_hostile_texts_arrive_unchanged(page: str) -> None:
    elements = Elements(page)
    settings = json.loads(next(text for tag, text in elements.texts if text.startswith('{"chart"')))
    info = settings["carried"]["series"][0]["info"]

    assert dict(info["dimensions"]) == {"p": HOSTILE, HOSTILE: "x"}
    assert info["detector"] == HOSTILE
    assert ("title", HOSTILE) in elements.texts


def test_the_policy_allows_the_pages_own_scripts_and_style_and_nothing_else(page: str) -> None:
    elements = Elements(page)
    policy = next(
        attributes["content"] or ""
        for tag, attributes in elements.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    def hashes(tag: str) -> set[str]:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found}

    assert rules.pop("default-src") == "'none'"
    assert set(rules.pop("script-src").split()) == hashes("script")
    assert {rules.pop("style-src")} == hashes("style")
    assert rules == {"img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}


def test_nothing_on_the_page_points_elsewhere(page: str) -> None:
    addresses = [
        value
        for tag, attributes in Elements(page).found
        for name, value in attributes.items()
        if name in {"src", "href", "action", "srcset", "data"} and value
    ]

    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?(?!data:)[a-z]+:", page.partition("</style>")[0])


def test_a_number_that_is_not_finite_is_null() -> None:
    text = next(
        text for _, text in Elements(carried_page(content(value=math.nan))).texts if text.startswith('{"chart"')
    )
    carried = json.loads(text, parse_constant=pytest.fail)["carried"]

    assert carried["series"][0]["columns"]["value"] == [14.0, 15.0, None]
    assert carried["overview"]["alerts"][0]["value"] is None


def test_the_served_page_names_its_own_files_only() -> None:
    files = served_files("A & B", 5.0)
    links = [
        attributes.get("src") or attributes.get("href")
        for tag, attributes in Elements(files[""].text).found
        if tag in {"script", "link"}
    ]

    assert [link for link in links if link and not link.startswith("data:")] == ["style.css", "vega.js", "main.js"]
    assert set(files) == {"", "style.css", "vega.js", *modules()}


def test_our_script_makes_no_markup_and_evaluates_nothing() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*[\"']"

    assert not re.search(forbidden, linked_script())


@pytest.mark.parametrize("text", ["</script>", "<!--", "\u2028", "&", "<SCRIPT"])
def test_json_between_script_tags_reads_the_same_and_holds_nothing_special(text: str) -> None:
    escaped = escaped_json(text)

    assert json.loads(escaped) == text
    assert not set(escaped) & set("<>&\u2028\u2029")


def test_no_script_holds_what_would_end_it() -> None:
    assert not re.search(r"</?script|<!--", vega() + linked_script(), re.IGNORECASE)


def test_every_parameter_that_the_page_sets_is_in_the_chart() -> None:
    names = {parameter["name"] for parameter in chart_specification()["params"]}
    used = set(re.findall(r'signal\("(\w+)"', linked_script())) - {"width"}
    listed = re.search(r"for \(const name of \[(.*?)\]", linked_script())

    assert listed is not None
    assert used | set(json.loads(f"[{listed[1]}]")) == names


def test_every_data_set_that_the_page_fills_is_in_the_chart() -> None:
    assert set(re.findall(r'view\.data\("(\w+)"', linked_script())) == set(chart_specification()["datasets"])
