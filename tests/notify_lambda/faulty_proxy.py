"""An HTTP proxy in front of AWS that makes the network and the service fail, request by request."""

import contextlib
import http.client
import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

_FAILED = (
    "<member><Id>{}</Id><Code>{}</Code><Message>as asked</Message><SenderFault>{}</SenderFault></member>"  # of SNS
)
_XML_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"
_JSON_ERROR = '{{"__type":"com.amazonaws#{}","message":"{}"}}'
_ERRORS = {
    "throttled": (400, "Throttling", "as asked"),
    "unavailable": (503, "ServiceUnavailable", "as asked"),
    "refused": (400, "InvalidParameter", "Invalid parameter: Message"),
    "bad_topic": (400, "InvalidParameter", "Invalid parameter: TopicArn"),
}


@dataclass
class Fault:
    """What happens to one request.

    `kind` is `pass`, `throttled`, `unavailable` (503), `refused` or `bad_topic` (400 InvalidParameter), `lost` (done,
    then the connection ends without an answer), `hangs_up` (not done) or `partial` (some entries of a batch fail).
    """

    kind: str
    entries: tuple[int, ...] = ()
    code: str = "InternalError"
    sender: bool = False


@dataclass
class FaultyProxy:
    """Faults are used up in order by requests whose action contains `only`; then everything passes."""

    url: str
    only: str = "PublishBatch"
    faults: list[Fault] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self, action: str) -> Fault:
        with self.lock:
            self.actions.append(action)
            return self.faults.pop(0) if self.faults and self.only in action else Fault("pass")

    def count(self, action: str) -> int:
        return sum(action in one for one in self.actions)


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(upstream)
        self.proxy = FaultyProxy(f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = self.headers.get("X-Amz-Target") or dict(parse_qsl(body.decode())).get("Action", "")
        fault = self.server.proxy.next_fault(action)
        self.close_connection = fault.kind in {"hangs_up", "lost"}
        if fault.kind in _ERRORS:
            status, code, message = _ERRORS[fault.kind]
            template = _JSON_ERROR if "X-Amz-Target" in self.headers else _XML_ERROR
            self._answer(status, template.format(code, message))
        elif fault.kind == "lost":
            self._forward(body)
        elif fault.kind == "partial":
            body, identifiers = without_entries(body, fault.entries)
            status, headers, answer = self._forward(body)
            self._answer(status, with_failures(answer, identifiers, fault), headers)
        elif fault.kind == "pass":
            status, headers, answer = self._forward(body)
            self._answer(status, answer, headers)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.target.hostname or "", self.server.target.port, timeout=10)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def _answer(self, status: int, body: str | bytes, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response_only(status)
        for name, value in (headers or {"Content-Type": "text/xml"}).items():
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def faulty_proxy(upstream: str) -> Iterator[FaultyProxy]:
    server = _Server(upstream)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def without_entries(body: bytes, positions: tuple[int, ...]) -> tuple[bytes, list[str]]:
    """Take entries, counted from 0, out of a PublishBatch request; return their ids as well."""
    entries: dict[int, dict[str, str]] = {}
    others = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        match = re.fullmatch(r"PublishBatchRequestEntries\.member\.(\d+)\.(.+)", name)
        if match:
            entries.setdefault(int(match[1]) - 1, {})[match[2]] = value
        else:
            others[name] = value
    kept = [entry for position, entry in sorted(entries.items()) if position not in positions]
    members = {
        f"PublishBatchRequestEntries.member.{index}.{name}": value
        for index, entry in enumerate(kept, 1)
        for name, value in entry.items()
    }
    return urlencode(others | members).encode(), [entries[position]["Id"] for position in positions]


def with_failures(answer: bytes, identifiers: list[str], fault: Fault) -> bytes:
    """Add entries that failed to an answer of PublishBatch."""
    sender = str(fault.sender).lower()
    failed = "".join(_FAILED.format(identifier, fault.code, sender) for identifier in identifiers)
    answer = re.sub(rb"<Failed ?/>|<Failed>\s*</Failed>", b"", answer)
    return answer.replace(b"</PublishBatchResult>", f"<Failed>{failed}</Failed></PublishBatchResult>".encode())
