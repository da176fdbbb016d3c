"""Results of a detector become one page that people look at: chart, alerts, figures. Needs the extra `report`.

It knows nothing of where results come from: it takes records (`anomaly.page.content`), and gives HTML that opens from a
file, or the files of the same page for a server that answers its questions.
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
except ModuleNotFoundError as error:
    if error.name not in {"altair", "vl_convert"}:
        raise
    msg = f"the page needs {error.name}, which is not installed here; pip install 'anomaly[report]'"
    raise ImportError(msg) from error

__all__ = [
    "SERVED_POLICY",
    "Alert",
    "AlertList",
    "CarriedSeries",
    "ChartColumns",
    "Kpis",
    "Overview",
    "PageContent",
    "SeriesInfo",
    "SeriesList",
    "ServedFile",
    "append_rows",
    "carried_page",
    "empty_columns",
    "row_length",
    "served_files",
    "surroundings",
]
