"""The server: answers, safety headers, hosts, and new files without a restart."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from result_files import MINUTE, START, row, spike, write

Serve = Callable[[Path], str]
NAMES = ("", "main.js", "format.js", "vega.js", "style.css", "api/overview", "api/series", "api/alerts", "api/chart")


def ask(url: str, path: str = "", method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request(method, f"/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def answer(url: str, path: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
    response, body = ask(url, f"api/{path}?{urlencode(parameters)}")
    assert response.status == 200, body
    return json.loads(body)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 20
    while not condition():
        assert monotonic() < deadline, "did not happen within 20 seconds"
        sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "results", [row(START, {"p": "apple"}, processed_data_points=1), spike(START, {"p": "pear"})]
    )


def test_everything_is_answered_with_a_strict_policy(serve: Serve, folder: Path) -> None:
    url = serve(folder)

    for name in NAMES:
        response, body = ask(url, name)
        policy = response.headers["content-security-policy"]
        assert (response.status, bool(body)) == (200, True)
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1@evil"])
def test_a_request_by_another_name_is_refused(serve: Serve, folder: Path, host: str) -> None:
    response, body = ask(serve(folder), "api/overview", Host=host)

    assert response.status in {400, 421}
    assert b"kpis" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(serve: Serve, folder: Path, method: str) -> None:
    assert ask(serve(folder), "api/overview", method)[0].status == 405


def test_what_the_browser_has_is_not_sent_again(serve: Serve, folder: Path) -> None:
    url = serve(folder)
    eventually(lambda: answer(url, "overview")["kpis"]["series"] == 2)
    first, _ = ask(url, "api/overview")
    second, body = ask(url, "api/overview", If_None_Match=first.headers["etag"])

    assert (second.status, body) == (304, b"")


def test_new_files_are_shown_without_a_restart(serve: Serve, folder: Path) -> None:
    url = serve(folder)
    eventually(lambda: answer(url, "overview")["kpis"]["series"] == 2)
    before = answer(url, "overview")["version"]
    write(folder, [spike(START + MINUTE, {"p": "c"})], name="part-1")
    eventually(lambda: answer(url, "overview")["kpis"]["series"] == 3)

    assert answer(url, "overview")["version"] != before
    assert [alert["label"] for alert in answer(url, "alerts")["alerts"]] == ["c", "pear"]


def test_a_chart_is_asked_by_series_and_time(serve: Serve, folder: Path) -> None:
    url = serve(folder)
    eventually(lambda: answer(url, "overview")["kpis"]["series"] == 2)
    series = answer(url, "series", q="PEA")["series"]
    columns = answer(url, "chart", detector="bookstore", id=series[0]["id"])

    assert [one["label"] for one in series] == ["pear"]
    assert (columns["value"], columns["alert"]) == ([75.0], [1])


@pytest.mark.parametrize("query", ["rows=0", "rows=1000000", "rows=x", "from=1e5", "to=9999999999999999999999"])
def test_a_number_that_makes_no_sense_is_refused_with_what_is_allowed(serve: Serve, folder: Path, query: str) -> None:
    response, body = ask(serve(folder), f"api/chart?{query}")

    assert response.status == 400
    assert "must be a whole number from" in json.loads(body)["error"]


@pytest.mark.parametrize("wanted", ["' OR 1=1 --", "x" * 9000, "\u202e", "%00"])
def test_a_hostile_identifier_finds_nothing(serve: Serve, folder: Path, wanted: str) -> None:
    url = serve(folder)

    assert answer(url, "chart", detector=wanted, id=wanted)["start"] == []
    assert answer(url, "series", id=wanted)["series"] == []


def test_a_folder_that_vanishes_is_told_and_comes_back(serve: Serve, folder: Path) -> None:
    url = serve(folder)
    eventually(lambda: answer(url, "overview")["kpis"]["series"] == 2)
    folder.rename(folder.with_name("moved"))
    eventually(lambda: any("found nothing" in problem for problem in answer(url, "overview")["problems"]))
    series = answer(url, "series")["series"][0]
    response, _ = ask(url, f"api/chart?{urlencode({'detector': series['detector'], 'id': series['id']})}")
    folder.with_name("moved").rename(folder)
    eventually(lambda: answer(url, "overview")["problems"] == [])

    assert response.status == 503
