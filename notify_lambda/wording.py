"""An alert in words: subject, e-mail and SMS. Pure.

The e-mail keeps every letter of a name; the subject is ASCII, as SNS wants it; the SMS keeps to 160 characters of its
alphabet. Where there is too little room, what matters least is left out, and no number is ever cut.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from contracts.results import Result
from notify_lambda.alerts import Alert
from notify_lambda.text import ascii_text, clean, clock, day, gsm_text, number, septets, shorten, span

_SUBJECT_CHARACTERS = 99
_SMS_SEPTETS = 160
_NAME_ROOM = 24
_NAME_CHARACTERS = 80
_TEXT_CHARACTERS = 200
_MOST_DIMENSIONS = 20
_MINUTE = timedelta(minutes=1)
_DIRECTIONS = {"HIGH": "higher than expected", "LOW": "lower than expected", "NONE": "unusual"}
_SHORT_DIRECTIONS = {"HIGH": "High", "LOW": "Low", "NONE": "Odd"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything that the texts say, written out once.

    Parameters
    ----------
    alert
        What to tell.
    dashboard_url
        Where people look; None to name the record's place in Kafka instead.
    """

    alert: Alert
    dashboard_url: str | None

    def subject(self) -> str:
        """Write the subject: printable ASCII, at most 99 characters."""
        actual, expected, band = _measured(self.alert.result)
        rests = (
            f": {actual}, expected {expected} ({band}), {self._when()}",
            f": {actual}, expected {expected}, {self._when()}",
            f": {actual}, expected {expected}, {self._start()}",
        )
        return self._fitted(rests, _SUBJECT_CHARACTERS, ascii_text, len)

    def sms(self) -> str:
        """Write the SMS: at most 160 septets of its alphabet, the most important first."""
        result = self.alert.result
        actual, expected, band = _measured(result)
        head = f": {actual}, expected {expected} ({band}), {self._when()}"
        judged = f"{_SHORT_DIRECTIONS[result.direction]}, score {number(round(result.anomaly_score))}"
        since = f"since {self._since()}"
        sure = f"{number(round(result.anomaly_confidence_score))}%"
        tight = f": {actual}, expected {expected} ({band}), {self._start()}"
        rests = self._with_reason(head, tight, since)
        rests += [f"{head}. {judged}, confidence {sure}, {since}. {place}" for place in self._places()]
        rests += [f"{tight}. {judged}, sure {sure}, {since}. {place}" for place in self._places()]
        rests += (
            f"{tight}. {judged}, sure {sure}, {since}",
            f"{tight}. {judged}, {since}",
            f"{tight}. {judged}",
            f": {actual}, expected {expected}, {self._when()}",
            f": {actual}, expected {expected}, {self._start()}",
        )
        return self._fitted(rests, _SMS_SEPTETS, gsm_text, septets)

    def _with_reason(self, head: str, tight: str, since: str) -> list[str]:
        """Give the SMS for a record that says why: the sentence is worth more than direction and confidence."""
        result = self.alert.result
        why = _why(result)
        why = gsm_text(why[:1].upper() + why[1:])
        if not why:
            return []
        score = f"score {number(round(result.anomaly_score))}"
        places = self._places()[:2]  # where there is a dashboard, its address, and no coordinates in its stead
        rests = [f"{head}. {why}. {_SHORT_DIRECTIONS[result.direction]}, {score}, {since}. {place}" for place in places]
        rests += [f"{tight}. {why}. {score.capitalize()}, {since}. {place}" for place in places]
        return [*rests, f"{tight}. {why}. {places[-1]}", f"{tight}. {why}"]

    def email(self) -> str:
        """Write the e-mail: plain text, one fact a line."""
        result, record = self.alert.result, self.alert.record
        actual, expected, band = _measured(result)
        score, sure = number(round(result.anomaly_score)), number(round(result.anomaly_confidence_score))
        lines = [
            f"{series_name(result)}: {actual}, expected {expected} ({band}), {self._when()}.",
            "",
            f"What:        {_what(result)}",
            f"When:        {self._period()}",
            f"Actual:      {_numbers(result)[0]}, {_judged(result)}",
            f"Expected:    {expected}, ordinarily {band}",
            *([f"Why:         {why}"] if (why := _why(result)) else []),
            f"Score:       {score} of 100; over {number(result.anomaly_decision_threshold)} is an anomaly",
            f"Confidence:  {sure} of 100, after {result.processed_data_points:,} periods of this series",
            f"Since:       {self._began()}",
        ]
        if self.dashboard_url is not None:
            lines.append(f"Look here:   {link(self.dashboard_url, self.alert)}")
        place = f"Kafka topic {_line(record.topic)}, partition {record.partition}, offset {record.offset}"
        lines.append(f"Record:      {place}; series {_line(result.timeseries_id)}")
        return "\n".join(lines) + "\n"

    def _fitted(
        self, rests: Iterable[str], limit: int, plain: Callable[[str], str], width: Callable[[str], int]
    ) -> str:
        """Put the name before the first rest that leaves room for it, or for enough of it."""
        name = plain(series_name(self.alert.result)) or self._code()
        room = 0
        for rest in rests:
            room = limit - width(rest)
            if room >= min(len(name), _NAME_ROOM):
                break
        return (shorten(name, room) or self._code()) + rest

    def _code(self) -> str:
        code = "".join(char for char in self.alert.result.timeseries_id if char.isascii() and char.isalnum())
        return f"series {code[:8]}".rstrip()

    def _places(self) -> Sequence[str]:
        record = self.alert.record
        coordinates = f"Kafka {gsm_text(_line(record.topic))}-{record.partition} at {record.offset}"
        if self.dashboard_url is None:
            return (coordinates,)
        return link(self.dashboard_url, self.alert), self.dashboard_url, coordinates

    def _when(self) -> str:
        start, end = self.alert.start, self.alert.end
        if end - start <= _MINUTE:
            return f"at {clock(start)} UTC on {day(start)}"
        if end - start < timedelta(days=1):
            return f"{clock(start)} to {clock(end)} UTC on {day(start)}"
        return f"{clock(start)} UTC on {day(start)} to {clock(end)} on {day(end)}"

    def _start(self) -> str:
        return f"{clock(self.alert.start)} UTC {day(self.alert.start)}"

    def _since(self) -> str:
        since, start = self.alert.since, self.alert.start
        return clock(since) if since.date() == start.date() else f"{clock(since)} {day(since)}"

    def _period(self) -> str:
        start, end = self.alert.start, self.alert.end
        if end - start < timedelta(days=1):
            return f"{clock(start)} to {clock(end)} UTC on {_long_day(self.alert)}"
        return f"{clock(start)} UTC on {_long_day(self.alert)} to {clock(end)} on {day(end)} {end.year}"

    def _began(self) -> str:
        since, start = self.alert.since, self.alert.start
        if since >= start:
            return f"{clock(start)} UTC on {day(start)} {start.year}; this is the first unusual period"
        return f"{clock(since)} UTC on {day(since)} {since.year}, {_ago(start - since)} earlier; it has become worse"


