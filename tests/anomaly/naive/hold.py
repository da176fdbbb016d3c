"""Twin of the hold: what an event may not teach."""

from copy import deepcopy

from naive.forecaster import Memory


class Hold:
    def __init__(self) -> None:
        self.clean: Memory | None = None  # the memory as it would be without the event
        self.left = 0  # points of it
        self.flagged_for = self.skipped_for = 0.0  # seconds
        self.suspicious = False  # was the last point flagged, or alerted?

    def look(self, step: float, e0: float, *, may_skip: bool) -> tuple[bool, bool]:
        flagged = e0 >= 0.75 or (self.suspicious and e0 >= 0.375)
        skip = flagged and may_skip and self.skipped_for < max(4 * 3600, 2.5 * step)
        self.skipped_for = self.skipped_for + step if skip else max(0.0, self.skipped_for - 0.003 * step)
        return flagged, skip

    def learn(self, actual: Memory, step: float, value: float, expected: float, *, flagged: bool) -> bool:
        """Return whether the event is over, without a trace."""
        longest = max(4 * 3600, 2.5 * step)
        self.flagged_for = max(0.0, self.flagged_for + step) if flagged else max(0.0, self.flagged_for - step)
        if not flagged and self.clean is None:
            self.flagged_for = 0.0
        if flagged and self.flagged_for <= longest:
            self.clean = self.clean or deepcopy(actual)
            self.left = 20
        actual.push(value)
        if self.clean is None:
            return False
        self.clean.push(expected if flagged else value)
        self.left -= 1
        lasts = self.flagged_for > longest  # then it is the new normal
        if lasts:
            self.flagged_for = 0.0
        if lasts or self.left == 0:
            self.clean, self.left = None, 0
            return not lasts
        return False
