"""What can go wrong in a run. Every text is fit for a log: no password, no URL, no row.

Whatever is raised, the marker stays where the last committed transaction put it, so the next run goes on from there.
"""


class IngestError(Exception):
    """A run that failed; retrying alone does not mend it, unless a subclass says so."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


class SourceError(IngestError):
    """The database answers, but not with the rows that the settings describe: a dropped column, a missing right."""


class ProgressError(IngestError):
    """The progress topic does not say where to go on: it belongs to another source, or its records expired."""


class UnavailableError(IngestError):
    """A server does not answer now; worth another try."""


class RefusedError(UnavailableError):
    """A server refused the credentials; worth one more try with the secret read anew."""


class TakenOverError(IngestError):
    """A newer run has taken over the transactional id; what was not committed is void."""
