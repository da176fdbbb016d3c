"""Tells a container engine whether a web server answers: `answers.py URL`."""

import sys
import urllib.request

_SECONDS = 5


def main(url: str) -> int:
    """Ask once; returns 0 when the page is there, else 1, with one line that says why."""
    try:
        urllib.request.urlopen(url, timeout=_SECONDS).close()  # noqa: S310 - an address of this container
    except OSError as error:
        print(f"{url}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
