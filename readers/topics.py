"""Names of Kafka topics."""

import re

EXPECTED = "a topic's name: 1 to 249 letters, digits, dots, underscores and hyphens"


def topic(text: str) -> str:
    """Take the name of a topic; ValueError for what the brokers would refuse."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text) or text in {".", ".."}:
        msg = f"expected {EXPECTED}"
        raise ValueError(msg)
    return text
