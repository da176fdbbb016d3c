"""The one error that the deployment raises on purpose."""

__all__ = ["DeployError"]


class DeployError(Exception):
    """The deployment cannot go on; the text says what was found, what was expected and what to do."""
