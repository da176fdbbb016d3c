"""The one error that the deployment raises on purpose."""


class DeployError(Exception):
    """The deployment cannot go on; the text says what was found, what was expected and what to do."""
