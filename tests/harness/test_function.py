import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from triggers import HANDLERS, MakeFunction, Wait

from devstack.processes import Process
from harness.function import Function
from harness.invocation import (
    PAYLOAD_LIMIT,
    FunctionCrashed,
    FunctionError,
    FunctionThrottled,
    FunctionTimedOut,
    InProcessFunction,
    Invocable,
    RequestTooLargeError,
)


def test_a_warm_environment_is_used_again_and_knows_its_function(function: MakeFunction) -> None:
    echo = function("echo", name="echo", memory_mb=512)
    first, second = echo.invoke({"title": "Dune ✓"}), echo.invoke(None)
    assert first["event"] == {"title": "Dune ✓"}
    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["pid"] == second["pid"] != os.getpid()
    assert (first["name"], first["memory"]) == ("echo", "512")
    assert first["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:echo"
    assert first["request"] != second["request"]
    assert 59_000 < first["left"] <= 60_000
    assert echo.cold_starts == 1


def test_the_handler_sees_its_own_variables_and_none_of_ours(
    function: MakeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hush")
    seen = function("variables", {"TOPIC": "sales", "AWS_REGION": "eu-west-1"}).invoke(None)
    assert seen["TOPIC"] == "sales"
    assert (seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"], seen["TZ"]) == ("eu-west-1", "eu-west-1", ":UTC")
    assert "DATABASE_PASSWORD" not in seen
    assert "HOME" not in seen


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        ("raise", "KeyError", "'no such book'"),
        ("return nan", "Runtime.MarshalError", "Unable to marshal response: Out of range float values"),
        ("return a set", "Runtime.MarshalError", "not JSON serializable"),
        ("return too much", "Function.ResponseSizeTooLarge", "(6291458 bytes) exceeded"),
    ],
)
def test_a_handler_that_fails_is_told_apart_and_its_environment_stays(
    function: MakeFunction, event: str, error_type: str, message: str
) -> None:
    misbehaving = function("misbehave")
    with pytest.raises(FunctionError) as caught:
        misbehaving.invoke(event)
    assert caught.value.error_type == error_type
    assert message in caught.value.message
    assert misbehaving.invoke("be good") == "be good"
    assert misbehaving.cold_starts == 1


def test_a_traceback_comes_back_with_the_error(function: MakeFunction) -> None:
    with pytest.raises(FunctionError) as caught:
        function("misbehave").invoke("raise")
    assert any("sample_handlers.py" in line and "misbehave" in line for line in caught.value.trace)


def test_an_environment_that_exits_is_replaced(function: MakeFunction) -> None:
    misbehaving = function("misbehave")
    with pytest.raises(FunctionCrashed, match="Runtime exited with error: exit status 4"):
        misbehaving.invoke("exit")
    assert misbehaving.invoke("be good") == "be good"
    assert misbehaving.cold_starts == 2


def test_a_time_out_kills_the_environment(function: MakeFunction) -> None:
    misbehaving = function("misbehave", timeout_seconds=0.3)
    with pytest.raises(FunctionTimedOut, match=r"Task timed out after 0\.30 seconds"):
        misbehaving.invoke("sleep")
    assert misbehaving.invoke("be good") == "be good"
    assert misbehaving.cold_starts == 2


def in_threads(number: int, call: Callable[[], object]) -> list[object]:
    """Call at the same time; the results and errors."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(call())
        except (FunctionError, FunctionThrottled) as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_kill_hits_what_runs_and_the_next_invocation_starts_cold(function: MakeFunction, eventually: Wait) -> None:
    misbehaving = function("misbehave")
    killer = threading.Thread(target=lambda: eventually(misbehaving.kill))
    misbehaving.invoke("be good")
    killer.start()
    with pytest.raises(FunctionCrashed, match="signal: 9"):
        misbehaving.invoke("sleep")
    killer.join()
    assert misbehaving.invoke("be good") == "be good"
    assert misbehaving.cold_starts == 2


def test_invocations_at_the_same_time_get_environments_of_their_own_up_to_the_concurrency(
    function: MakeFunction,
) -> None:
    misbehaving = function("misbehave", timeout_seconds=1.0, concurrency=2)
    results = in_threads(3, lambda: misbehaving.invoke("sleep"))
    assert sorted(type(result).__name__ for result in results) == [
        "FunctionThrottled",
        "FunctionTimedOut",
        "FunctionTimedOut",
    ]
    assert misbehaving.cold_starts == 2


def test_what_is_printed_is_in_the_log_even_after_a_kill(function: MakeFunction, tmp_path: Path) -> None:
    misbehaving = function("misbehave", timeout_seconds=0.3, log=tmp_path / "log")
    for event in ("be good", "sleep"):
        with pytest.raises(FunctionTimedOut) if event == "sleep" else pytest.MonkeyPatch.context():
            misbehaving.invoke(event)
    assert (tmp_path / "log").read_text() == "told to be good\ntold to sleep\n"


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("sample_handlers:nothing", "Runtime.HandlerNotFound"),
        ("sample_handlers:CALLS", "Runtime.HandlerNotFound"),
        ("no_such_module:handler", "Runtime.ImportModuleError"),
    ],
)
def test_a_handler_that_cannot_be_loaded_fails_each_invocation(handler: str, error_type: str) -> None:
    with Function(handler, code=HANDLERS) as broken:
        for _ in range(2):
            with pytest.raises(FunctionError) as caught:
                broken.invoke(None)
            assert caught.value.error_type == error_type


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"handler": "module.handler"}, "handler must be module:attribute, got 'module.handler'"),
        ({"timeout_seconds": 901}, "timeout_seconds must be above 0 and at most 900, got 901"),
        ({"concurrency": 0}, "concurrency must be at least 1, got 0"),
    ],
)
def test_a_setting_out_of_range_is_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Function(**{"handler": "a:b", **settings})  # type: ignore[arg-type]


@pytest.fixture(params=["processes", "in process"])
def any_echo(request: pytest.FixtureRequest, function: MakeFunction) -> Invocable:
    if request.param == "in process":
        return InProcessFunction(lambda event, _context: event)
    return function("misbehave")


def test_an_event_of_six_megabytes_passes_and_a_byte_more_does_not(any_echo: Invocable) -> None:
    largest = "x" * (PAYLOAD_LIMIT - 2)
    assert any_echo.invoke(largest) == largest
    with pytest.raises(RequestTooLargeError, match="6291457 bytes exceed 6291456"):
        any_echo.invoke(largest + "x")


def test_an_event_is_strict_json(any_echo: Invocable) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        any_echo.invoke({"score": float("nan")})


def test_a_handler_in_this_process_gets_a_copy_and_a_context() -> None:
    def change(event: dict[str, int], context: object) -> str:
        event["changed"] = 1
        return str(getattr(context, "function_name", None))

    event: dict[str, int] = {}
    assert InProcessFunction(change, name="mine").invoke(event) == "mine"
    assert event == {}


def test_environments_end_with_the_process_that_started_them(repository: Path, eventually: Wait) -> None:
    script = f"""
from pathlib import Path
from harness.function import Function
function = Function("sample_handlers:misbehave", code=Path({str(HANDLERS)!r}), log=Path("/dev/stderr"))
other = Function("sample_handlers:echo", code=Path({str(HANDLERS)!r}))
print(other.invoke(None)["pid"], flush=True)
function.invoke("sleep")
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        assert starter.stderr is not None
        idle = Process.of(int(starter.stdout.readline()))
        assert idle is not None
        assert b"told to sleep" in starter.stderr.readline()
        starter.send_signal(signal.SIGKILL)
        # The pipe is at its end once the environment that runs the handler is gone, too.
        assert starter.stderr.read() == b""
    eventually(lambda: not idle.alive())
