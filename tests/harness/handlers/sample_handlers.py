"""Handlers for the tests: each run in processes of their own, so what they saw goes to a file."""

import base64
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.context import LambdaContext as Context

Event = Any

CALLS = 0


def echo(event: Event, context: Context) -> object:
    global CALLS
    CALLS += 1  # the state of a warm environment
    return {
        "event": event,
        "calls": CALLS,
        "pid": os.getpid(),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "request": context.aws_request_id,
        "left": context.get_remaining_time_in_millis(),
    }


def variables(_event: Event, _context: Context) -> object:
    return dict(os.environ)


def misbehave(event: Event, _context: Context) -> object:
    print(f"told to {event}")
    match event:
        case "raise":
            msg = "no such book"
            raise KeyError(msg)
        case "return nan":
            return float("nan")
        case "return a set":
            return {1}
        case "return too much":
            return "x" * (6 * 1024 * 1024)
        case "exit":
            sys.exit(4)
        case "take a nap":
            time.sleep(0.05)
        case "sleep":
            time.sleep(60)
    return event


def _values(event: Event) -> Iterator[tuple[str, int, str]]:
    for partition, records in event["records"].items():
        for record in records:
            yield partition, record["offset"], base64.b64decode(record["value"]).decode()


def _note(lines: Iterable[str]) -> None:
    with Path(os.environ["SEEN"]).open("a") as seen:
        seen.write("".join(line + "\n" for line in lines))


def keep(event: Event, _context: Context) -> None:
    """Note every value; slowly if told to."""
    time.sleep(float(os.environ.get("PAUSE", "0")))
    _note([value for _, _, value in _values(event)])


def refuse_poison(event: Event, _context: Context) -> None:
    """Fail as a whole when a value is poison."""
    values = [value for _, _, value in _values(event)]
    if "poison" in values:
        msg = "poison"
        raise ValueError(msg)
    _note(values)


def report_poison(event: Event, _context: Context) -> object:
    """Report the records whose value is poison."""
    failures = []
    for partition, offset, value in _values(event):
        if value == "poison":
            failures.append({"itemIdentifier": {"partition": partition, "offset": offset}})
        else:
            _note([value])
    return {"batchItemFailures": failures}


def transform(event: Event, _context: Context) -> object:
    """Shout; drop and fail on request."""
    _note([str(len(event["records"]))])
    answers = []
    for record in event["records"]:
        text = base64.b64decode(record["kafkaRecordValue"]).decode()
        if text == "crash":
            os._exit(3)
        result = {"drop": "Dropped", "fail": "ProcessingFailed"}.get(text, "Ok")
        data = base64.b64encode(text.upper().encode()).decode()
        answers.append({"recordId": record["recordId"], "result": result, "kafkaRecordValue": data})
    return {"records": answers}
