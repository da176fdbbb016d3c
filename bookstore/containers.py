"""`python -m bookstore.containers`: prepares the bookstore's path on servers that run elsewhere, as in a compose file.

It makes what is missing in the servers that its environment names, and writes down the places in `DIRECTORY`, for
`python -m bookstore.pipeline.source`, `archive` and `alerting`. Doing it again changes nothing that is there.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from bookstore.pipeline.configuration import PLACES, Sales, read_places
from bookstore.pipeline.running import prepare
from devstack.errors import DevstackError
from devstack.stack import Stack

_VARIABLES = (
    *("BOOTSTRAP_SERVERS", "PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE"),
    *("AWS_ENDPOINT_URL", "AWS_REGION", "DIRECTORY"),
)
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=366)


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Prepare.

    Parameters
    ----------
    environment
        `BOOTSTRAP_SERVERS`, `PGHOST`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, `AWS_ENDPOINT_URL`, `AWS_REGION` and
        `DIRECTORY`, all needed; `DASHBOARD_URL` for the links in alerts.

    Returns
    -------
    The exit code: 0 when all is there, 1 when a variable is missing.
    """
    try:
        stack = stack_of(environment)
    except DevstackError as error:
        print(f"containers: {error}", file=sys.stderr)
        return 1
    # Where the functions write what they say; with servers of its own, the stack makes it.
    (stack.directory / "logs").mkdir(parents=True, exist_ok=True)
    places = prepare(stack, _sales(stack.directory / PLACES), environment.get("DASHBOARD_URL") or None)
    print(f"{places.directory}/{PLACES}: sales from {places.sales.start} on")
    return 0


def stack_of(environment: Mapping[str, str]) -> Stack:
    """Describe servers that run already.

    Raises
    ------
    DevstackError
        Variables are missing; the text names them.
    """
    missing = [name for name in _VARIABLES if not environment.get(name)]
    if missing:
        msg = f"Not set: {', '.join(missing)}."
        raise DevstackError(msg)
    account = f"{quote(environment['PGUSER'], safe='')}:{quote(environment['PGPASSWORD'], safe='')}"
    database = f"{environment['PGHOST']}/{quote(environment['PGDATABASE'], safe='')}"
    return Stack(
        Path(environment["DIRECTORY"]),
        {
            "kafka": {"bootstrap.servers": environment["BOOTSTRAP_SERVERS"]},
            "postgres": {"url": f"postgresql://{account}@{database}"},
            "aws": {"endpoint.url": environment["AWS_ENDPOINT_URL"], "region": environment["AWS_REGION"]},
        },
    )


def _sales(places: Path) -> Sales:
    """Go on with the sales of before; at first, a day's worth is there for the models to learn from."""
    if places.exists():
        return read_places(places).sales
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return Sales((now - _BEFORE).isoformat(), (now + _AFTER).isoformat(), seed=1, speed=None)


if __name__ == "__main__":
    sys.exit(main())
