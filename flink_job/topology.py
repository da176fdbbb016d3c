"""The dataflow, on one screen.

    KafkaSource -> triage -> windows per series -> windows per bucket -> score -> split -> KafkaSink
                  |    |             |
        dead letters  late          late

Everything but `score` runs in the JVM (`org.anomaly.flink.JobGraph`), so an event never enters Python: only one
element per bucket and period does.
"""

from pyflink.common import Types
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

from flink_job.operators import ScoringOperator
from flink_job.settings import ScoringSettings

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())

SCORE_UID = "score"
"""State is found by uid, so it never changes; those of all other operators are in `org.anomaly.flink.Uids`."""


def build(environment: StreamExecutionEnvironment, jvm_settings: str, scoring: ScoringSettings) -> None:
    """Attach the whole dataflow to an environment.

    Parameters
    ----------
    environment
        Where to build; the jar of the JVM half must be on its class path.
    jvm_settings
        What the JVM half is told (`flink_job.settings.jvm_settings_json`).
    scoring
        What the Python half is told.
    """
    jvm = get_gateway().jvm
    graph = jvm.org.anomaly.flink.JobGraph(environment._j_stream_execution_environment, jvm_settings)  # noqa: SLF001
    payloads = graph.beforeScoring()
    # Keyed in the JVM: a key_by in Python would send every element through one more Python operator.
    by_bucket = payloads.keyBy(jvm.KeyByKeySelector(), Types.ROW([Types.INT()]).get_java_type_info())
    blocks = (
        KeyedStream(by_bucket, _BYTES, DataStream(payloads))
        .process(ScoringOperator(scoring), output_type=_BYTES)
        .uid(SCORE_UID)
        .name("Score")
    )
    graph.afterScoring(blocks._j_data_stream)  # noqa: SLF001
