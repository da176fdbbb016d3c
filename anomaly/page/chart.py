"""The chart as a Vega-Lite specification: the measure above, the score under it on the axis to the right.

The specification has no data. The page fills its data sets, all times in milliseconds since 1970:

`rows`
    `start`, `value`, `lowest`, `highest`, `expected_value`, `lower_bound`, `upper_bound`; null breaks a line.
`score_bars`
    `start`, `score` and `over_threshold` of the rows whose score is above 0.
`alerts`
    `start`, `value`, `direction`.
`learning`
    `start` and `end` of the times without scores.
`cursor`
    `start`, `value` of the row that is looked at, or nothing.
`threshold`
    `score` and `label`: one row.
"""

from typing import Any

import altair as alt

COLOURS = ("ink", "muted", "grid", "measure", "band", "quiet", "alarm", "surface", "shade")
"""Parameters that the page sets from its style sheet, so that the chart follows light and dark."""

_FONT = '-apple-system, "Segoe UI", Roboto, Inter, "Helvetica Neue", Arial, "Liberation Sans", system-ui, sans-serif'
"""The style sheet's, spelled out because Vega measures texts with it."""

_NUMBERS = {"from_time": 0, "to_time": 1, "bottom": 0, "top": 1, "bar_width": 2, "line_width": 1.5}
_DATA_SETS = ("rows", "score_bars", "alerts", "learning", "cursor", "threshold")
_MEASURE_BOTTOM = "height * 0.72"
_SCORE_TOP = "height * 0.80"
_WITH_GAPS: dict[str, Any] = {"clip": True, "invalid": "break-paths-show-path-domains"}
"""Of lines and areas that break where there is no value."""


def chart_specification() -> dict[str, Any]:
    """Write the specification.

    Returns
    -------
    Vega-Lite, as JSON has it. Besides `COLOURS` its parameters are `from_time`, `to_time`, `bottom`, `top` (the
    measure's axis), `bar_width` and `line_width` (in pixels) and `narrow` (true on a phone).
    """
    colours = [alt.param(name=name, value="#888888") for name in COLOURS]
    numbers = [alt.param(name=name, value=value) for name, value in _NUMBERS.items()]
    chart = (
        alt.layer(
            _learning(),
            _band(),
            _expected(),
            _upright("alerts", "alarm", opacity=0.35),
            _spread(),
            _measure(),
            _score_bars(),
            _threshold(),
            _threshold_label(),
            _upright("cursor", "ink", opacity=0.6),
            _alerts(),
            _cursor_point(),
        )
        .add_params(*colours, *numbers, alt.param(name="narrow", value=False))
        .properties(
            width=900, height=420, autosize=alt.AutoSizeParams(type="fit", contains="padding", resize=True), padding=2
        )
        .resolve_scale(y="independent")
        .configure(background="transparent", font=_FONT, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12,
            labelColor=_signal("muted"),
            titleColor=_signal("muted"),
            titleFontSize=12,
            titleFontWeight="normal",
            domain=False,
            ticks=False,
            gridColor=_signal("grid"),
            labelPadding=8,
        )
    )
    specification: dict[str, Any] = chart.to_dict()
    specification["datasets"] = {name: [] for name in _DATA_SETS}
    return specification


def _signal(expression: str) -> alt.ExprRef:
    return alt.ExprRef(expr=expression)


def _time() -> alt.X:
    return alt.X(
        "start:T",
        title=None,
        scale=alt.Scale(type="utc", domain=_signal("[from_time, to_time]"), nice=False),
        axis=alt.Axis(
            grid=False,
            labelOverlap=True,
            labelFlush=True,
            tickCount=_signal("narrow ? 4 : 8"),
            labelExpr="utcFormat(datum.value, utchours(datum.value) || utcminutes(datum.value) ? '%H:%M' : '%e %b')",
        ),
    )


def _measure_axis(field: str, *, axis: bool = False) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title=None,
        scale=alt.Scale(
            domain=_signal("[bottom, top]"),
            range=[_signal(_MEASURE_BOTTOM), 0],
            nice=False,
            zero=False,
        ),
        axis=alt.Axis(orient="left", grid=True, tickCount=5, format="~s", labelExpr=_PLAIN_NUMBER) if axis else None,
    )


