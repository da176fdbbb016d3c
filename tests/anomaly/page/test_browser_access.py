"""The page in Chromium: with a keyboard, a screen reader, a phone, in light and dark."""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from browsing import Browsing, open_full, shown, view_data
from playwright.sync_api import expect

from anomaly.page import SeriesHistory

pytestmark = pytest.mark.browser

NAMELESS = """() => [...document.querySelectorAll('button, input, [role], section, table')].filter((one) => {
  if (one.closest('[hidden], [aria-hidden=true]') || one.matches('li, #announcer')) return false;
  const text = (id) => document.getElementById(id)?.textContent;
  const by = (one.getAttribute('aria-labelledby') ?? '').split(' ').map(text).join('');
  return !(by || one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent).trim();
}).map((one) => one.outerHTML.slice(0, 80))"""

REFERENCES = """['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'].flatMap((name) =>
  [...document.querySelectorAll(`[${name}]`)].flatMap((one) => one.getAttribute(name).split(' ')))"""

# WCAG 2: relative luminance, and the contrast of every visible text with the ground it stands on.
CONTRAST = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => colour.slice(0, 3).map((part) => linear(part / 255))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !one.checkVisibility()) continue;
    if (one.closest('script, .hidden, .skip, button:disabled')) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(parse(one.closest('svg') ? style.fill : style.color)), light(ground(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    if (contrast < 4.5) poor.push([one.textContent.slice(0, 40), contrast]);
  }
  return { poor, seen };
}"""

SMALL = """[...document.querySelectorAll('button:not(.link), input, summary')]
  .filter((one) => one.checkVisibility() && (one.closest('label') ?? one).getBoundingClientRect().height < 20)
  .map((one) => one.outerHTML.slice(0, 60))"""


def test_everything_can_be_done_with_the_keyboard(browsing: Browsing, shop: str, sales: list[SeriesHistory]) -> None:
    page = open_full(browsing, shop)
    names = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id || document.activeElement.className")
        names += [name] if names[-1:] != [name] else []  # the parts of a date are stops of their own
        if name == "alert":
            break
    wanted = ["skip", "theme", "picker-input", "from", "to", "cursor", "only", "alert"]

    assert [name for name in names if name in wanted] == wanted
    page.keyboard.press("Enter")
    expect(page.locator("#cursor")).to_be_focused()
    item_a = sales[0]
    newest = int(np.flatnonzero(item_a.alert)[-1])
    slider = page.get_by_role("slider", name="Point in time")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"22:00; {shown(item_a.value[newest])}; .*alert"))
    page.keyboard.press("ArrowLeft")
    earlier = shown(item_a.value[newest - 1])
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"21:59; {earlier}; expected"))
    page.keyboard.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("; alert"))
    count = len(view_data(page, "rows"))
    page.keyboard.press("+")
    expect(page.locator("#values summary")).not_to_contain_text(f"({count} rows)")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")


def test_a_screen_reader_meets_names_for_everything(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop)
    nameless = page.evaluate(NAMELESS)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    references = page.evaluate(REFERENCES)

    assert nameless == []
    assert len(ids) == len(set(ids))
    assert set(references) <= set(ids)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1
    levels = [int(tag[1]) for tag in page.locator("h1, h2, h3").evaluate_all("all => all.map(one => one.tagName)")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    told = re.compile(r"between \d+ and \d+; (\d+ alerts?, the last .* score \d+|no alert)")
    expect(page.locator("#summary")).to_contain_text(told)
    expect(page.locator("#vega")).to_have_attribute("aria-hidden", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browsing: Browsing, shop: str, scheme: Any) -> None:  # noqa: ANN401
    page = open_full(browsing, shop, color_scheme=scheme)
    page.locator(".alert").first.click()
    page.locator("#values summary").click()
    expect(page.locator("#values-body tr")).not_to_have_count(0)
    contrast = page.evaluate(CONTRAST)

    assert contrast["seen"] > 100
    assert contrast["poor"] == []


def test_dark_is_dark_and_the_button_overrules_the_system(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark, ink = page.evaluate(ground), page.evaluate("testView.signal('ink')")
    page.get_by_role("button", name="Light or dark: automatic").click()

    assert dark == "rgb(17, 21, 26)"
    assert page.evaluate(ground) == "rgb(246, 245, 242)"
    assert page.evaluate("testView.signal('ink')") != ink


def test_a_chart_that_is_not_drawn_anew_yet_does_not_widen_the_page(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop, width=390, height=844)
    page.evaluate("document.querySelector('#vega svg').setAttribute('width', '997')")

    assert page.evaluate("document.querySelector('#vega svg').getBoundingClientRect().width") == 997
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_phone_shows_it_all_without_scrolling_sideways(browsing: Browsing, shop: str) -> None:
    page = open_full(browsing, shop, width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("#values summary").tap()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    chart = page.locator("#vega svg").bounding_box()
    assert chart is not None
    assert chart["width"] > 300
    page.locator(".alert").first.tap()
    expect(page.locator("#readout")).to_contain_text("alert")
    expect(page.locator("#plot")).to_be_in_viewport(ratio=0.9)
    assert page.evaluate(SMALL) == []
