"""What a new execution environment costs, in CPU time of a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from alert_records import event, spike
from sns_cloud import Cloud

IMPORT = """
import time
start = time.process_time()
import notify_lambda.handler
print(time.process_time() - start)
"""

FIRST_INVOCATION = """
import json, sys, time
from notify_lambda.handler import handler
class Context:
    get_remaining_time_in_millis = staticmethod(lambda: 60_000)
event = json.load(sys.stdin)
start = time.process_time()
handler(event, Context)
print(time.process_time() - start)
"""

LOADED = """
import sys
import notify_lambda.handler
print(*{name.partition(".")[0] for name in sys.modules})
"""


def python(code: str, standard_input: str = "", environment: Mapping[str, str] | None = None) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=standard_input,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return result.stdout


def test_the_import_takes_at_most_300_ms() -> None:
    assert min(float(python(IMPORT)) for _ in range(5)) <= 0.3


def test_the_first_invocation_does_not_pay_for_what_the_import_put_off(cloud: Cloud) -> None:
    # The clients of SNS, DynamoDB and SQS are built here, a message is sent and noted.
    seconds = min(float(python(FIRST_INVOCATION, json.dumps(event(spike())))) for _ in range(3))

    assert seconds <= 0.6
    assert len(cloud.messages()) == 1


def test_nothing_heavy_is_loaded() -> None:
    assert not {"numpy", "pyarrow", "numba", "pyflink", "anomaly", "pydantic"} & set(python(LOADED).split())


def test_the_import_reads_no_settings() -> None:
    assert python("import notify_lambda.handler", environment={"ALERT_TOPIC_ARN": "nonsense"}) == ""
