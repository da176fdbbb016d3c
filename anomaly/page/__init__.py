"""Results of a detector become one page that people look at: chart, alerts, figures. Needs the extra `report`.

It knows nothing of where results come from. `report_content` takes arrays (`SeriesHistory`) and chooses what a page of
them carries; whoever has results elsewhere makes the same `PageContent` himself. `carried_page` writes it into one file
that needs no server and no network, `served_files` are the same page for a server that answers its questions.
"""

try:
    from anomaly.page.columns import append_rows, empty_columns, row_length, surroundings
    from anomaly.page.content import (
        Alert,
        AlertList,
        CarriedSeries,
        ChartColumns,
        Kpis,
        Overview,
        PageContent,
        SeriesInfo,
        SeriesList,
    )
    from anomaly.page.document import SERVED_POLICY, ServedFile, carried_page, served_files
    from anomaly.page.report import MAX_ALERTS, MAX_ROWS, MAX_SERIES, SeriesHistory, report_content
except ModuleNotFoundError as error:
    if error.name not in {"altair", "vl_convert"}:
        raise
    msg = f"the page needs {error.name}, which is not installed here; pip install 'anomaly[report]'"
    raise ImportError(msg) from error

__all__ = [
    "MAX_ALERTS",
    "MAX_ROWS",
    "MAX_SERIES",
    "SERVED_POLICY",
    "Alert",
    "AlertList",
    "CarriedSeries",
    "ChartColumns",
    "Kpis",
    "Overview",
    "PageContent",
    "SeriesHistory",
    "SeriesInfo",
    "SeriesList",
    "ServedFile",
    "append_rows",
    "carried_page",
    "empty_columns",
    "report_content",
    "row_length",
    "served_files",
    "surroundings",
]
