"""The kernels' own source, run by the interpreter: fast enough for a few thousand points, and nothing to compile."""

import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

_plain: dict[Callable[..., Any], Callable[..., Any]] = {}


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel, and all that it calls, without the compiler."""
    if function not in _plain:
        source = inspect.unwrap(getattr(function, "py_func", function))
        names = dict(source.__globals__)
        _plain[function] = types.FunctionType(source.__code__, names, source.__name__)
        for name in source.__code__.co_names:  # fields are among them, so a function may name itself
            if hasattr(names.get(name), "py_func"):
                names[name] = plain(names[name])
    return _plain[function]


def fresh(layout: np.dtype[Any], new: Callable[[Any], None] | None = None) -> Any:  # noqa: ANN401 - a record
    """Return the record of a component that has seen nothing."""
    records = np.zeros(1, layout)
    if new is not None:
        new(records[0])
    return records.view(np.recarray)[0]
