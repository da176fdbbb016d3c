"""The data set of the dashboard in QuickSight: every column of the results, so that none is listed by hand."""

from types import MappingProxyType

from contracts.flat_results import COLUMNS, Kind

_TYPES = MappingProxyType({Kind.NUMBER: "DECIMAL", Kind.COUNT: "INTEGER", Kind.SMALL: "INTEGER", Kind.TIME: "DATETIME"})
"""QuickSight's name for a kind; all else is STRING."""

_MAPS = MappingProxyType(
    {
        Kind.TEXTS: "array_join(map_values({0}), ' / ') AS {0}",
        Kind.NUMBERS: "array_join(map_keys({0}), ', ') AS {0}",
    }
)
"""QuickSight has no maps: of dimensions the values name a series, of shares the names say enough."""


def dataset_blocks() -> dict[str, list[str]]:
    """Write the lines for the results' columns: as the query selects them, and as the data set declares them."""
    selected = [_MAPS.get(column.kind, "{0}").format(column.name) for column in COLUMNS]
    declared = [f"- {{ Name: {column.name}, Type: {_TYPES.get(column.kind, 'STRING')} }}" for column in COLUMNS]
    return {"selected columns": [f"{one}," for one in selected[:-1]] + selected[-1:], "declared columns": declared}
