"""The one error that the harness raises on purpose."""


class HarnessError(Exception):
    """Something around a function does not work; the message says what was found and what to do."""
