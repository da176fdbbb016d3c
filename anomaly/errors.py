"""What can go wrong, beyond a wrong argument (which is a ValueError)."""

__all__ = ["StateError"]


class StateError(ValueError):
    """Bytes that should hold a detector's state do not."""
