"""Names that were perhaps meant."""

from collections.abc import Iterable


def near_miss(name: str, known: Iterable[str], likeness: float = 0.7) -> str | None:
    """Find the known name that is most like one that nobody knows; None if none is as like it, 1 being the same."""
    candidates = list(known)
    if not candidates:
        return None
    # Imported here because it is seldom needed, and every cold start would pay for it.
    import difflib

    return next(iter(difflib.get_close_matches(name, candidates, n=1, cutoff=likeness)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask whether a known name was meant, in parentheses behind what was said; nothing if none is near.

    Examples
    --------
    >>> did_you_mean("sale", ["books", "sales"])
    " (did you mean 'sales'?)"
    """
    near = near_miss(name, known)
    return "" if near is None else f" (did you mean {near!r}?)"
