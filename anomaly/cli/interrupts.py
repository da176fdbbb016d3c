"""Ctrl-C that is never lost."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def swallowed_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises the KeyboardInterrupt that was swallowed since, if one was.

    Python raises it wherever it happens to be. Inside a callback from C, as when compiled kernels are loaded, it can't
    go further: Python prints it and goes on, and a command that then waits for input would seem to ignore Ctrl-C.
    """
    swallowed = False
    previous = sys.unraisablehook

    def note(unraisable: "sys.UnraisableHookArgs") -> None:
        nonlocal swallowed
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            swallowed = True
        else:
            previous(unraisable)

    def raise_if_swallowed() -> None:
        if swallowed:
            raise KeyboardInterrupt

    sys.unraisablehook = note
    try:
        yield raise_if_swallowed
    finally:
        sys.unraisablehook = previous
