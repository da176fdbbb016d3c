import logging
from collections.abc import Callable, Iterator

import pytest
from imports import loaded_by
from ingest_world import MINUTE, START, World

from ingest_lambda import handler as module
from readers.errors import EventError, SettingsError


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.fixture
def invoke(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], dict[str, object]]]:
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    module._ingest.cache_clear()

    def call(minute: int) -> dict[str, object]:
        return module.handler({"scheduledTime": (START + minute * MINUTE).isoformat()}, Context())

    yield call
    ingest = module._ingest()
    ingest._source.close()
    ingest._publisher.close()
    module._ingest.cache_clear()
    logging.getLogger("ingest_lambda").setLevel(logging.NOTSET)


@pytest.mark.kafka
@pytest.mark.postgres
def test_an_event_publishes_its_rows_and_logs_one_line(
    invoke: Callable[[int], dict[str, object]], world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.sell_every(20, minutes=3)

    assert [invoke(minute)["rows"] for minute in (1, 2)] == [3, 3]
    # The Kafka client may warn besides: of a broker whose transaction coordinator is still loading.
    ours = [record for record in caplog.records if record.name != "ingest_lambda.publisher.librdkafka"]
    assert [(record.name, record.levelname) for record in ours] == [("ingest_lambda.run", "INFO")] * 2
    assert "outcome='caught up'" in caplog.text
    assert "item-A" not in caplog.text


def test_a_wrong_environment_is_told_at_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_SECRET_ARN", "SOURCE_TABLE"):
        monkeypatch.delenv(name, raising=False)
    module._ingest.cache_clear()

    with pytest.raises(SettingsError, match=r"SOURCE_TABLE is not set, .*; DATABASE_SECRET_ARN is not set"):
        module.handler({"time": "2024-08-29T13:35:00Z"}, Context())


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.usefixtures("invoke")
def test_an_event_without_a_time_is_told() -> None:
    with pytest.raises(EventError):
        module.handler({}, Context())


def test_a_cold_start_loads_little() -> None:
    heavy = {"boto3", "botocore", "numpy", "numba", "pyflink", "anomaly"}

    assert not heavy & loaded_by("ingest_lambda.handler")
