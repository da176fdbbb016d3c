"""Why the job failed, in one line: the cause at the bottom of a Java exception, without stack traces."""

import re
from dataclasses import dataclass
from typing import Protocol, Self

_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):.*?^(?P<error>[A-Za-z_][\w.]*: .+?)$", re.DOTALL | re.MULTILINE
)
_LONGEST = 500


class JobError(RuntimeError):
    """The job cannot start or go on; the text is one line that says why and what to do."""


class JavaThrowable(Protocol):
    """A Java exception, as far as this module looks at it; the names are Java's."""

    def getClass(self) -> "JavaClass": ...  # noqa: D102, N802
    def getMessage(self) -> str | None: ...  # noqa: D102, N802
    def getCause(self) -> Self | None: ...  # noqa: D102, N802


class JavaClass(Protocol):
    """A Java class, as far as this module looks at it."""

    def getName(self) -> str: ...  # noqa: D102, N802


@dataclass(frozen=True, slots=True)
class Cause:
    """One link of a chain of Java exceptions: name of the class, and text."""

    kind: str
    message: str


def causes(throwable: JavaThrowable) -> list[Cause]:
    """List a Java exception and what caused it, the root last."""
    chain: list[Cause] = []
    link: JavaThrowable | None = throwable
    while link is not None and len(chain) < 50:
        kind = link.getClass().getName()
        chain.append(Cause(kind, link.getMessage() or kind.rpartition(".")[2]))
        link = link.getCause()
    return chain


def explain(chain: list[Cause]) -> str:
    """Say in one line why a job failed.

    Parameters
    ----------
    chain
        What `causes` listed.

    Returns
    -------
    The error of the Python code if that is where it failed, else the root cause with its kind.
    """
    for cause in chain:
        errors = [match["error"] for match in _TRACEBACK.finditer(cause.message)]
        if errors:
            return _one_line(errors[-1])
    root = chain[-1]
    return _one_line(f"{root.kind.rpartition('.')[2]}: {root.message}")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
