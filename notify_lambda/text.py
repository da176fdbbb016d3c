"""Text that people can read wherever it arrives: harmless characters, the SMS alphabet, numbers, times. Pure.

Names come from events that anybody may have written: they can hold line breaks, terminal colours, marks that turn the
direction of writing, or ten thousand characters.
"""

import re
import unicodedata
from datetime import datetime

_GSM = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of SMS (3GPP 23.038) without its line breaks: one septet each."""

_GSM_EXTENSION = frozenset("^{}\\[~]|€")
"""Two septets each."""

_CLOSEST = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ł": "l",
        "Ł": "L", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "´": "'", "‘": "'", "’": "'", "‚": "'", "“": '"',
        "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-", "×": "x", "·": ".", "•": "*",
        "€": "EUR", "£": "GBP", "¥": "JPY",
    }
)  # fmt: skip
_CLOSEST_GSM = str.maketrans(
    {"[": "(", "]": ")", "{": "(", "}": ")", "~": "-", "|": "/", "\\": "/", "^": "'", "`": "'"}
)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not strftime's: a message reads the same whatever the locale."""

_WITHIN_NUMBER = re.compile("[.,]?[0-9]")

_HIDDEN = frozenset({"Cf", "Cn", "Co", "Cs"})
"""Categories of characters that show nothing by themselves: marks of direction, joiners, what no font has."""


def clean(text: str, limit: int) -> str:
    """Make any text one short line: no control characters, nothing hidden, single spaces.

    Parameters
    ----------
    text
        Anything.
    limit
        The most characters that may remain; a longer text ends in `…`.
    """
    head = text[: 4 * limit + 4]  # so that a megabyte costs no more than a line
    shown = (
        "" if category in _HIDDEN else " " if category[0] in "CZ" else char
        for char, category in ((char, unicodedata.category(char)) for char in head)
    )
    line = unicodedata.normalize("NFC", " ".join("".join(shown).split()))
    return line if len(line) <= limit and len(head) == len(text) else line[: limit - 1].rstrip() + "…"


def ascii_text(text: str) -> str:
    """Write text in ASCII, with the closest letters; `?` for what has none, nothing if only that would be left."""
    plain = "".join(
        char if char.isascii() else "" if unicodedata.combining(char) else "?"
        for char in unicodedata.normalize("NFKD", text.translate(_CLOSEST))
    )
    return " ".join(plain.split()) if any(char.isalnum() for char in plain) or text.isascii() else ""


def gsm_text(text: str) -> str:
    """Write text in the basic alphabet of SMS, with the closest letters; nothing if only `?` would be left."""
    plain = "".join(char if char in _GSM else ascii_text(char) or "?" for char in text).translate(_CLOSEST_GSM)
    plain = "".join(char if char in _GSM else "?" for char in plain)
    kept = any(char.isalnum() for char in plain) or not any(char.isalnum() for char in text)
    return " ".join(plain.split()) if kept else ""


def septets(text: str) -> int:
    """Count what a text takes of the 160 septets of an SMS; each character outside its alphabet counts as 161."""
    return sum(1 if char in _GSM else 2 if char in _GSM_EXTENSION else 161 for char in text)


def shorten(text: str, limit: int) -> str:
    """Cut text to a length, marked by two dots, before a number rather than within it.

    Returns
    -------
    At most `limit` characters; nothing if a single number is all that would be cut.
    """
    if len(text) <= limit:
        return text
    cut = max(limit - 2, 0)
    kept = text[:cut]
    if _WITHIN_NUMBER.match(text, cut):
        kept = kept.rstrip("0123456789.,")
    kept = kept.rstrip(" .,/-")
    return f"{kept}.." if kept else ""


def number(value: float) -> str:
    """Write a number for people: `14`, `1,234,567`, `13.62`, `0.00012`, `1e300`.

    Four digits below a thousand, and at most 16 characters.
    """
    size = abs(value)
    if size == 0:
        return "0"
    mantissa, exponent = f"{value:.3e}".split("e")
    if not 1e-5 <= size < 1e12 - 0.5:
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if size >= 999.95 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.{3 - int(exponent)}f}".rstrip("0").rstrip(".")


def span(low: str, high: str) -> str:
    """Write a band of two written numbers: `6-24`, but `-3 to 24`."""
    return f"{low} to {high}" if "-" in low + high else f"{low}-{high}"


def clock(time: datetime) -> str:
    """Write the time of day, with seconds only where there are any: `08:01`, `08:01:30`."""
    return f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"


def day(time: datetime) -> str:
    """Write the day of a year that the reader knows: `13 Nov`."""
    return f"{time.day} {_MONTHS[time.month - 1]}"
