"""How what takes minutes is waited for, and told meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Takes a line for people; waits so many seconds."""

    say: Callable[[str], None]
    sleep: Callable[[float], None]
