"""What can go wrong while packaging, in one line that says what to do."""


class PackageError(Exception):
    """A package cannot be built; its text is for the person who asked for it."""
