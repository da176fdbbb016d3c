"""The one place that imports numba: the decorator that compiles kernels.

Kernels are plain functions over plain arrays, so with ``NUMBA_DISABLE_JIT=1`` the same source runs uncompiled.
"""

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["kernel"]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call; keep the machine code on disk where a cache directory is writable."""
    with _plain_print():
        from numba import njit

    try:
        return cast("Callable[P, R]", njit(cache=True)(function))
    except RuntimeError:
        # numba finds no writable place for its cache (a read-only image, a locked-down user): compile in memory.
        return cast("Callable[P, R]", njit(function))


@contextmanager
def _plain_print() -> Iterator[None]:
    """Hide a replaced ``print`` while numba is imported.

    PyFlink's process-mode worker replaces ``builtins.print`` by a bound method, which numba's registry of builtins
    refuses at import. The original is restored for the import alone.
    """
    replaced = builtins.print
    original = getattr(getattr(replaced, "__self__", None), "_print", None)
    if original is None:
        yield
        return
    builtins.print = original
    try:
        yield
    finally:
        builtins.print = replaced
