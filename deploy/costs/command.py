"""`python -m deploy cost`: what a detector of so many series would cost a month, and why."""

import argparse
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from deploy.costs.formulas import Line, Prices
from deploy.costs.lines import Broker, Choices, alternatives, bill, notes
from deploy.costs.prices import AS_OF, PRICES, REGION, Evidence
from deploy.costs.sizing import Measured, Sizing, Workload, size
from readers.durations import SECOND, duration

_HELP = """\
Reckons what a detector on AWS would cost in a month: how many KPUs of Managed Flink it needs and what decides that, its
topics, functions, storage and alerts; and what CloudWatch, Datadog and OpenSearch would ask for the same series.
The bill is an estimate from list prices and from what a point cost on one ordinary server core; free allowances,
discounts, taxes, transfer between zones and your time are not in it.
"""
_NOTES = """\
examples:
  python -m deploy cost --series 2 --period 1m --events-per-point 25
  python -m deploy cost --series 50000 --period 5m --msk serverless --explain
  python -m deploy cost --series 1000000 --period 1m --no-ingest --kpu-points-per-second 30000 --json

exit status: 0 when reckoned, 2 when an option has to be put right
"""
_LONGEST = timedelta(days=7)


def add_cost_command(commands: Any) -> None:  # noqa: ANN401 - argparse does not publish the type
    """Add the command to a parser's commands; its `run` default reckons and prints."""
    parser = commands.add_parser(
        "cost",
        help="estimate what a detector costs on AWS",
        description=_HELP,
        epilog=_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    def number(option: str, kind: Callable[[str], float], meaning: str, default: float | None = None) -> None:
        said = meaning if default is None else f"{meaning} (%(default)s)"
        parser.add_argument(option, type=kind, default=default, metavar="N", help=said)

    number("--series", _whole, "number of time series")
    parser.add_argument("--period", type=_period, metavar="1m", help="detection period: 30s, 1m, 5m, 1h, 1d")
    average = "events in one period of one series, on average"
    number("--events-per-point", _at_least_one, average, Workload.events_per_point)
    number("--event-bytes", _whole, "size of an event in Kafka, by default the bookstore's", Workload.event_bytes)
    number("--keep-days", _whole, "days that results stay on S3", Workload.keep_days)
    number("--kafka-days", _whole, "days in Kafka", Workload.kafka_days)
    parser.add_argument(
        "--msk",
        choices=[broker.value for broker in Broker],
        default=Broker.LARGE.value,
        help="the brokers; existing ones cost nothing here (%(default)s)",
    )
    parser.add_argument("--no-ingest", action="store_true", help="leave out the function that reads a database")
    parser.add_argument("--no-store", action="store_true", help="leave out Firehose, S3 and Athena")
    number("--queries-per-day", _positive, "Athena queries", Choices.queries_per_day)
    number("--kpu-points-per-second", _positive, "points a second and KPU, if you measured them")
    parser.add_argument("--region", default=REGION, help="(%(default)s, the only one in the table)")
    parser.add_argument(
        "--price",
        type=_price,
        action="append",
        default=[],
        metavar="NAME=USD",
        help="put your own price in the table; may be repeated",
    )
    parser.add_argument("--prices", action="store_true", help="print the table of prices and stop")
    parser.add_argument("--explain", action="store_true", help="print each line's formula with the numbers put in")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run, refuse=parser.error)


def _run(arguments: argparse.Namespace) -> int:
    own = dict(arguments.price)
    table = {name: replace(price, usd=own.get(name, price.usd)) for name, price in PRICES.items()}
    if arguments.prices:
        for name, price in table.items():
            print(f"{name:<30}{price.usd:<14.9g}{price.unit:<32}{price.evidence.value:<13}{price.source}")
        print(f"US dollars, {REGION}, looked through on {AS_OF}")
        return 0
    if arguments.series is None or arguments.period is None:
        arguments.refuse("--series and --period are needed, such as --series 1000 --period 1m")
    if arguments.region != REGION:
        arguments.refuse(
            f"--region {arguments.region}: the table has prices of {REGION} only; leave --region out and give those "
            "that differ with --price, such as --price kpu_hour=0.13 (--prices lists the names)"
        )
    workload = Workload(
        series=arguments.series,
        period_seconds=arguments.period,
        events_per_point=arguments.events_per_point,
        event_bytes=arguments.event_bytes,
        keep_days=arguments.keep_days,
        kafka_days=arguments.kafka_days,
    )
    measured = Measured(points_per_second=arguments.kpu_points_per_second)
    choices = Choices(Broker(arguments.msk), not arguments.no_ingest, not arguments.no_store, arguments.queries_per_day)
    prices = Prices(table)
    sizing = size(workload, measured)
    lines = bill(workload, measured, sizing, choices, prices)
    others = alternatives(workload, prices)
    said = notes(workload, measured, sizing, choices)
    if arguments.json:
        print(json.dumps(_object(workload, sizing, lines, others, said), indent=2))
    else:
        for line in _text(workload, sizing, lines, others, said, explain=arguments.explain):
            print(line)
    return 0


