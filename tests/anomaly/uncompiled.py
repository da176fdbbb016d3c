"""The kernels' own source, run by the interpreter: fast enough for a few thousand points, and nothing to compile."""

import types
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np


@cache
def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel, and all that it calls, without the compiler."""
    source = getattr(function, "py_func", function)
    if not isinstance(source, types.FunctionType):
        return function
    names = {
        name: plain(value) if hasattr(value, "py_func") else value
        for name, value in source.__globals__.items()
        if name == "__builtins__" or name in source.__code__.co_names
    }
    return types.FunctionType(source.__code__, names, source.__name__, source.__defaults__, source.__closure__)


def fresh(layout: np.dtype[Any], new: Callable[[Any], None] | None = None) -> Any:  # noqa: ANN401 - a record
    """Return the record of a component that has seen nothing."""
    records = np.zeros(1, layout)
    if new is not None:
        new(records[0])
    return records.view(np.recarray)[0]
