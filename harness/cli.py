"""The command line: `scheduler`, `kafka-trigger` and `firehose`, each around a handler of anybody's.

They run until they are asked to stop (SIGTERM, Ctrl-C): then what is begun is finished and committed, and the exit code
is 0. After each batch they say on standard output, as a line of JSON, what they have done so far.
"""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from harness.clock import Stop, SystemClock
from harness.errors import HarnessError
from harness.failure_destinations import KafkaTopic
from harness.firehose import Buffering, DeliveryStream, Streamed
from harness.function import Function
from harness.kafka_retries import RetryRules
from harness.kafka_trigger import KafkaTrigger, Triggered
from harness.object_storage import Directory, JsonLines
from harness.schedule import Schedule, ScheduleFaults
from harness.scheduler import Scheduler

_CENTURY = timedelta(days=36_500)


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    The exit code: 0 stopped or done, 1 failed, 2 wrong usage.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of its failures comes as exceptions
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with _function(options) as function:
            options.run(options, function, lambda: stopping)
    except ValueError as error:
        parser.error(str(error))
    except (HarnessError, OSError) as error:
        print(f"harness: {error}", file=sys.stderr)
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m harness", description="What AWS does around a Lambda, around yours."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    function = argparse.ArgumentParser(add_help=False)
    function.add_argument("--handler", required=True, metavar="MODULE:ATTRIBUTE")
    function.add_argument("--code", type=Path, metavar="DIR", help="where it is imported from (default: here)")
    function.add_argument(
        "--environment", type=Path, metavar="FILE", help="its environment variables, as one JSON object"
    )
    function.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="(default: %(default)s)")
    function.add_argument("--concurrency", type=int, default=1, metavar="N", help="(default: %(default)s)")
    function.add_argument("--log", type=Path, metavar="FILE", help="what it prints (default: dropped)")

    kafka = argparse.ArgumentParser(add_help=False)
    kafka.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    kafka.add_argument("--group", required=True, help="the consumer group that keeps the offsets")
    kafka.add_argument("--drain", action="store_true", help="stop at the end of the topic")

    _add_scheduler(commands.add_parser("scheduler", parents=[function], help="fire at every minute"))
    _add_kafka_trigger(commands.add_parser("kafka-trigger", parents=[function, kafka], help="send topics in batches"))
    _add_firehose(commands.add_parser("firehose", parents=[function, kafka], help="transform a topic into files"))
    return parser


def _add_scheduler(parser: argparse.ArgumentParser) -> None:
    defaults = Schedule()
    parser.add_argument("--rate-minutes", type=int, default=1, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--input", default=defaults.input, metavar="JSON", help="(default: %(default)s)")
    parser.add_argument(
        "--from", dest="start", type=_time, metavar="TIME", help="simulate from here (default: the clock, from now on)"
    )
    parser.add_argument("--to", dest="end", type=_time, metavar="TIME", help="the end, not included")
    parser.add_argument("--seed", type=int, default=0, help="of what goes wrong (default: %(default)s)")
    for fault in ("miss", "double", "overlap", "out-of-order"):
        parser.add_argument(f"--{fault}", type=float, default=0.0, metavar="SHARE", help="(default: %(default)s)")
    parser.set_defaults(run=_run_scheduler)


def _add_kafka_trigger(parser: argparse.ArgumentParser) -> None:
    defaults = RetryRules()
    parser.add_argument("--topic", required=True, action="append", help="may be given more than once")
    parser.add_argument("--batch-size", type=int, default=100, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--window", type=float, default=0.5, metavar="SECONDS", help="(default: %(default)s)")
    parser.add_argument("--starting-position", default="TRIM_HORIZON", help="or LATEST (default: %(default)s)")
    parser.add_argument("--flavour", choices=["msk", "self-managed"], default="msk", help="(default: %(default)s)")
    parser.add_argument("--report-batch-item-failures", action="store_true")
    parser.add_argument(
        "--retry-model", default=defaults.retry_model, help="or rewind_to_lowest (default: %(default)s)"
    )
    parser.add_argument("--bisect", action="store_true", help="split a batch that fails")
    parser.add_argument("--retries", type=int, default=defaults.maximum_retry_attempts, metavar="N", help="-1: no end")
    parser.add_argument("--maximum-age", type=int, default=-1, metavar="SECONDS", help="-1: any")
    parser.add_argument("--first-wait", type=float, default=1.0, metavar="SECONDS", help="before the first retry")
    parser.add_argument("--on-failure-topic", metavar="TOPIC", help="gets the records that are given up")
    parser.set_defaults(run=_run_kafka_trigger)


def _add_firehose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topic", required=True)
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="rows, one a line")
    parser.add_argument("--prefix", default="", help="of the files' names, such as 'dt=!{timestamp:yyyy-MM-dd}/'")
    parser.add_argument(
        "--error-prefix", default="errors/!{firehose:error-output-type}/", help="(default: %(default)s)"
    )
    for name, default in asdict(Buffering()).items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(default), default=default, metavar="N", help="(default: %(default)s)")
    parser.set_defaults(run=_run_firehose)


