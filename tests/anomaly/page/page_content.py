"""The content of a page, made by hand: one series with one alert."""

from anomaly.page import Alert, CarriedSeries, ChartColumns, Kpis, Overview, PageContent, SeriesInfo

MINUTE = 60_000


def content(text: str = "sales", value: float = 75.0) -> PageContent:
    """Two quiet minutes and an alert, with a text wherever the page shows one."""
    info = SeriesInfo(
        detector=text,
        id=text,
        measure=text,
        label=text,
        dimensions=[("p", text), (text, "x")],
        first=0,
        last=2 * MINUTE,
        period=MINUTE,
        data_points=3,
        confidence=80.5,
        stage="INFERENCE",
        threshold=70.0,
        alert_count=1,
        last_alert=2 * MINUTE,
    )
    alert = Alert(text, text, text, text, 2 * MINUTE, 3 * MINUTE, value, 14.5, 7.0, 22.0, 94.25, "HIGH", text)
    overview = Overview(
        version="",
        title=text,
        source=text,
        kpis=Kpis(1, 3, 80.5, 80.5, 0),
        oldest=0,
        newest=3 * MINUTE,
        shortest_period=MINUTE,
        days=1,
        days_read=1,
        alerts=[alert],
        alert_count=1,
        alerts_last_day=1,
        several_detectors=False,
        several_measures=False,
        problems=[text],
    )
    columns = ChartColumns(
        start=[0, MINUTE, 2 * MINUTE],
        end=[None] * 3,
        periods=[1] * 3,
        value=[14.0, 15.0, value],
        lowest=[None] * 3,
        highest=[None] * 3,
        expected_value=[14.5] * 3,
        lower_bound=[7.0] * 3,
        upper_bound=[22.0] * 3,
        score=[0.0, 0.0, 94.25],
        alert=[0, 0, 1],
        learning=[0] * 3,
        imputed=[0] * 3,
    )
    return PageContent(overview, [CarriedSeries(info, columns, whole=True)], written=3 * MINUTE)
