import base64
import json
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from triggers import Beside, MakeFunction, MakeTopic, Send, Wait

from devstack.stack import Stack
from harness.errors import HarnessError
from harness.firehose import Buffering, DeliveryStream, Streamed
from harness.invocation import InProcessFunction
from harness.object_storage import Directory, JsonLines

pytestmark = pytest.mark.kafka


class Rows:
    """A destination in memory."""

    def __init__(self) -> None:
        self.deliveries: list[list[bytes]] = []

    def deliver(self, rows: Sequence[bytes]) -> None:
        self.deliveries.append(list(rows))


@pytest.fixture
def stream(stack: Stack, tmp_path: Path) -> Callable[..., DeliveryStream]:
    def make(topic: str, function: object, destination: object, **settings: object) -> DeliveryStream:
        errors = Directory(tmp_path / "errors")
        defaults = {"wait_seconds": 0.01}
        return DeliveryStream(
            *(stack.bootstrap_servers, topic, "g-" + topic),
            function,  # type: ignore[arg-type]
            destination,  # type: ignore[arg-type]
            errors,
            **{**defaults, **settings},  # type: ignore[arg-type]
        )

    return make


MakeStream = Callable[..., DeliveryStream]


def failed(folder: Path) -> list[dict[str, Any]]:
    files = [path for path in (folder / "errors").rglob("*") if path.is_file()]
    assert all(path.relative_to(folder).parts[1] == "processing-failed" for path in files)
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def upper(event: Any, _context: object) -> object:  # noqa: ANN401 - any JSON value
    records = [
        {
            "recordId": record["recordId"],
            "result": "Ok",
            "kafkaRecordValue": base64.b64encode(base64.b64decode(record["kafkaRecordValue"]).upper()).decode(),
        }
        for record in event["records"]
    ]
    return {"records": records}


def test_each_record_is_delivered_dropped_or_kept_as_an_error(
    topic: MakeTopic, send: Send, stream: MakeStream, function: MakeFunction, tmp_path: Path
) -> None:
    results, rows = topic(), Rows()
    send(results, b"a", b"drop", b"fail", b"b", b"drop")
    shouting = function("transform", {"SEEN": str(tmp_path / "seen")})
    total = stream(results, shouting, rows).run(drain=True)
    assert total == Streamed(received=5, delivered=2, dropped=2, failed=1, invocations=1)
    assert rows.deliveries == [[b"A", b"B"]]
    (document,) = failed(tmp_path)
    assert document["errorCode"] == "Lambda.ProcessingFailedStatus"
    assert base64.b64decode(document["rawData"]) == b"fail"
    assert document["lambdaArn"].endswith(":function:sample_handlers")
    # All of it is committed.
    assert stream(results, shouting, rows).run(drain=True) == Streamed()


def test_a_function_that_crashes_each_time_sends_its_batch_to_the_errors_after_four_attempts(
    topic: MakeTopic, send: Send, stream: MakeStream, function: MakeFunction, tmp_path: Path
) -> None:
    results, rows = topic(), Rows()
    send(results, b"a", b"crash")
    total = stream(results, function("transform", {"SEEN": str(tmp_path / "seen")}), rows).run(drain=True)
    assert total == Streamed(received=2, failed=2, invocations=4)
    assert rows.deliveries == []
    assert {(d["attemptsMade"], d["errorCode"]) for d in failed(tmp_path)} == {
        (4, "Lambda.FunctionError Runtime.ExitError")
    }


