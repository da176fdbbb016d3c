"""The page as HTML: one file that carries everything, or the files of a page that a server fills.

Both forbid by policy whatever they do not need: nothing is loaded from elsewhere, and no text is ever run as code.
"""

import base64
import functools
import hashlib
import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import resources
from typing import Any

import vl_convert

from anomaly.page.chart import chart_specification
from anomaly.page.content import PageContent
from anomaly.page.modules import link, modules_in_order

SERVED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy that a server sends along with the page."""

_MAIN = "main.js"
_BREAKS_OUT = re.compile("[<>&\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file of the served page, and its media type."""

    text: str
    media_type: str


def carried_page(content: PageContent) -> str:
    """Write the page with its content in it; it asks nobody for anything."""
    style, code = static_part("style.css"), (vega(), linked_script())
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, code))}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    settings = {"chart": chart_specification(), "carried": content, "refresh": None}
    return _fill(
        title=content.overview.title,
        policy=f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
        style=f"<style>{style}</style>",
        scripts="\n".join([_settings(settings), *(f"<script>{each}</script>" for each in code)]),
    )


def served_files(title: str, refresh_seconds: float) -> dict[str, ServedFile]:
    """Write the page without content: all its files by their path, the page itself at the empty one.

    The page asks the server for `api/overview`, `api/series`, `api/alerts` and `api/chart`.

    Parameters
    ----------
    title
        What the page is called.
    refresh_seconds
        How often it asks for news.
    """
    settings = {"chart": chart_specification(), "carried": None, "refresh": refresh_seconds}
    frame = _fill(
        title=title,
        policy="",
        style='<link rel="stylesheet" href="style.css">',
        scripts="\n".join(
            [
                _settings(settings),
                '<script src="vega.js" defer></script>',
                f'<script type="module" src="{_MAIN}"></script>',
            ]
        ),
    )
    return {
        "": ServedFile(frame, "text/html"),
        "style.css": ServedFile(static_part("style.css"), "text/css"),
        "vega.js": ServedFile(vega(), "text/javascript"),
        **{name: ServedFile(text, "text/javascript") for name, text in modules().items()},
    }


@functools.cache
def vega() -> str:
    """Give the Vega, Vega-Lite and Vega-Embed that Altair's specification is made for, as one script."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return re.sub("<(?=!--|/?script)", r"\\x3c", bundle, flags=re.IGNORECASE)


@functools.cache
def modules() -> dict[str, str]:
    """Give our own scripts, by file name."""
    return modules_in_order(_MAIN, static_part)


@functools.cache
def linked_script() -> str:
    """Give our own scripts as one."""
    return link(modules())


@functools.cache
def static_part(name: str) -> str:
    """Read a file of the page."""
    return resources.files("anomaly.page").joinpath("static", name).read_text("utf-8")


def escaped_json(value: object) -> str:
    r"""Write JSON that is safe between script tags, whatever text is in it; numbers that are not finite become null.

    >>> escaped_json(["</script>", float("nan")])
    '["\\u003c/script\\u003e",null]'
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _BREAKS_OUT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON has, and records
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


def _settings(settings: Mapping[str, object]) -> str:
    return f'<script type="application/json" id="settings">{escaped_json(settings)}</script>'


def _fill(*, title: str, policy: str, style: str, scripts: str) -> str:
    values = {"title": html.escape(title), "policy": policy, "style": style, "scripts": scripts}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], static_part("page.html"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
