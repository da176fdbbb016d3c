# `make` lists what there is. Everything is set up on the first use; the second use downloads nothing.
# PYTHON=... chooses the interpreter (3.11 or 3.12), VENV=... the environment's folder.

VENV ?= .venv
JAR := flink_job/java/target/anomaly-flink.jar
BROKER := devstack/kafka/target/libs/.complete
JAVA_SOURCES := $(shell find flink_job/java/src -name '*.java' 2>/dev/null) pom.xml flink_job/java/pom.xml
MAVEN := mvn -B -q -ntp -Dstyle.color=never

.DEFAULT_GOAL := help
.PHONY: help prerequisites setup check demo test test-all package bench lint java-test lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

prerequisites:
	@PYTHON="$(PYTHON)" tools/check-prerequisites.sh > /dev/null

setup: prerequisites $(VENV)/.complete $(JAR) $(BROKER) ## install everything into .venv and build the jars

$(VENV)/.complete: requirements/build.lock requirements/all.lock pyproject.toml
	@echo "Setting up $(VENV): 1.9 GB, one to five minutes, once."
	@python="$$(PYTHON="$(PYTHON)" tools/check-prerequisites.sh)" && "$$python" -m venv $(VENV)
	@$(VENV)/bin/python -m pip --disable-pip-version-check install -q --require-hashes -r requirements/build.lock
	@$(VENV)/bin/python -m pip --disable-pip-version-check install -q --require-hashes --no-build-isolation -r requirements/all.lock
	@$(VENV)/bin/python -m pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	@touch $@

$(JAR): $(JAVA_SOURCES)
	@echo "Building the job's jar: half a minute, once."
	@$(MAVEN) -pl flink_job/java -am package -DskipTests
	@touch $@

$(BROKER): pom.xml devstack/kafka/pom.xml
	@echo "Fetching the Kafka broker: 43 MB, once."
	@$(MAVEN) -pl devstack/kafka -am package
	@touch $@

demo: setup ## watch two weeks of bookstore sales go from PostgreSQL to a page and an inbox
	@$(VENV)/bin/python -m bookstore demo

test: setup lint java-test ## check style and types, run every test but the slow ones
	$(VENV)/bin/python -m pytest -m "not slow" -n 2 --dist loadfile

package: setup ## build what AWS runs into dist/
	$(VENV)/bin/python -m deploy package

bench: setup ## measure cost and quality beside the peers: half an hour
	$(VENV)/bin/python -m benchmarks detector
	$(VENV)/bin/python -m benchmarks forest
	$(VENV)/bin/python -m benchmarks quality

test-all: test ## run the slow tests, too: crashes, a standalone cluster, weeks of streams
	$(VENV)/bin/python -m pytest -m slow

check: $(VENV)/.complete ## format, lint and type everything, in under a minute; for before a commit
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/mypy

lint: $(VENV)/.complete ## the same, and change nothing
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

java-test: $(JAR) ## run the tests of the job's Java half
	$(MAVEN) -pl flink_job/java -am test

lock: $(VENV)/.complete ## choose newer versions within the bounds of pyproject.toml (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --upgrade -q -o requirements/all.lock
	uv pip compile requirements/build.in --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --no-annotate --upgrade -q -o requirements/build.lock
	for name in flink-dep ingest-lambda transform-lambda notify-lambda parquet-lambda; do \
		uv pip compile requirements/$$name.in --generate-hashes --python-version 3.12 \
			--python-platform x86_64-$$(test $$name = flink-dep && echo manylinux2014 || echo manylinux_2_28) \
			--only-binary :all: $$(test $$name = flink-dep && echo --no-emit-package numpy) --no-emit-index-url --no-header \
			--upgrade -q -o requirements/$$name.lock || exit 1; done
	uv pip compile requirements/flink-runtime.in --universal --generate-hashes --python-version 3.12 \
		--no-emit-index-url --no-header -q -o requirements/flink-runtime.lock

clean: ## delete everything that setup, package and the tests made
	rm -rf $(VENV) .venv-flink-runtime build dist target flink_job/java/target devstack/kafka/target .mypy_cache .ruff_cache .pytest_cache .hypothesis
