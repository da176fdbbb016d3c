# The job on Flink: job manager and task manager run this image, in docker-compose.yml and under the Kubernetes operator.
# Build it from the project's root: docker build -f deploy/containers/flink.Dockerfile -t anomaly-flink:0.1.0 .
#
# Tags are exact; there are no digests because the images could not be pulled where this was written. Put yours in with
# --build-arg FLINK_IMAGE=flink:2.2.1-scala_2.12-java17@sha256:...
ARG FLINK_IMAGE=flink:2.2.1-scala_2.12-java17
ARG MAVEN_IMAGE=maven:3.9.11-eclipse-temurin-17

FROM ${MAVEN_IMAGE} AS jar
WORKDIR /build
COPY pom.xml ./
COPY devstack/kafka/pom.xml devstack/kafka/
COPY flink_job/java flink_job/java
RUN mvn -B -q -ntp -pl flink_job/java -am package -DskipTests

# Ubuntu 24.04 under the official image has Python 3.12, which is what Managed Flink 2.2 has.
FROM ${FLINK_IMAGE} AS python
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/build.lock requirements/flink-runtime.lock requirements/flink-dep.lock /requirements/
RUN python3 -m venv /opt/python \
    && /opt/python/bin/pip install --no-cache-dir --require-hashes -r /requirements/build.lock \
    && /opt/python/bin/pip install --no-cache-dir --require-hashes --no-build-isolation \
        -r /requirements/flink-runtime.lock -r /requirements/flink-dep.lock

FROM ${FLINK_IMAGE}
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o flink -g flink /state /opt/job
COPY --from=python /opt/python /opt/python
COPY --from=jar /build/flink_job/java/target/anomaly-flink.jar /opt/flink/usrlib/
COPY anomaly /opt/job/anomaly
COPY contracts /opt/job/contracts
COPY readers /opt/job/readers
COPY flink_job/*.py /opt/job/flink_job/
COPY flink_job/properties /opt/job/flink_job/properties
COPY deploy/containers/flink_health.py deploy/containers/jobmanager.sh /opt/job/
# What a cluster decides and a job may not: state, checkpoints, Python. The Kubernetes operator writes its own.
RUN /opt/flink/bin/config-parser-utils.sh /opt/flink/conf /opt/flink/bin /opt/flink/lib \
    -Dpython.executable=/opt/python/bin/python \
    -Dpython.client.executable=/opt/python/bin/python \
    -Dpipeline.auto-generate-uids=false \
    -Dpipeline.generic-types=false \
    -Dstate.backend.type=rocksdb \
    -Dexecution.checkpointing.incremental=true \
    -Dexecution.checkpointing.interval=60s \
    -Dexecution.checkpointing.dir=file:///state/checkpoints \
    -Dexecution.checkpointing.savepoint-dir=file:///state/savepoints \
    -Dexecution.checkpointing.num-retained=2 \
    -Dexecution.checkpointing.externalized-checkpoint-retention=RETAIN_ON_CANCELLATION \
    -Dtaskmanager.memory.jvm-metaspace.size=512m \
    -Dtaskmanager.rpc.port=6122
# Kernels are compiled here for the processor that builds the image; on another kind a worker compiles its own in /tmp.
ENV PYTHONPATH=/opt/job NUMBA_CACHE_DIR=/opt/kernels FLINK_LOG_DIR=/tmp
RUN /opt/python/bin/python -m anomaly warm-up
USER flink
