#!/bin/bash
# A job manager that brings its job along: it continues from the newest complete checkpoint below /state, if there is one.
set -eu

: "${CHECKPOINTS:=/state/checkpoints}" "${PROPERTIES:=/etc/flink/application_properties.json}"
: "${FLINK_HOME:=/opt/flink}" "${JOB:=/opt/job}" "${PYTHON:=/opt/python/bin/python}"

resume=()
newest=$(find "$CHECKPOINTS" -path '*/chk-*/_metadata' -size +0c -printf '%T@ %h\n' 2>/dev/null | sort -rn | head -n 1)
if [ -n "$newest" ]; then
    echo "resuming from ${newest#* }"
    resume=(--fromSavepoint "file://${newest#* }")
fi

exec "$FLINK_HOME/bin/standalone-job.sh" start-foreground "$@" "${resume[@]}" \
    --job-classname org.apache.flink.client.python.PythonDriver \
    -pyexec "$PYTHON" -pyclientexec "$PYTHON" -pyfs "$JOB" -pym flink_job --properties "$PROPERTIES"
