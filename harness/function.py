"""A Lambda function on this machine: its handler in processes of its own.

An execution environment is one process. It imports the handler once, answers one invocation at a time and is used again
while it is warm; its module's state lives as long. An invocation that finds every environment busy gets a new one, up
to `concurrency`, then it is throttled. After a time-out or a crash the environment is gone, and the next invocation
starts cold (AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"; `concurrency` is
its "reserved concurrency").

The environment variables are those that are given, those that Lambda itself sets ("Working with Lambda environment
variables"), PATH and PYTHONPATH, and nothing of this process'.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.frames import READY, REQUEST, RESULT, PipeClosedError, read_frame, write_frame
from harness.invocation import (
    FunctionCrashed,
    FunctionError,
    FunctionThrottled,
    FunctionTimedOut,
    decode_payload,
    encode_request,
)

_INIT_SECONDS = 60.0  # Lambda allows 10; this machine may be busy
_ROOT = Path(__file__).resolve().parents[2]


class Function:
    """A handler that runs in processes of its own.

    Parameters
    ----------
    handler
        `module:attribute`, such as `ingest_lambda.handler:handler`.
    environment
        Its environment variables.
    name
        The function's name; without it the handler's module, with hyphens.
    timeout_seconds
        How long an invocation may take, from 1 to 900 on AWS.
    log
        File to which the handler's standard output and error are added; without it they are dropped.
    code
        Folder that the handler is imported from and runs in; without it the current one.
    concurrency
        How many invocations may run at a time, from 1.
    memory_mb
        What the context tells; not enforced.

    Raises
    ------
    ValueError
        A parameter is out of its range.
    """

    def __init__(
        self,
        handler: str,
        environment: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
        timeout_seconds: float = 60.0,
        log: Path | None = None,
        code: Path | None = None,
        concurrency: int = 1,
        memory_mb: int = 256,
    ) -> None:
        module, _, attribute = handler.partition(":")
        if not module or not attribute:
            msg = f"handler must be module:attribute, got {handler!r}"
            raise ValueError(msg)
        if not 0 < timeout_seconds <= 900:
            msg = f"timeout_seconds must be above 0 and at most 900, got {timeout_seconds!r}"
            raise ValueError(msg)
        if concurrency < 1:
            msg = f"concurrency must be at least 1, got {concurrency!r}"
            raise ValueError(msg)
        self.name = name or module.replace(".", "-")
        self._timeout_seconds = timeout_seconds
        self._concurrency = concurrency
        self._log = log
        self._code = (code or Path.cwd()).resolve()
        self._order = {
            "handler": handler,
            "name": self.name,
            "timeout_seconds": timeout_seconds,
            "memory_mb": memory_mb,
        }
        self._variables = self._make_variables(environment or {}, memory_mb)
        self._lock = threading.Lock()
        self._idle: list[_Environment] = []
        self._busy: set[_Environment] = set()
        self._running = 0
        self.cold_starts = 0  # how many environments were started until now

    def invoke(self, event: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Invoke it; see `Invocable`. Threads may do so at the same time."""
        payload = encode_request(event)
        with self._lock:
            if self._running >= self._concurrency:
                msg = f"{self.name} runs {self._running} times already"
                raise FunctionThrottled(msg)
            self._running += 1
        try:
            environment = self._take()
            answered = False
            try:
                result = environment.ask(payload, self._timeout_seconds)
                answered = True
            except FunctionError as error:
                answered = not isinstance(error, FunctionTimedOut | FunctionCrashed)
                raise
            finally:
                self._give_back(environment, usable=answered)
        finally:
            with self._lock:
                self._running -= 1
        return decode_payload(result)

    def kill(self) -> int:
        """Kill the environments that run an invocation now, as an outage would.

        Returns
        -------
        How many there were.
        """
        with self._lock:
            for environment in self._busy:
                environment.kill()
            return len(self._busy)

    def close(self) -> None:
        """End all environments."""
        with self._lock:
            idle, self._idle = self._idle, []
            for environment in self._busy:
                environment.kill()  # its invocation ends it
        for environment in idle:
            environment.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_variables(self, given: Mapping[str, str], memory_mb: int) -> dict[str, str]:
        region = given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or "us-east-1"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
            "LAMBDA_TASK_ROOT": str(self._code),
            "PYTHONUNBUFFERED": "1",  # what was printed before a kill is in the log
            **given,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(self._code), given.get("PYTHONPATH"), str(_ROOT)])),
        }

    def _take(self) -> "_Environment":
        with self._lock:
            while self._idle:
                environment = self._idle.pop()
                if environment.process.poll() is None:
                    self._busy.add(environment)
                    return environment
                environment.end()
            self.cold_starts += 1
        environment = _Environment.start(self._order, self._variables, self._code, self._log)
        with self._lock:
            self._busy.add(environment)
        try:
            environment.await_ready()
        except BaseException:
            self._give_back(environment, usable=False)
            raise
        return environment

    def _give_back(self, environment: "_Environment", *, usable: bool) -> None:
        with self._lock:
            self._busy.discard(environment)
            if usable:
                self._idle.append(environment)
        if not usable:
            environment.end()


@dataclass(eq=False, slots=True)
class _Environment:
    """One worker process and the pipes to it."""

    process: "subprocess.Popen[bytes]"
    requests: int
    answers: int
    leash: int

    @classmethod
    def start(cls, order: Mapping[str, Any], variables: Mapping[str, str], code: Path, log: Path | None) -> Self:
        theirs_requests, requests = os.pipe()
        answers, theirs_answers = os.pipe()
        theirs_leash, leash = os.pipe()
        theirs = {"requests": theirs_requests, "answers": theirs_answers, "leash": theirs_leash}
        try:
            with log.open("ab") if log else contextlib.nullcontext(subprocess.DEVNULL) as output:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "harness.worker", json.dumps({**order, **theirs})],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=code,
                    env=dict(variables),
                    pass_fds=list(theirs.values()),
                    start_new_session=True,
                )
        except BaseException:
            for pipe in (requests, answers, leash):
                os.close(pipe)
            raise
        finally:
            for pipe in theirs.values():
                os.close(pipe)
        return cls(process, requests, answers, leash)

    def await_ready(self) -> None:
        kind, reply = self._read(time.monotonic() + _INIT_SECONDS, _INIT_SECONDS)
        if kind != READY:
            raise _error(reply)

    def ask(self, payload: bytes, timeout_seconds: float) -> bytes:
        deadline = time.monotonic() + timeout_seconds
        # A dead worker cannot be written to; that it is dead shows in the reading.
        with contextlib.suppress(PipeClosedError):
            write_frame(self.requests, REQUEST, payload)
        kind, reply = self._read(deadline, timeout_seconds)
        if kind != RESULT:
            raise _error(reply)
        return reply

    def _read(self, deadline: float, timeout_seconds: float) -> tuple[bytes, bytes]:
        try:
            return read_frame(self.answers, deadline)
        except TimeoutError:
            self.kill()
            raise FunctionTimedOut(timeout_seconds) from None
        except PipeClosedError:
            self.kill()
            raise FunctionCrashed(self.process.wait()) from None

    def kill(self) -> None:
        if self.process.returncode is None:  # else the pid may be a stranger's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        self.process.wait()
        for pipe in (self.requests, self.answers, self.leash):
            os.close(pipe)


def _error(reply: bytes) -> FunctionError:
    told = decode_payload(reply)
    return FunctionError(told["errorType"], told["errorMessage"], tuple(told["stackTrace"]))
