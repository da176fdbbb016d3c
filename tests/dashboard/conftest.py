"""Lets the tests of the dashboard import the modules that they share, and makes what they share."""

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from result_files import bookstore_rows, write
from result_pages import Serve, build
from s3 import aws as aws
from s3 import bucket as bucket

from dashboard.catalog import Catalog
from dashboard.server import Refresher, make_app
from dashboard.source import open_source


@pytest.fixture(scope="session")
def bookstore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of two products, with the detector's real scores."""
    return write(tmp_path_factory.mktemp("bookstore"), bookstore_rows(days=3))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a folder from this process; gives the address."""
    running: list[tuple[uvicorn.Server, threading.Thread, Refresher]] = []

    def start(folder: Path) -> str:
        catalog = Catalog(open_source(str(folder), {}), "AnyBooks")
        refresher = Refresher(catalog, every=0.2)
        app = make_app(catalog, refresher, "AnyBooks", refresh_seconds=0.3, hosts=["127.0.0.1"])
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        refresher.start()
        thread.start()
        running.append((server, thread, refresher))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for server, thread, refresher in running:
        server.should_exit = True
        thread.join(10)
        refresher.stop()


@pytest.fixture(scope="session")
def shop(bookstore: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The bookstore's page as one file."""
    return build(bookstore, tmp_path_factory.mktemp("shop") / "page.html")


@pytest.fixture(params=["built", "served"])
def anybooks(request: pytest.FixtureRequest, bookstore: Path, shop: str, serve: Serve) -> str:
    """The bookstore's page, both ways."""
    return shop if request.param == "built" else serve(bookstore)