def test_the_function_gets_no_more_than_its_buffer_and_the_destination_one_delivery(
    topic: MakeTopic, send: Send, stream: MakeStream
) -> None:
    results, rows, sizes = topic(), Rows(), list[int]()

    def measure(event: Any, context: object) -> object:  # noqa: ANN401 - any JSON value
        sizes.append(sum(len(base64.b64decode(record["kafkaRecordValue"])) for record in event["records"]))
        return upper(event, context)

    send(results, *[b"x" * 100_000 for _ in range(7)])
    buffering = Buffering(function_bytes=(1 << 20) // 5)
    total = stream(results, InProcessFunction(measure), rows, buffering=buffering).run(drain=True)
    assert (total.delivered, total.invocations) == (7, 4)
    assert sizes == [200_000, 200_000, 200_000, 100_000]
    assert [len(delivery) for delivery in rows.deliveries] == [7]


def test_a_full_buffer_is_delivered_before_the_end(topic: MakeTopic, send: Send, stream: MakeStream) -> None:
    results, rows = topic(), Rows()
    send(results, *[b"x" * 400_000 for _ in range(4)])
    buffering = Buffering(function_bytes=(1 << 20) // 5, delivery_bytes=1 << 20)
    progress: list[int] = []
    total = stream(results, InProcessFunction(upper), rows, buffering=buffering).run(
        until=lambda: sum(map(len, rows.deliveries)) >= 3,
        progress=lambda counts, _lag: progress.append(counts.delivered),
    )
    assert total.delivered == 4
    assert progress[-1] == 4


def test_rows_wait_no_longer_than_their_time(topic: MakeTopic, send: Send, stream: MakeStream) -> None:
    results, rows = topic(), Rows()
    send(results, b"a")
    buffering = Buffering(function_seconds=0, delivery_seconds=0.1)
    stream(results, InProcessFunction(upper), rows, buffering=buffering).run(until=lambda: bool(rows.deliveries))
    assert rows.deliveries == [[b"A"]]


def test_a_destination_that_recovers_gets_everything_once(topic: MakeTopic, send: Send, stream: MakeStream) -> None:
    class Flaky(Rows):
        calls = 0

        def deliver(self, rows: Sequence[bytes]) -> None:
            self.calls += 1
            if self.calls < 4:
                msg = "no space left on device"
                raise OSError(msg)
            super().deliver(rows)

    results, flaky = topic(), Flaky()
    send(results, b"a", b"b")
    assert stream(results, InProcessFunction(upper), flaky).run(drain=True).delivered == 2
    assert (flaky.calls, flaky.deliveries) == (4, [[b"A", b"B"]])


def test_a_destination_that_never_recovers_stops_the_stream_and_loses_nothing(
    topic: MakeTopic, send: Send, stream: MakeStream
) -> None:
    class Broken:
        def deliver(self, rows: Sequence[bytes]) -> None:
            msg = f"no space for {len(rows)}"
            raise OSError(msg)

    results, rows = topic(), Rows()
    send(results, b"secret", b"b")
    with pytest.raises(HarnessError, match="took nothing for 0 s, at last: OSError") as caught:
        stream(results, InProcessFunction(upper), Broken(), delivery_retry_seconds=0.2).run(drain=True)
    assert "secret" not in str(caught.value)
    stream(results, InProcessFunction(upper), rows).run(drain=True)
    assert rows.deliveries == [[b"SECRET", b"B"]]


def test_rows_land_in_files(topic: MakeTopic, send: Send, stream: MakeStream, tmp_path: Path) -> None:
    results = topic(3)
    for partition in range(3):
        send(results, b"a", b"b", partition=partition)
    stream(results, InProcessFunction(upper), JsonLines(Directory(tmp_path / "rows"))).run(drain=True)
    found = [line for path in (tmp_path / "rows").rglob("local-*") for line in path.read_bytes().splitlines()]
    assert sorted(found) == [b"A"] * 3 + [b"B"] * 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stream_that_is_stopped_or_killed_leaves_nothing_out(
    topic: MakeTopic, send: Send, beside: Beside, tmp_path: Path, eventually: Wait, number: signal.Signals
) -> None:
    results = topic()
    command = ["firehose", "transform", "--topic", results, "--group", "g"]
    command += ["--output", str(tmp_path / "rows"), "--function-seconds", "0"]
    send(results, *[b"a%d" % n for n in range(50)])
    with beside(*command) as first:
        eventually((tmp_path / "seen").exists)
        first.send_signal(number)
        told = first.communicate(timeout=60)[0].splitlines()
    send(results, *[b"a%d" % n for n in range(50, 60)])
    with beside(*command, "--drain") as second:
        drained = second.communicate(timeout=60)[0].splitlines()
    assert second.returncode == 0
    rows = Counter(line for path in (tmp_path / "rows").rglob("local-*") for line in path.read_text().splitlines())
    assert set(rows) == {f"A{n}" for n in range(60)}
    if number == signal.SIGTERM:
        assert first.returncode == 0
        assert json.loads(told[-1])["delivered"] + json.loads(drained[-1])["delivered"] == 60
        assert max(rows.values()) == 1
    assert first.returncode in (0, -signal.SIGKILL)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"function_bytes": 4 << 20}, "function_bytes must be from 209715 to 3145728, got 4194304"),
        ({"delivery_bytes": 1000}, "delivery_bytes must be from 1048576 to 134217728, got 1000"),
        ({"function_seconds": 901}, "function_seconds must be from 0 to 900, got 901"),
    ],
)
def test_a_buffer_out_of_range_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Buffering(**settings)
