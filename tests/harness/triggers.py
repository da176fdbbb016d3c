"""What the tests of the trigger and of the Firehose share."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from harness.function import Function
from harness.kafka_trigger import KafkaTrigger

MakeFunction = Callable[..., Function]
MakeTopic = Callable[..., str]
Send = Callable[..., None]
Read = Callable[[str], list[Any]]
Wait = Callable[[Callable[[], object]], None]
Beside = Callable[..., AbstractContextManager["subprocess.Popen[str]"]]

HANDLERS = Path(__file__).parent / "handlers"

Event = Any


def numbers(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


class Keeper:
    """A handler in this process that keeps the events it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event, _context: object) -> None:
        self.events.append(event)

    def sizes(self) -> list[int]:
        return [sum(map(len, event["records"].values())) for event in self.events]


MakeTrigger = Callable[..., KafkaTrigger]
