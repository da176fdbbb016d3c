"""Picks from a lock what some packages need: `pick_requirements.py LOCK NAME... > OTHER_LOCK`.

The lock is one that uv or pip-compile wrote: pins with hashes, each followed by a comment that says via which packages
it came. So an image gets what it needs, at the versions and hashes that were tested, and there is one lock to keep.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Print the picked entries; exit code 2 if a name is not in the lock."""
    path, *names = arguments
    try:
        sys.stdout.write(pick(Path(path).read_text("utf-8"), names))
    except KeyError as error:
        sys.stderr.write(f"{path} has no entry {error}\n")
        return 2
    return 0


def pick(lock: str, names: Iterable[str]) -> str:
    """Pick the entries of packages and of all that they need, in the order of the lock.

    Parameters
    ----------
    lock
        The text of a lock.
    names
        Of packages, as the lock spells them.

    Raises
    ------
    KeyError
        If the lock has no entry of that name.
    """
    entries = {entry.partition("==")[0]: entry for entry in re.findall(r"^[a-z0-9].*\n(?:[ #].*\n?)*", lock, re.M)}
    needed = {name: entries[name] for name in names}
    while more := {
        name: entry
        for name, entry in entries.items()
        if name not in needed and not needed.keys().isdisjoint(_via(entry))
    }:
        needed |= more
    return "".join(entry for name, entry in entries.items() if name in needed)


def _via(entry: str) -> list[str]:
    return re.findall(r"^ +#(?: via)? +([a-z0-9-]+)$", entry, re.M)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
