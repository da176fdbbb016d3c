"""One page of pictures: what was found, what was missed, and the alerts that nobody labelled."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.quality import contenders, episodes, sets, windows
from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import UNKNOWN, FloatArray, Series, runs

_WIDTH, _HEIGHT = 560.0, 170.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 8.0, 8.0, 20.0
_AROUND = 120
"""Points shown before and after, at least."""
_MOST = 1200
_EACH = 12
"""Pictures of a kind in a set."""

_ABOUT = f"""The line is the series, the blue area the expected band, the yellow area what people labelled (in NAB:
the window in which an alert counts), a red mark an alert. The strong mark or area is what the picture is about, the
reason below is that mark's. Of each kind up to {_EACH} are shown, evenly spread over the set."""

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
.label { fill: var(--label); fill-opacity: .5; } .label.meant { fill-opacity: 1; }
.alert { fill: var(--alert); fill-opacity: .55; }
.alert.meant { fill-opacity: 1; stroke: var(--alert); stroke-width: 3; stroke-opacity: .35; }
"""


@dataclass(frozen=True)
class _Scene:
    """Rows worth a look; `at` is the row of an alert, or the first row of a window that has none."""

    kind: str
    at: int
    first: int
    last: int


def page(labelled: Sequence[sets.Set]) -> str:
    """Return the page: hits, misses and false alerts of our detector on the sets, without twins, at two steps."""
    shown = [one for one in labelled if not one.name.startswith(sets.TWIN) and one.step in {None, 1, 10}]
    parts = ["".join(_of_set(one)) for one in shown]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Hits, misses, false alerts</title><style>{_STYLE}</style>"
        f"<h1>Hits, misses and false alerts</h1><p>{_ABOUT}</p>{''.join(parts)}</html>\n"
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
    rows = len(series.times)
    step = labelled.step or 1
    first = windows.probation(rows) if labelled.windowed else episodes.PROBATION // step
    before, after, grace = (0, 0, 0) if labelled.windowed else episodes.margins(step)
    alerts = np.flatnonzero(_array(verdicts.alert))
    alerts = alerts[alerts >= first]
    for a, b in series.windows:
        if (b if labelled.windowed else a) < first:
            continue
        inside = alerts[(alerts >= a - before) & (alerts <= b + after)]
        yield _Scene("found", int(inside[0]), a, b) if inside.size else _Scene("missed", a, a, b)
    near = np.zeros(rows, dtype=np.bool_)
    doubtful = [(int(row), int(row)) for row in np.flatnonzero(series.labels == UNKNOWN)]
    for a, b in [*series.windows, *doubtful]:
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
    first, last = _shown(scene, len(series.times))
    part = slice(first, last + 1)
    values, lower, upper = (_array(each)[part] for each in (series.values, verdicts.lower, verdicts.upper))
    low, high = _extent(values, lower, upper)
    x = _LEFT + np.arange(len(values)) * (_WIDTH - _LEFT - _RIGHT) / max(len(values) - 1, 1)

    def y(numbers: FloatArray) -> FloatArray:
        height = high - low
        return _TOP + (1 - (np.clip(numbers, low - height, high + height) - low) / height) * (_HEIGHT - _TOP - _BOTTOM)

    def line(numbers: FloatArray) -> FloatArray:
        return np.column_stack([x, y(numbers)])

    labels = [(a, b) for a, b in series.windows if b >= first and a <= last]
    marks = np.flatnonzero(_array(verdicts.alert)[part])
    shapes = [
        _label(float(x[max(a, first) - first]), float(x[min(b, last) - first]), meant=a == scene.first)
        for a, b in labels
    ]
    shapes += [_band(line(lower)[a : b + 1], line(upper)[a : b + 1]) for a, b in runs(~np.isnan(lower))]
    shapes += [_line(line(values)[a : b + 1]) for a, b in runs(~np.isnan(values))]
    shapes += [_mark(*line(values)[i].tolist(), meant=first + i == scene.at) for i in marks if not np.isnan(values[i])]
    texts = [_text(_LEFT - 4, float(y(np.array(number))) + 3, "end", _short(number)) for number in (low, high)]
    for row, anchor in ((first, "start"), (last, "end")):
        when = datetime.fromtimestamp(series.times[row], UTC).strftime("%d %b %H:%M")
        texts.append(_text(float(x[row - first]), _HEIGHT - 6, anchor, when))
    inner = f'<svg x="0" y="0" width="{_WIDTH}" height="{_HEIGHT - _BOTTOM}">{"".join(shapes)}</svg>'
    return f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img">{inner}{"".join(texts)}</svg>'


def _shown(scene: _Scene, rows: int) -> tuple[int, int]:
    """Return the first and last row of the picture: the scene and as much around; of a long one what is about `at`."""
    around = max(_AROUND, scene.last - scene.first)
    first, last = scene.first - around, scene.last + around
    if last - first > _MOST:
        first, last = scene.at - _MOST // 2, scene.at + _MOST // 2
    return max(first, 0), min(last, rows - 1)


def _extent(values: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[float, float]:
    """Return the range to show: of the values, and of the band unless it would flatten them."""
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    room = (most - least) / 2
    band = np.concatenate([lower, upper])
    band = np.clip(band[~np.isnan(band)], least - room, most + room)
    low, high = min([least, *band.tolist()]), max([most, *band.tolist()])
    return (low, high) if high > low else (low - 1, high + 1)


def _array(values: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    """Return what our detector always says."""
    if values is None:
        msg = "pictures need alerts and bands"
        raise ValueError(msg)
    return values


def _label(left: float, right: float, *, meant: bool) -> str:
    kind = "label meant" if meant else "label"
    return f'<rect class="{kind}" x="{left:.1f}" y="0" width="{max(right - left, 2.0):.1f}" height="{_HEIGHT}"/>'


def _band(lower: FloatArray, upper: FloatArray) -> str:
    return f'<polygon class="band" points="{_points(upper)} {_points(lower[::-1])}"/>'


def _line(points: FloatArray) -> str:
    return f'<polyline class="values" points="{_points(points)}"/>'


def _mark(x: float, y: float, *, meant: bool) -> str:
    return f'<circle class="{"alert meant" if meant else "alert"}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _short(number: float) -> str:
    for power, suffix in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= max(10**power, 10_000):
            return f"{number / 10**power:.4g}{suffix}"
    return f"{number:.4g}"


def _points(points: FloatArray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist())