_PLAIN_NUMBER = (
    "abs(datum.value) >= 1e5 || (datum.value != 0 && abs(datum.value) < 1e-3) "
    "? datum.label : format(datum.value, ',~r')"
)


def _score_axis(field: str, *, axis: bool = False) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title=None,
        scale=alt.Scale(domain=[0, 100], range=[_signal("height"), _signal(_SCORE_TOP)], nice=False),
        axis=alt.Axis(orient="right", grid=False, values=[0, 50, 100]) if axis else None,
    )


def _encoded(mark: alt.Chart, **channels: Any) -> alt.Chart:  # noqa: ANN401 - of many types, all Altair's
    chart: alt.Chart = mark.encode(**channels)
    return chart


def _over_time(mark: alt.Chart, **channels: Any) -> alt.Chart:  # noqa: ANN401
    return _encoded(mark, x=_time(), **channels)


def _named(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=name))


def _learning() -> alt.Chart:
    return _over_time(
        _named("learning").mark_rect(color=_signal("shade"), clip=True),
        x2="end:T",
        y=alt.value(0),
        y2=alt.value(_signal(_MEASURE_BOTTOM)),
    )


def _band() -> alt.Chart:
    return _over_time(
        _named("rows").mark_area(color=_signal("band"), **_WITH_GAPS, interpolate="linear"),
        y=_measure_axis("lower_bound"),
        y2="upper_bound:Q",
    )


def _expected() -> alt.Chart:
    return _over_time(
        _named("rows").mark_line(
            color=_signal("measure"), opacity=0.55, strokeWidth=1, strokeDash=[4, 3], **_WITH_GAPS
        ),
        y=_measure_axis("expected_value"),
    )


def _spread() -> alt.Chart:
    return _over_time(
        _named("rows").mark_area(color=_signal("measure"), opacity=0.3, **_WITH_GAPS),
        y=_measure_axis("lowest"),
        y2="highest:Q",
    )


def _measure() -> alt.Chart:
    return _over_time(
        _named("rows").mark_line(
            color=_signal("measure"),
            strokeWidth=_signal("line_width"),
            strokeJoin="round",
            strokeCap="round",
            **_WITH_GAPS,
        ),
        y=_measure_axis("value", axis=True),
    )


def _upright(name: str, colour: str, opacity: float) -> alt.Chart:
    """Draw a line from top to bottom at each time."""
    return _over_time(
        _named(name).mark_rule(color=_signal(colour), opacity=opacity, clip=True),
        y=alt.value(0),
        y2=alt.value(_signal("height")),
    )


def _alerts() -> alt.Chart:
    # Shape as well as colour: up for too high, down for too low.
    return _over_time(
        _named("alerts").mark_point(
            filled=True, color=_signal("alarm"), stroke=_signal("surface"), strokeWidth=1.5, size=130, opacity=1
        ),
        y=_measure_axis("value"),
        shape=alt.Shape(
            "direction:N",
            scale=alt.Scale(domain=["HIGH", "LOW", "NONE"], range=["triangle-up", "triangle-down", "diamond"]),
            legend=None,
        ),
    )


def _score_bars() -> alt.Chart:
    return _over_time(
        _named("score_bars").mark_rule(strokeWidth=_signal("bar_width"), clip=True),
        y=_score_axis("score", axis=True),
        y2=alt.datum(0),
        color=alt.condition("datum.over_threshold", alt.value(_signal("alarm")), alt.value(_signal("quiet"))),
    )


def _threshold() -> alt.Chart:
    return _encoded(
        _named("threshold").mark_rule(color=_signal("alarm"), strokeDash=[2, 3], strokeWidth=1),
        y=_score_axis("score"),
    )


def _threshold_label() -> alt.Chart:
    return _encoded(
        _named("threshold").mark_text(
            align="left", baseline="bottom", dx=2, dy=-2, fontSize=11, color=_signal("alarm")
        ),
        x=alt.value(0),
        y=_score_axis("score"),
        text=alt.Text("label:N"),
    )


def _cursor_point() -> alt.Chart:
    return _over_time(
        _named("cursor").mark_point(filled=False, size=330, color=_signal("ink"), strokeWidth=2, opacity=1),
        y=_measure_axis("value"),
    )