def _function(options: argparse.Namespace) -> Function:
    environment: Any = json.loads(options.environment.read_text(encoding="utf-8")) if options.environment else {}
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        msg = f"--environment must be a JSON object of texts, got {options.environment}"
        raise ValueError(msg)
    return Function(
        options.handler,
        environment,
        timeout_seconds=options.timeout,
        log=options.log,
        code=options.code,
        concurrency=options.concurrency,
    )


def _run_scheduler(options: argparse.Namespace, function: Function, stop: Stop) -> None:
    if options.start and not options.end:
        msg = "--from needs --to"
        raise ValueError(msg)
    faults = ScheduleFaults(options.seed, options.miss, options.double, options.overlap, options.out_of_order)
    scheduler = Scheduler(function, Schedule(options.rate_minutes, options.input), faults)
    start = options.start or datetime.now(UTC)
    clock = None if options.start else SystemClock()
    print(json.dumps(asdict(scheduler.run(start, options.end or start + _CENTURY, clock, stop))), flush=True)


def _run_kafka_trigger(options: argparse.Namespace, function: Function, stop: Stop) -> None:
    rules = RetryRules(
        options.report_batch_item_failures,
        options.retry_model,
        options.bisect,
        options.retries,
        options.maximum_age,
    )
    trigger = KafkaTrigger(
        options.bootstrap,
        options.topic,
        options.group,
        function,
        options.batch_size,
        options.window,
        rules=rules,
        on_failure=KafkaTopic(options.bootstrap, options.on_failure_topic) if options.on_failure_topic else None,
        starting_position=options.starting_position,
        flavour=options.flavour,
        first_wait_seconds=options.first_wait,
    )
    trigger.run(stop, drain=options.drain, progress=_teller())


def _run_firehose(options: argparse.Namespace, function: Function, stop: Stop) -> None:
    stream = DeliveryStream(
        options.bootstrap,
        options.topic,
        options.group,
        function,
        JsonLines(Directory(options.output), options.prefix),
        Directory(options.output),
        options.error_prefix,
        Buffering(options.function_bytes, options.function_seconds, options.delivery_bytes, options.delivery_seconds),
    )
    stream.run(stop, drain=options.drain, progress=_teller())


def _teller() -> Callable[[Triggered | Streamed, int], None]:
    """Make what prints a line whenever something has changed."""
    last = ""

    def tell(counts: Triggered | Streamed, lag: int) -> None:
        nonlocal last
        line = json.dumps({**asdict(counts), "lag": lag})
        if line != last:
            print(line, flush=True)
            last = line

    return tell


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a time, such as 2024-08-29T13:35:00Z"
        raise argparse.ArgumentTypeError(msg) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
