"""Settings with a lowest and a highest value."""


def check_ranges(settings: object, **ranges: tuple[float, float]) -> None:
    """Check fields of a record against the lowest and the highest value of each.

    Raises
    ------
    ValueError
        One is out of its range; the message names it.
    """
    for name, (lowest, highest) in ranges.items():
        value = getattr(settings, name)
        if not lowest <= value <= highest:
            msg = f"{name} must be from {lowest} to {highest}, got {value!r}"
            raise ValueError(msg)