def link(dashboard_url: str, alert: Alert) -> str:
    """Point the dashboard at a series and a time: `#series=ID&at=2026-11-13T08:01:00Z`."""
    series = quote(alert.result.timeseries_id[:128], safe="")
    return f"{dashboard_url}#series={series}&at={alert.start.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def series_name(result: Result) -> str:
    """Name a series as people do: by the values of its dimensions, without any by its measure; one clean line."""
    values = (clean(dimension.value, _NAME_CHARACTERS) for dimension in result.dimension_list[:_MOST_DIMENSIONS])
    return clean(" / ".join(value for value in values if value), _NAME_CHARACTERS) or _measure(result)


def _measure(result: Result) -> str:
    return "events" if result.measure == "*" else _line(result.measure)


def _what(result: Result) -> str:
    shown = result.dimension_list[:_MOST_DIMENSIONS]
    dimensions = [f"{_line(dimension.name)} {_line(dimension.value)}" for dimension in shown]
    if len(result.dimension_list) > len(shown):
        dimensions.append(f"and {len(result.dimension_list) - len(shown)} more dimensions")
    of = f" of {', '.join(dimensions)}" if dimensions else ""
    return f"{_measure(result)}{of}; detector {_line(result.detector_name)}"


def _measured(result: Result) -> tuple[str, str, str]:
    """Write the actual value, the expected one and the band."""
    actual, expected, lower, upper = _numbers(result)
    return f"only {actual}" if result.direction == "LOW" else actual, expected, span(lower, upper)


def _judged(result: Result) -> str:
    """Say on which side the value is, and where it lies in its band without a reason, that there is more to it."""
    judged = _DIRECTIONS[result.direction]
    inside = result.lower_bound <= result.aggregated_measure_value <= result.upper_bound
    if _why(result) or not inside:
        return judged
    return f"{judged}; such a value is ordinary by itself, but not after the periods before it"


def _why(result: Result) -> str:
    return _line(result.reason or "")


def _numbers(result: Result) -> tuple[str, str, str, str]:
    actual = result.aggregated_measure_value
    around = (result.expected_value, result.lower_bound, result.upper_bound)
    if actual == round(actual) and result.upper_bound - result.lower_bound >= 2:
        low, high = round(result.lower_bound), round(result.upper_bound)
        # Counts are expected in whole numbers, unless that would seem to put an unusual one inside its band.
        if result.direction == "NONE" or not low <= actual <= high:
            around = (round(result.expected_value), low, high)
    expected, lower, upper = map(number, around)
    return number(actual), expected, lower, upper


def _line(text: str) -> str:
    return clean(text, _TEXT_CHARACTERS)


def _long_day(alert: Alert) -> str:
    return f"{_WEEKDAYS[alert.start.weekday()]}, {day(alert.start)} {alert.start.year}"


def _ago(passed: timedelta) -> str:
    seconds = int(passed.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:,} {unit}s"
    return f"{seconds} seconds"
