"""What can go wrong, beyond a wrong argument (which is a ValueError)."""


class StateError(ValueError):
    """Bytes that should hold a detector's state do not."""
