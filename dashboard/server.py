"""The page over HTTP, with news as they come: one program on one machine, read-only.

It answers requests that name it by an allowed host only, so that no other site can read it through a visitor's browser
(DNS rebinding). Who can reach the port can read everything: to let others in, put it behind what asks for passwords.
"""

import dataclasses
import hashlib
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anomaly.page import SERVED_POLICY, served_files
from dashboard.catalog import UNREADABLE, Catalog
from dashboard.errors import DashboardError

_log = logging.getLogger(__name__)
_NO_END = 253_402_300_800_000  # the year 10000
_MAX_ROWS = 5_000
_FIRST_LOOK_SECONDS = 1.0


class Refresher:
    """Keeps a catalog fresh while somebody looks: it lists files when asked, and not more often than it should.

    Parameters
    ----------
    catalog
        What to refresh.
    every
        Seconds between two looks at the source.
    """

    def __init__(self, catalog: Catalog, every: float) -> None:
        self._catalog = catalog
        self._every = every
        self._wanted = threading.Event()
        self._rested = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refresh", daemon=True)
        self.problem = ""

    def start(self) -> None:
        """Begin, with a first look at once."""
        self._wanted.set()
        self._thread.start()

    def stop(self) -> None:
        """End, and let go of the catalog."""
        self._stopped.set()
        self._wanted.set()
        self._catalog.close()
        self._thread.join()

    def ask(self) -> None:
        """Ask for a look, and wait shortly for the one that runs."""
        self._wanted.set()
        self._rested.wait(_FIRST_LOOK_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            if self._stopped.is_set():
                break
            self._wanted.clear()
            self._rested.clear()
            try:
                self._catalog.refresh()
                self.problem = ""
            except (DashboardError, *UNREADABLE) as error:
                self.problem = str(error).partition("\n")[0]
                _log.warning("refresh_failed reason=%r", self.problem)
            self._rested.set()
            self._stopped.wait(self._every)


def make_app(
    catalog: Catalog, refresher: Refresher, title: str, refresh_seconds: float, hosts: Sequence[str]
) -> Starlette:
    """Put the server together.

    Parameters
    ----------
    catalog
        What to show.
    refresher
        Keeps it fresh; started by the caller.
    title
        What the page is called.
    refresh_seconds
        How often the page asks for news.
    hosts
        Names that requests may call the server by, without ports.
    """

    def overview(_: Request) -> Any:  # noqa: ANN401 - any record
        refresher.ask()
        found = catalog.overview(alerts=1)
        if refresher.problem:
            found = dataclasses.replace(
                found, problems=[refresher.problem, *found.problems], version=f"{found.version} {refresher.problem}"
            )
        return found

    def series(request: Request) -> Any:  # noqa: ANN401
        query = request.query_params
        return catalog.find(query.get("q", ""), query.get("detector"), query.get("id"))

    def alerts(request: Request) -> Any:  # noqa: ANN401
        detector, series_id = request.query_params.get("detector"), request.query_params.get("id")
        return catalog.alerts(detector, series_id, limit=100, skip=_number(request, "skip", 0, 0, 10**9))

    def chart(request: Request) -> Any:  # noqa: ANN401
        return catalog.chart_columns(
            request.query_params.get("detector", ""),
            request.query_params.get("id", ""),
            _number(request, "from", 0, -_NO_END, _NO_END),
            _number(request, "to", _NO_END, -_NO_END, _NO_END),
            _number(request, "rows", 2_000, 1, _MAX_ROWS),
        )

    routes = [
        *(
            Route(f"/{path}", _text(file.text, file.media_type))
            for path, file in served_files(title, refresh_seconds).items()
        ),
        *(Route(f"/api/{answer.__name__}", _json(answer)) for answer in (overview, series, alerts, chart)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Guard, hosts=hosts)])


class _Guard:
    """Refuses strange hosts, and puts the safety headers on every answer."""

    _headers = (
        (b"content-security-policy", SERVED_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-cache"),
    )

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        host = Request(scope).headers.get("host", "")
        if _without_port(host) in self._hosts:
            return await self._app(scope, receive, with_headers)
        refusal = PlainTextResponse("This server does not answer to that name; see --allow-host.\n", 421)
        return await refusal(scope, receive, with_headers)


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _text(content: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    data = content.encode()
    tag = _tag(data)

    async def answer(request: Request) -> Response:
        return _unless_known(request, data, tag, kind)

    return answer


def _json(make: Callable[[Request], Any]) -> Callable[[Request], Response]:
    # Not async: Starlette then runs it in a thread, and a long query holds up nobody else.
    def answer(request: Request) -> Response:
        try:
            data = msgspec.json.encode(make(request))
        except ValueError as error:
            return _failure(400, str(error))
        except DashboardError as error:
            _log.warning("query_failed reason=%r", str(error))
            return _failure(503, str(error))
        return _unless_known(request, data, _tag(data), "application/json")

    return answer


def _failure(status: int, reason: str) -> Response:
    return Response(msgspec.json.encode({"error": reason}), status, media_type="application/json")


def _unless_known(request: Request, data: bytes, tag: str, kind: str) -> Response:
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(data, headers={"etag": tag}, media_type=kind)


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = int(text[:20])
    except ValueError:
        value = most + 1
    if not least <= value <= most:
        msg = f"{name} must be a whole number from {least} to {most}, got {text[:20]!r}"
        raise ValueError(msg)
    return value
