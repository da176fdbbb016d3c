"""What was handed to us and cannot be used."""


class SettingsError(ValueError):
    """The environment does not say what a program must know; the text names every problem, and is fit for a log."""


class EventError(ValueError):
    """An event that is not of the kind that the function is invoked with; the text tells what was found."""
