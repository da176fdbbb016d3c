"""The page as HTML: one file that carries everything, or a frame that a server fills.

Both forbid by policy whatever they do not need: nothing is loaded from elsewhere, and no text is ever run as code.
"""

import base64
import functools
import hashlib
import html
import re
from collections.abc import Mapping
from importlib import resources

import msgspec
import vl_convert

from dashboard.chart import chart_specification
from dashboard.snapshot import Snapshot

__all__ = ["POLICY", "application", "carried_page", "served_page", "style", "vega"]

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""The content security policy of the served page."""

_SCRIPTS = ("text.js", "points.js", "data.js", "chart.js", "picker.js", "alerts.js", "app.js")
_BREAKS_OUT = re.compile("[<>&\u2028\u2029]")


def carried_page(snapshot: Snapshot) -> str:
    """Write the page with its data in it; it asks nobody for anything."""
    scripts = (vega(), application())
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(map(_hash, scripts)),
        "style-src": _hash(style()),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    settings = {"chart": chart_specification(), "snapshot": snapshot}
    return _fill(
        title=snapshot.overview.title,
        policy=f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy_text(policy))}">',
        style=f"<style>{style()}</style>",
        scripts="\n".join([_settings(settings), *(f"<script>{script}</script>" for script in scripts)]),
    )


def served_page(title: str, refresh_seconds: float) -> str:
    """Write the page without data; its scripts, style and data lie beside it.

    Parameters
    ----------
    title
        What the page is called.
    refresh_seconds
        How often it asks for news.
    """
    settings = {"chart": chart_specification(), "snapshot": None, "refresh": refresh_seconds}
    return _fill(
        title=title,
        policy="",
        style='<link rel="stylesheet" href="style.css">',
        scripts="\n".join(
            [_settings(settings), '<script src="vega.js" defer></script>', '<script src="app.js" defer></script>']
        ),
    )


def policy_text(policy: Mapping[str, str]) -> str:
    """Write a policy as a header has it."""
    return "; ".join(f"{name} {value}" for name, value in policy.items())


@functools.cache
def vega() -> str:
    """Give the Vega, Vega-Lite and Vega-Embed that Altair's specification is made for, as one script."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return re.sub("<(?=!--|/?script)", r"\\x3c", bundle, flags=re.IGNORECASE)


@functools.cache
def application() -> str:
    """Give our own script."""
    return "(() => {\n'use strict';\n" + "\n".join(_web(name) for name in _SCRIPTS) + "})();\n"


@functools.cache
def style() -> str:
    """Give the style sheet."""
    return _web("style.css")


def escape_json(data: bytes) -> str:
    r"""Make JSON safe between script tags, whatever text is in it.

    >>> escape_json(b'"</script>"')
    '"\\u003c/script\\u003e"'
    """
    return _BREAKS_OUT.sub(lambda found: f"\\u{ord(found[0]):04x}", data.decode())


def _settings(settings: Mapping[str, object]) -> str:
    return f'<script type="application/json" id="settings">{escape_json(msgspec.json.encode(settings))}</script>'


def _fill(*, title: str, policy: str, style: str, scripts: str) -> str:
    values = {"title": html.escape(title), "policy": policy, "style": style, "scripts": scripts}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], _web("page.html"))


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _web(name: str) -> str:
    return resources.files("dashboard").joinpath("web", name).read_text("utf-8")
