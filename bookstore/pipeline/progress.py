"""What a program of the path tells of its work: a small JSON file, replaced as a whole, that `status` reads."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.counts import Counts

_EVERY = 0.5  # seconds between two writings


class Progress:
    """Where a program tells how far it is.

    Parameters
    ----------
    directory
        The stack's folder.
    name
        The program's name.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._file = _file(directory, name)
        self._due = 0.0

    def tell(self, facts: Callable[[], Mapping[str, Any]], *, now: bool = False) -> None:
        """Write the facts, if the last writing is half a second old or `now` is said."""
        if now or time.monotonic() >= self._due:
            draft = self._file.with_suffix(".draft")
            draft.write_text(json.dumps(dict(facts())) + "\n", encoding="utf-8")
            draft.replace(self._file)
            self._due = time.monotonic() + _EVERY

    def tell_counts(self, total: Counts, lag: int) -> None:
        """Tell how far a trigger or a stream is, as its `progress`."""
        self.tell(lambda: asdict(total) | {"lag": lag})


def read_progress(directory: Path, name: str) -> dict[str, Any]:
    """Read what a program told last; nothing if it has told nothing yet."""
    try:
        facts: dict[str, Any] = json.loads(_file(directory, name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts


def _file(directory: Path, name: str) -> Path:
    return directory / f"{name}.progress.json"
