"""One page of pictures: what was found, what was missed, and the alerts that nobody labelled."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.quality import contenders, episodes, sets, windows
from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import FloatArray, Series, runs

_WIDTH, _HEIGHT = 560.0, 170.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 8.0, 8.0, 20.0
_AROUND = 120
"""Points shown before and after, at least."""
_MOST = 1200
_EACH = 12
"""Pictures of a kind in a set."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #6a737d; --paper: #fff; --line: #24506e; --band: #9cc3dd66;
  --label: #f2b13444; --alert: #c8321f; --edge: #d7dce1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7eb; --faint: #98a2ad; --paper: #14181c; --line: #8cc4ea;
  --band: #3c6f9166; --label: #f2b13433; --alert: #ff7a66; --edge: #333b43; } }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 24px; }
h1 { font-size: 20px; } h2 { font-size: 16px; margin-top: 32px; } p { max-width: 75ch; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(430px, 1fr)); gap: 14px; }
figure { margin: 0; border: 1px solid var(--edge); border-radius: 6px; padding: 8px; }
figcaption { font-size: 12px; color: var(--faint); } figcaption b { color: var(--ink); font-weight: 600; }
figcaption .why { color: var(--alert); display: block; }
svg { width: 100%; height: auto; display: block; } text { font: 10px system-ui, sans-serif; fill: var(--faint); }
.band { fill: var(--band); } .values { fill: none; stroke: var(--line); stroke-width: 1.2; }
.label { fill: var(--label); } .alert { fill: var(--alert); } .rule { stroke: var(--edge); }
"""


@dataclass(frozen=True)
class _Scene:
    """Rows worth a look; `at` is the row of an alert, or the first row of a window that has none."""

    kind: str
    at: int
    first: int
    last: int


def page() -> str:
    """Return the page: hits, misses and false alerts of our detector on the sets that ship with the project."""
    shown = [one for one in sets.shipped() if not one.name.startswith(sets.TWIN) and one.step in {None, 1, 10}]
    parts = ["".join(_of_set(one)) for one in shown]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Hits, misses, false alerts</title><style>{_STYLE}</style>"
        "<h1>Hits, misses and false alerts</h1><p>The line is the series, the blue area the expected band, the yellow "
        "area what people labelled (in NAB: the window in which an alert counts), a red mark an alert, with its reason "
        f"below. Of each kind up to {_EACH} are shown, evenly spread over the set.</p>{''.join(parts)}</html>\n"
    )


def _of_set(labelled: sets.Set) -> Iterator[str]:
    scenes: dict[str, list[tuple[Series, Verdicts, _Scene]]] = {"found": [], "missed": [], "nobody labelled": []}
    for series in labelled.series():
        verdicts = contenders.ours(series)
        for scene in _scenes(series, verdicts, labelled):
            scenes[scene.kind].append((series, verdicts, scene))
    step = f", {labelled.step} min" if labelled.step else ""
    for kind, found in scenes.items():
        yield f"<h2>{html.escape(labelled.name)}{step}: {kind}, {len(found)}</h2><div class=grid>"
        for k in np.unique(np.linspace(0, len(found) - 1, _EACH).astype(np.int64)) if found else ():
            yield _figure(*found[k])
        yield "</div>"


def _scenes(series: Series, verdicts: Verdicts, labelled: sets.Set) -> Iterator[_Scene]:
    """Yield what the set's own scorer counts, each once."""
    assert verdicts.alert is not None  # noqa: S101 # ours has alerts
    rows = len(series.times)
    step = labelled.step or 1
    first = windows.probation(rows) if labelled.windowed else episodes.PROBATION // step
    before, after, grace = (0, 0, 0) if labelled.windowed else episodes.margins(step)
    alerts = np.flatnonzero(verdicts.alert)
    alerts = alerts[alerts >= first]
    for a, b in series.windows:
        if (b if labelled.windowed else a) < first:
            continue
        inside = alerts[(alerts >= a - before) & (alerts <= b + after)]
        yield _Scene("found", int(inside[0]), a, b) if inside.size else _Scene("missed", a, a, b)
    near = np.zeros(rows, dtype=np.bool_)
    for a, b in series.windows:
        near[max(a - before, 0) : b + grace + 1] = True
    counted = np.zeros(rows, dtype=np.bool_)
    counted[alerts] = True
    for a, b in runs(counted):
        if not near[a : b + 1].any():
            yield _Scene("nobody labelled", a, a, b)


