"""The one place that imports numba: the decorator that compiles kernels.

Kernels are plain functions over plain arrays, so with ``NUMBA_DISABLE_JIT=1`` the same source runs uncompiled.
"""

import builtins
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["kernel"]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call; keep the machine code on disk where there is a place for it.

    That is where numba keeps it (``NUMBA_CACHE_DIR``, beside the source, the user's cache directory), else a private
    directory among the temporary ones.
    """
    with _plain_print():
        from numba import config, njit

    try:
        return cast("Callable[P, R]", njit(cache=True)(function))
    except RuntimeError:
        # numba finds no writable place: a read-only image, a user without a home.
        directory = _private_directory()
    if directory is not None:
        settings: Any = config
        previous, settings.CACHE_DIR = settings.CACHE_DIR, str(directory)
        try:
            return cast("Callable[P, R]", njit(cache=True)(function))
        except RuntimeError:
            pass
        finally:
            settings.CACHE_DIR = previous
    return cast("Callable[P, R]", njit(function))


def _private_directory() -> Path | None:
    """Make or find a directory among the temporary ones that nobody else can write to.

    numba runs what it finds in its cache, so a directory that another user prepared must not be taken.
    """
    directory = Path(tempfile.gettempdir()) / f"anomaly-kernels-{os.getuid()}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return directory if private else None


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
