import json
import subprocess
import sys

import pytest
from properties_text import BOOKSTORE, text_of

RELEASED_UIDS = {
    "source",
    "triage",
    "series-windows",
    "late-found-by-windows",
    "bucket-windows",
    "score",
    "split-results",
    "results-sink",
    "dead-letters-sink",
    "late-sink",
}

# In a process of its own: PyFlink starts a JVM and leaves its pipes open.
PRINT_UIDS = """
import json
import sys

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from flink_job.properties import parse_properties
from flink_job.environment import local_configuration
from flink_job.settings import jvm_settings_json, scoring_settings
from flink_job.topology import build

settings = parse_properties(sys.argv[1])
configuration = Configuration()
for key, value in local_configuration(settings.job, None).items():
    configuration.set_string(key, value)
environment = StreamExecutionEnvironment.get_execution_environment(configuration)
jvm_settings = jvm_settings_json(settings, bounded=True, parallelism=1)
build(environment, jvm_settings, scoring_settings(settings))
nodes = environment._generate_stream_graph(clear_transformations=True).getStreamNodes().toArray()
print(json.dumps([node.getTransformationUID() for node in nodes]))
"""


@pytest.mark.flink
def test_every_operator_of_the_graph_has_a_released_uid() -> None:
    properties = text_of(BOOKSTORE)
    done = subprocess.run([sys.executable, "-c", PRINT_UIDS, properties], check=True, capture_output=True, text=True)

    committers = [f"Sink Committer: {sink}" for sink in ("results-sink", "dead-letters-sink", "late-sink")]
    assert sorted(json.loads(done.stdout.splitlines()[-1])) == sorted([*RELEASED_UIDS, *committers])