def _figure(series: Series, verdicts: Verdicts, scene: _Scene) -> str:
    when = datetime.fromtimestamp(series.times[scene.at], UTC).strftime("%a %d %b %Y %H:%M")
    reason = verdicts.reason(scene.at) if scene.kind != "missed" else None
    why = f"<span class=why>{html.escape(reason)}</span>" if reason else ""
    return (
        f"<figure>{_chart(series, verdicts, scene)}<figcaption><b>{html.escape(series.name)}</b> {when}{why}"
        "</figcaption></figure>"
    )


def _chart(series: Series, verdicts: Verdicts, scene: _Scene) -> str:
    assert verdicts.alert is not None and verdicts.lower is not None and verdicts.upper is not None  # noqa: S101, PT018
    around = min(max(_AROUND, scene.last - scene.first), _MOST // 2)
    low_row, high_row = max(scene.first - around, 0), min(scene.last + around, len(series.times) - 1)
    if high_row - low_row > _MOST:  # a window of days: what lies around its alert
        low_row, high_row = max(scene.at - _MOST // 2, 0), min(scene.at + _MOST // 2, len(series.times) - 1)
    part = slice(low_row, high_row + 1)
    values = series.values[part]
    band = np.concatenate([verdicts.lower[part], verdicts.upper[part]])
    # A band that is wide while little is known must not flatten the values.
    span = np.nanmax(values) - np.nanmin(values)
    seen = np.clip(band[~np.isnan(band)], np.nanmin(values) - span / 2, np.nanmax(values) + span / 2)
    low, high = float(min(np.nanmin(values), *seen[:1], seen.min(initial=np.inf))), float(np.nanmax(values))
    high = max(high, float(seen.max(initial=-np.inf)))
    height = high - low or 1.0
    x = _LEFT + np.arange(len(values)) * (_WIDTH - _LEFT - _RIGHT) / max(len(values) - 1, 1)

    def y(numbers: FloatArray) -> FloatArray:
        inside = np.clip(numbers, low - height, high + height)
        return _TOP + (1 - (inside - low) / height) * (_HEIGHT - _TOP - _BOTTOM)

    shapes = [
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img"><defs><clipPath id="c"><rect x="{_LEFT}" y="0" '
        f'width="{_WIDTH - _LEFT}" height="{_HEIGHT - _BOTTOM}"/></clipPath></defs><g clip-path="url(#c)">'
    ]
    for a, b in series.windows:
        if b >= low_row and a <= high_row:
            left, right = x[max(a, low_row) - low_row], x[min(b, high_row) - low_row]
            shapes.append(
                f'<rect class="label" x="{left:.1f}" y="0" width="{max(right - left, 2):.1f}" height="{_HEIGHT}"/>'
            )
    shapes += [
        _area(x[a : b + 1], y(verdicts.lower[part][a : b + 1]), y(verdicts.upper[part][a : b + 1]))
        for a, b in runs(~np.isnan(verdicts.lower[part]))
    ]
    shapes += [
        f'<polyline class="values" points="{_points(x[a : b + 1], y(values[a : b + 1]))}"/>'
        for a, b in runs(~np.isnan(values))
    ]
    marks = np.flatnonzero(verdicts.alert[part])
    shapes += [f'<circle class="alert" cx="{x[i]:.1f}" cy="{y(values[i : i + 1])[0]:.1f}" r="3.2"/>' for i in marks]
    shapes.append("</g>")
    for number in (low, high):
        shapes.append(
            f'<text x="{_LEFT - 4}" y="{y(np.array([number]))[0] + 3:.1f}" text-anchor="end">{number:.4g}</text>'
        )
    for row, anchor in ((low_row, "start"), (high_row, "end")):
        text = datetime.fromtimestamp(series.times[row], UTC).strftime("%d %b %H:%M")
        shapes.append(f'<text x="{x[row - low_row]:.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{text}</text>')
    return "".join(shapes) + "</svg>"


def _area(x: FloatArray, lower: FloatArray, upper: FloatArray) -> str:
    return f'<polygon class="band" points="{_points(x, upper)} {_points(x[::-1], lower[::-1])}"/>'


def _points(x: FloatArray, y: FloatArray) -> str:
    pairs: Sequence[tuple[float, float]] = list(zip(x.tolist(), y.tolist(), strict=True))
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)
