"""Twin of the start: which of the first twelve values are wild."""


def start_origin(values: list[float]) -> tuple[float, list[float]]:
    """Return the origin of twelve values, and the values with the wild ones clipped."""
    origin = sorted(values)[6]
    usual = sorted(abs(value - origin) for value in values)[8]  # nine lie within
    if usual == 0:
        usual = sorted(abs(value - origin) for value in values)[10]  # the second farthest
    return origin, [min(max(value, origin - 10 * usual), origin + 10 * usual) for value in values]
