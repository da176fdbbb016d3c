"""What a new execution environment loads; what that costs says `python -m benchmarks lambdas`."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from alert_records import event, spike
from imports import loaded_by
from sns_cloud import Cloud

FIRST_INVOCATION = """
import json, sys
from notify_lambda.handler import handler
class Context:
    get_remaining_time_in_millis = staticmethod(lambda: 60_000)
event = json.load(sys.stdin)
before = set(sys.modules)
handler(event, Context)
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
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


def test_the_first_invocation_does_not_pay_for_what_the_import_put_off(cloud: Cloud) -> None:
    # The clients of SNS, DynamoDB and SQS are built here, a message is sent and noted.
    loaded = set(python(FIRST_INVOCATION, json.dumps(event(spike()))).split())

    assert loaded <= sys.stdlib_module_names
    assert len(cloud.messages()) == 1


def test_nothing_heavy_is_loaded() -> None:
    heavy = {"numpy", "pyarrow", "numba", "pyflink", "anomaly", "pydantic"}

    assert not heavy & loaded_by("notify_lambda.handler")


def test_the_import_reads_no_settings() -> None:
    assert python("import notify_lambda.handler", environment={"ALERT_TOPIC_ARN": "nonsense"}) == ""
