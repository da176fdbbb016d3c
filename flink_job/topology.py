"""The dataflow, on one screen.

    KafkaSource -> late gate -> windows per series -> windows per bucket -> score -> split -> KafkaSink
         |            |               |
    dead letters    late            late

Everything but ``score`` runs in the JVM (`org.anomaly.flink.FrontHalf`), so an event never enters Python: only one
element per bucket and period does.
"""

from pyflink.common import Types
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

from flink_job import uids
from flink_job.operators import ScoreBuckets
from flink_job.settings import ScoringSettings

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())


def build(environment: StreamExecutionEnvironment, front_half_json: str, scoring: ScoringSettings) -> None:
    """Attach the whole dataflow to an environment.

    Parameters
    ----------
    environment
        Where to build; the jar of the JVM half must be on its class path.
    front_half_json
        What the JVM half is told (`flink_job.settings.front_half_json`).
    scoring
        What the scoring half is told.
    """
    jvm = get_gateway().jvm
    front_half = jvm.org.anomaly.flink.FrontHalf
    payloads = front_half.build(environment._j_stream_execution_environment, front_half_json)  # noqa: SLF001
    # Keyed in the JVM: a key_by in Python would send every element through one more Python operator.
    by_bucket = payloads.keyBy(jvm.KeyByKeySelector(), Types.ROW([Types.INT()]).get_java_type_info())
    blocks = (
        KeyedStream(by_bucket, _BYTES, DataStream(payloads))
        .process(ScoreBuckets(scoring), output_type=_BYTES)
        .uid(uids.SCORE)
        .name("Score")
    )
    front_half.sinkResults(blocks._j_data_stream, front_half_json)  # noqa: SLF001
