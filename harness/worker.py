"""The process that a function runs in: loads the handler once, then answers one request after the other.

Started by `harness.function` with three descriptors: requests come from the first, answers go to the second,
and the third is held open by the starter: when it closes, the starter has gone, and so does this process, at once.
"""

import importlib
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from harness.context import LambdaContext
from harness.frames import ERROR, READY, RESULT, PipeClosedError, read_frame, write_frame
from harness.invocation import FunctionError, answer, arn_of, decode_payload, encode_payload


def main(order: dict[str, Any]) -> None:
    """Serve until nobody asks any more.

    Parameters
    ----------
    order
        `handler` (`module:attribute`), `name`, `timeout_seconds`, `memory_mb`, and the descriptors `requests`,
        `answers`, `leash`.
    """
    for pipe in (order["requests"], order["answers"], order["leash"]):
        os.set_inheritable(pipe, False)
    threading.Thread(target=_go_with_the_starter, args=(order["leash"],), daemon=True).start()
    name, answers = order["name"], order["answers"]
    try:
        handler = _load(order["handler"])
    except FunctionError as error:
        write_frame(answers, ERROR, _describe(error))
        return
    write_frame(answers, READY, b"")
    while True:
        try:
            _, request = read_frame(order["requests"])
        except PipeClosedError:
            return
        deadline = time.monotonic() + order["timeout_seconds"]
        context = LambdaContext(name, str(uuid.uuid4()), deadline, arn_of(name), str(order["memory_mb"]))
        try:
            kind, reply = RESULT, answer(handler, decode_payload(request), context)
        except FunctionError as error:
            kind, reply = ERROR, _describe(error)
        write_frame(answers, kind, reply)


def _go_with_the_starter(leash: int) -> None:
    os.read(leash, 1)
    os._exit(1)


def _load(name: str) -> Callable[[Any, Any], Any]:
    module, _, attribute = name.partition(":")
    try:
        handler = getattr(importlib.import_module(module), attribute)
    except AttributeError as error:
        msg = "Runtime.HandlerNotFound"
        raise FunctionError(msg, f"Handler '{attribute}' missing on module '{module}'") from error
    except Exception as error:
        msg = "Runtime.ImportModuleError"
        raise FunctionError(msg, f"Unable to import module '{module}': {type(error).__name__}: {error}") from error
    if not callable(handler):
        msg = "Runtime.HandlerNotFound"
        raise FunctionError(msg, f"'{attribute}' of module '{module}' is not callable")
    return handler  # type: ignore[no-any-return]


def _describe(error: FunctionError) -> bytes:
    return encode_payload({"errorType": error.error_type, "errorMessage": error.message, "stackTrace": error.trace})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