def _text(
    workload: Workload, sizing: Sizing, lines: list[Line], others: list[Line], said: list[str], *, explain: bool
) -> list[str]:
    total = sum(line.usd for line in lines)
    million_points = workload.points_per_month / 1e6
    series, period = workload.series, workload.period_seconds
    text = [
        f"{series:,} series, a point every {period:g} s: {million_points:,.6g} million a month",
        f"US dollars a month, {REGION}, prices of {AS_OF}; * uses a price that was not verified",
        "",
        *_rows(lines, explain=explain),
        _row("total", "", total),
        _row("", "for a million points", total / million_points),
        "",
        f"{sizing.kpus:,} KPU{'s' if sizing.kpus > 1 else ''}, because of {sizing.binding.resource}:",
        *(f"  {need.resource:<8}{need.kpus:>6,}  {need.explanation}" for need in sizing.needs),
        *(f"note: {note}" for note in said),
        "",
        "The same series elsewhere, detection alone:",
        *_rows(others, explain=explain),
    ]
    return [line.rstrip() for line in text]


def _rows(lines: list[Line], *, explain: bool) -> list[str]:
    rows = []
    for line in lines:
        if line.usd > 0 or explain:
            rows.append(_row(line.service, line.what, line.usd) + (" *" if line.unverified else ""))
            if explain:
                rows.append(f"    {line.formula}")
    return rows


def _row(service: str, what: str, usd: float) -> str:
    width = max(0, 66 - len(what) - 22)
    return f"{service:<22}{what}{f'{usd:,.2f}':>{width + 12}}"


def _object(
    workload: Workload, sizing: Sizing, lines: list[Line], others: list[Line], said: list[str]
) -> dict[str, Any]:
    return {
        "series": workload.series,
        "period_seconds": workload.period_seconds,
        "points_per_month": workload.points_per_month,
        "region": REGION,
        "prices_of": AS_OF,
        "kpus": sizing.kpus,
        "because_of": sizing.binding.resource,
        "needs": {need.resource: {"kpus": need.kpus, "explanation": need.explanation} for need in sizing.needs},
        "usd_per_month": sum(line.usd for line in lines),
        "lines": [_line(line) for line in lines],
        "alternatives": [_line(line) for line in others],
        "notes": said,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "service": line.service,
        "what": line.what,
        "usd_per_month": line.usd,
        "formula": line.formula,
        "evidence": [
            evidence.value for evidence in Evidence if any(p.price.evidence is evidence for p in line.products)
        ],
    }


def _period(text: str) -> float:
    try:
        return duration(text, least=SECOND, most=_LONGEST) / SECOND
    except ValueError as error:
        msg = f"{error}; got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None


def _whole(text: str) -> int:
    plain = text.replace(",", "")
    if re.fullmatch(r"[0-9][0-9_,]{0,15}", text) is None or int(plain) < 1:
        msg = f"expected a whole number from 1, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(plain)


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1e12:
        msg = f"expected a number over 0, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value


def _at_least_one(text: str) -> float:
    value = _positive(text)
    if value < 1:
        msg = f"expected 1 or more, a period without events has no point; got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value


def _price(text: str) -> tuple[str, float]:
    name, _, usd = text.partition("=")
    if name not in PRICES:
        msg = f"there is no price {name!r}; --prices lists them"
        raise argparse.ArgumentTypeError(msg)
    value = _number(usd)
    if not 0 <= value < 1e9:
        msg = f"expected {name}=USD, such as {name}=0.12, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return name, value


def _number(text: str) -> float:
    """Read a number; what is none becomes NaN, which lies in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan
