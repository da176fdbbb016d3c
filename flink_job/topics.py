"""The topics, before the job starts: the input must exist, the others are made if the broker lets us.

It uses the Kafka client inside the job's own jar, so that every `kafka` property, authentication included, is tried
exactly as the job will use it.
"""

from collections.abc import Mapping

from py4j.java_gateway import JVMView
from py4j.protocol import Py4JJavaError

from flink_job.environment import JAR
from flink_job.failures import JobError, causes
from flink_job.properties import TopicSettings

_ANSWER_WITHIN_MS = 20_000


def prepare_topics(jvm: JVMView, kafka: Mapping[str, str], topics: TopicSettings) -> None:
    """Check the input topic, and create the missing ones of the other three with as many partitions.

    Parameters
    ----------
    jvm
        The gateway's view of Java, with the job's jar on its class path.
    kafka
        Properties of the Kafka client.
    topics
        The topics.

    Raises
    ------
    JobError
        If the jar is missing, the broker does not answer, the input topic does not exist, or another topic can neither
        be found nor created.
    """
    properties = jvm.java.util.Properties()
    for key, value in kafka.items():
        properties.setProperty(key, value)
    for key in ("default.api.timeout.ms", "request.timeout.ms"):
        properties.setProperty(key, str(_ANSWER_WITHIN_MS))
    servers = kafka["bootstrap.servers"]
    try:
        admin = jvm.org.apache.kafka.clients.admin.Admin.create(properties)
    except TypeError as error:  # PyFlink's way of saying that there is no such class
        msg = (
            f"{JAR.name} is not on the class path; hand it to Flink: flink run -j {JAR.name}, on Managed Flink jarfile"
        )
        raise JobError(msg) from error
    except Py4JJavaError as error:
        msg = f"no Kafka client for {servers}: {causes(error.java_exception)[-1].message}"
        raise JobError(msg) from error
    try:
        known = admin.listTopics().names().get()
        if not known.contains(topics.input):
            msg = f"the input topic {topics.input} does not exist at {servers}; create it, or set topics.input"
            raise JobError(msg)
        partitions = admin.describeTopics([topics.input]).allTopicNames().get().get(topics.input).partitions().size()
        for topic in (topics.output, topics.dead_letters, topics.late):
            if not known.contains(topic):
                _create(jvm, admin, topic, partitions)
    except Py4JJavaError as error:
        msg = f"the Kafka broker at {servers} does not answer: {causes(error.java_exception)[-1].message}"
        raise JobError(msg) from error
    finally:
        admin.close(jvm.java.time.Duration.ZERO)


def _create(jvm: JVMView, admin: object, topic: str, partitions: int) -> None:
    optional = jvm.java.util.Optional
    new_topic = jvm.org.apache.kafka.clients.admin.NewTopic(topic, optional.of(partitions), optional.empty())
    try:
        admin.createTopics([new_topic]).all().get()  # type: ignore[attr-defined] # a Java object
    except Py4JJavaError as error:
        found = causes(error.java_exception)[-1]
        if found.kind.endswith("TopicExistsException"):
            return
        msg = f"the topic {topic} does not exist and cannot be created: {found.message}; create it"
        raise JobError(msg) from error
