"""The one error that the dashboard raises on purpose."""


class DashboardError(Exception):
    """The page cannot be made; the message says what was found, what was expected and what to do."""
