"""The one error that the devstack raises on purpose."""


class DevstackError(Exception):
    """Something on this machine keeps the stack from working; the message says what was found and what to do."""
