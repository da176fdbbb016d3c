"""Tells a container engine whether a program still works: `fresh.py FILE SECONDS` looks at its progress file."""

import sys
import time
from pathlib import Path


def main(path: str, seconds: str) -> int:
    """Look once; returns 0 when the file was written that recently, else 1, with one line that says why."""
    try:
        age = time.time() - Path(path).stat().st_mtime
    except OSError as error:
        print(error)
        return 1
    print(f"{path} was written {age:.0f} s ago")
    return 0 if age <= float(seconds) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
