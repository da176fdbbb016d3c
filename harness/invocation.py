"""Invoking a function: what goes in and out, and how it can fail.

Synchronous payloads may have 6 MB each way (AWS Lambda Developer Guide, "Lambda quotas"; `PAYLOAD_LIMIT` takes a
megabyte as 2^20 bytes). The error types are those that Lambda reports.
"""

import json
import traceback
import uuid
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from harness.context import LambdaContext

PAYLOAD_LIMIT = 6 * 1024 * 1024


class Invocable(Protocol):
    """A function that the harness can invoke."""

    @property
    def name(self) -> str:
        """Its name."""

    def invoke(self, event: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Invoke it synchronously.

        Returns
        -------
        What the handler returned, after a way through JSON.

        Raises
        ------
        FunctionError
            The handler raised, returned what JSON cannot hold or more than `PAYLOAD_LIMIT`, timed out or crashed.
        FunctionThrottled
            It runs as often as it may already.
        RequestTooLargeError
            The event has more than `PAYLOAD_LIMIT` bytes.
        """


class FunctionError(Exception):
    """The function was invoked and failed.

    Parameters
    ----------
    error_type
        Name of the exception's class, or Lambda's own name for what happened.
    message
        The handler's message. It may say anything, so the harness logs only the type.
    trace
        Lines of the handler's traceback.
    """

    def __init__(self, error_type: str, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.trace = trace


class FunctionTimedOut(FunctionError):  # noqa: N818 - says what happened
    """The function did not answer in time; its environment was killed."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")


class FunctionCrashed(FunctionError):  # noqa: N818 - says what happened
    """The process that ran the function ended."""

    def __init__(self, exit_code: int) -> None:
        how = f"signal: {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
        super().__init__("Runtime.ExitError", f"Runtime exited with error: {how}")


class FunctionThrottled(Exception):  # noqa: N818 - Lambda's own word
    """The function was not invoked: it runs as often at a time as it may (HTTP 429, `TooManyRequestsException`)."""


class RequestTooLargeError(Exception):
    """The function was not invoked: the event is too large (HTTP 413, `RequestEntityTooLargeException`)."""


def encode_payload(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write strict JSON, as compact as it gets.

    Raises
    ------
    TypeError, ValueError
        The value holds something that JSON does not have, such as NaN.
    """
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def encode_request(event: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write an event for an invocation.

    Raises
    ------
    RequestTooLargeError
        It has more than `PAYLOAD_LIMIT` bytes.
    """
    payload = encode_payload(event)
    if len(payload) > PAYLOAD_LIMIT:
        msg = f"{len(payload)} bytes exceed {PAYLOAD_LIMIT}"
        raise RequestTooLargeError(msg)
    return payload


def decode_payload(payload: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read what `encode_payload` wrote."""
    return json.loads(payload)


def arn_of(name: str) -> str:
    """Name a function as AWS would, in an account that does not exist."""
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def answer(handler: Callable[[Any, Any], Any], event: Any, context: LambdaContext) -> bytes:  # noqa: ANN401 - JSON
    """Call a handler as the Python runtime does.

    Returns
    -------
    Its result as JSON.

    Raises
    ------
    FunctionError
        The handler raised, or returned what cannot be sent.
    """
    try:
        result = handler(event, context)
    except Exception as error:
        trace = traceback.format_exception(error)
        raise FunctionError(type(error).__name__, str(error), tuple(trace)) from error
    try:
        payload = encode_payload(result)
    except (TypeError, ValueError) as error:
        msg = "Runtime.MarshalError"
        raise FunctionError(msg, f"Unable to marshal response: {error}") from error
    if len(payload) > PAYLOAD_LIMIT:
        msg = "Function.ResponseSizeTooLarge"
        raise FunctionError(
            msg,
            f"Response payload size ({len(payload)} bytes) exceeded maximum allowed payload size"
            f" ({PAYLOAD_LIMIT} bytes).",
        )
    return payload


class InProcessFunction:
    """A handler that is called in this process: quick, but it cannot be killed and does not time out.

    Parameters
    ----------
    handler
        A Lambda handler.
    name
        The function's name; without it the handler's.
    timeout_seconds
        What the context tells the handler.
    """

    def __init__(
        self, handler: Callable[[Any, Any], Any], name: str | None = None, timeout_seconds: float = 60.0
    ) -> None:
        self._handler = handler
        self.name = name or str(getattr(handler, "__name__", "handler"))
        self._timeout_seconds = timeout_seconds

    def invoke(self, event: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Invoke it; see `Invocable`."""
        payload = encode_request(event)
        deadline = monotonic() + self._timeout_seconds
        context = LambdaContext(self.name, str(uuid.uuid4()), deadline, arn_of(self.name))
        return decode_payload(answer(self._handler, decode_payload(payload), context))
