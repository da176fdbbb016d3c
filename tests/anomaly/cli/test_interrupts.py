"""Ctrl-C that is never lost."""

import sys

import pytest

from anomaly.cli.interrupts import swallowed_interrupts


class Raises:
    """Raises when it is dropped, where nobody can catch it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


def test_an_interrupt_that_python_swallowed_is_raised_at_the_next_check() -> None:
    with swallowed_interrupts() as check:
        check()
        Raises(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            check()


def test_other_swallowed_errors_go_where_they_went_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_type))
    with swallowed_interrupts() as check:
        Raises(ValueError())
        check()
    Raises(KeyError())
    assert seen == [ValueError, KeyError]
