"""Results of every kind, made from the declarations of the record's fields."""

from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from contracts.flat_results import COLUMNS, Column, Kind
from contracts.results import Attribution, Dimension, Result

NAMES = st.text() | st.text(alphabet="aA_é0 ", max_size=4)
_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_OF_KIND = {
    Kind.TEXT: st.text(),
    Kind.NUMBER: _FINITE,
    Kind.COUNT: st.integers(0, 2**63 - 1),
    Kind.SMALL: st.integers(0, 2**31 - 1),
    Kind.TIME: st.datetimes().map(lambda time: time.isoformat(sep=" ", timespec="seconds")),
    Kind.TEXTS: st.lists(st.builds(Dimension, NAMES, st.text()), max_size=4, unique_by=lambda d: d.name).map(tuple),
    Kind.NUMBERS: st.lists(st.builds(Attribution, NAMES, _FINITE), max_size=3, unique_by=lambda a: a.name).map(tuple),
}


def _values(hint: Any, column: Column) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    return st.none() | _OF_KIND[column.kind] if column.nullable else _OF_KIND[column.kind]


RESULTS = st.builds(
    Result,
    **{
        field.name: _values(get_args(field.type)[0], column)
        for field, column in zip(msgspec.structs.fields(Result), COLUMNS, strict=True)
    },
)
