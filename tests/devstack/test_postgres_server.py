import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from running_program import running_program

from devstack import postgres_server
from devstack.errors import DevstackError
from devstack.ports import HOST
from devstack.postgres_server import PostgresServer
from devstack.processes import Process
from devstack.stack import Stack, running_stack

Wait = Callable[[Callable[[], object]], None]
Ports = list[dict[str, int]]


def process_of(directory: Path) -> Process:
    return running_program(directory / "stack.json", "postgres")


def select(running: Stack, query: str) -> object:
    with psycopg.connect(running.database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def answers(connection: "psycopg.Connection[tuple[int]]") -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.postgres
def test_a_killed_server_comes_back_with_all_that_was_committed_and_nothing_else(
    tmp_path: Path, eventually: Wait
) -> None:
    with running_stack(tmp_path, only=("postgres",)) as running:
        with psycopg.connect(running.database_url) as connection:
            connection.execute("CREATE TABLE books (title text)")
            connection.execute("INSERT INTO books VALUES ('Dune')")
            connection.commit()
            connection.execute("INSERT INTO books VALUES ('never committed')")
            running.kill("postgres")
            eventually(lambda: not answers(connection))  # its own process notices within a moment
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(running.database_url)
        running.restart("postgres")
        assert select(running, "SELECT title FROM books") == [("Dune",)]


@pytest.mark.postgres
def test_a_folder_keeps_its_data_and_password_and_stops_at_once_with_a_client_connected(tmp_path: Path) -> None:
    with running_stack(tmp_path, only=("postgres",)) as first:
        with psycopg.connect(first.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        idle = psycopg.connect(first.database_url)
        server = process_of(tmp_path)
    assert not server.alive()
    assert "killed" not in (tmp_path / "stack.log").read_text()
    idle.close()
    with running_stack(tmp_path, only=("postgres",)) as second:
        assert second.database_url == first.database_url
        assert select(second, "SELECT number FROM kept") == [(7,)]
        assert select(second, "SHOW timezone") == [("UTC",)]


@pytest.mark.postgres
def test_only_who_knows_the_password_gets_in_and_only_from_this_machine(tmp_path: Path) -> None:
    with running_stack(tmp_path, only=("postgres",)) as running:
        password = (tmp_path / "postgres" / "password").read_text().strip()
        assert len(password) == 32
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(running.database_url.replace(password, "postgres"))
        assert select(running, "SHOW listen_addresses") == [(HOST,)]
        assert oct((tmp_path / "postgres" / "password").stat().st_mode & 0o777) == "0o600"
        assert password not in (tmp_path / "logs" / "postgres.log").read_text()
        assert password not in Path(f"/proc/{process_of(tmp_path).pid}/cmdline").read_text()


@pytest.mark.postgres
def test_a_folder_below_a_private_one_can_be_used_and_root_gives_up_its_rights(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with running_stack(private / "stack", only=("postgres",)) as running:
        assert select(running, "SELECT 1") == [(1,)]
        owner = Path(f"/proc/{process_of(running.directory).pid}").stat().st_uid
        assert owner == (private / "stack" / "postgres" / "data").stat().st_uid
        assert owner != 0
    assert private.stat().st_mode & 0o066 == 0


@pytest.mark.postgres
def test_a_port_taken_between_its_choice_and_its_use_is_replaced(tmp_path: Path, unlucky_ports: Ports) -> None:
    with running_stack(tmp_path, only=("postgres",)) as running:
        assert select(running, "SELECT 1") == [(1,)]
    assert len(unlucky_ports) == 2


@pytest.mark.postgres
def test_a_server_that_dies_is_restarted_without_being_asked(tmp_path: Path, eventually: Wait) -> None:
    with running_stack(tmp_path, only=("postgres",)) as running:
        first = process_of(tmp_path)
        os.kill(first.pid, signal.SIGKILL)
        eventually(lambda: process_of(tmp_path) != first)
        running.wait_until_ready("postgres")
        assert select(running, "SELECT 1") == [(1,)]
    assert "postgres ended with exit code -9: restarted" in (tmp_path / "stack.log").read_text()


def test_a_missing_wheel_is_said_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "_PACKAGE", "no_such_package")
    with pytest.raises(DevstackError, match=r"Found no PostgreSQL .* `make setup`"):
        PostgresServer().prepare(tmp_path, {"server": 1})


def test_a_folder_that_is_in_the_way_is_left_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "novel.txt").write_text("It was a dark and stormy night.")
    with pytest.raises(DevstackError, match=r"(?s)could not make its folder .*not empty"):
        PostgresServer().prepare(tmp_path, {"server": 1})
    assert (tmp_path / "data" / "novel.txt").exists()


def test_a_cluster_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.draft").mkdir()
    (tmp_path / "data.draft" / "PG_VERSION").write_text("18")
    PostgresServer().prepare(tmp_path, {"server": 1})
    assert (tmp_path / "data" / "global" / "pg_control").exists()
    assert not (tmp_path / "data.draft").exists()


def test_a_port_that_nobody_listens_on_is_not_ready() -> None:
    assert not PostgresServer().ready({"server": 1})
