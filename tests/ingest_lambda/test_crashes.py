import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ingest_world import MINUTE, SETTLE, START, World

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ROOT = Path(__file__).parents[2]


def crash(world: World, *arguments: str) -> dict[str, Any]:
    driver = [sys.executable, "-W", "ignore::DeprecationWarning", str(Path(__file__).with_name("crash_driver.py"))]
    environment = {**os.environ, **world.environment, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([*driver, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return dict(json.loads(run.stdout))


def assert_topic_equals_table(world: World, minute: int) -> None:
    end = START + minute * MINUTE
    while world.run(end)["outcome"] == "behind":
        pass
    published = Counter((f["product_name"], f["quantity"]) for f in (record.fields for record in world.published()))
    assert published == Counter(world.rows(before=end - SETTLE))
    assert set(published.values()) == {1}


@pytest.fixture
def shop(world: World) -> World:
    """A row every twenty seconds, three a minute, for two days, of which the first minute was published."""
    world.sell_every(20, minutes=2880)
    world.run(START + MINUTE)
    return world


def test_a_crash_at_any_line_of_a_commit_neither_loses_nor_repeats_a_row(shop: World) -> None:
    answer = crash(shop, "warm", "publisher", "2")

    assert {line.partition(":")[0] for line in answer["killed"]} == {"publisher.py"}
    assert len(answer["killed"]) > 12
    assert_topic_equals_table(shop, answer["minute"])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["cold", "warm"])
def test_a_crash_at_any_line_of_a_run_neither_loses_nor_repeats_a_row(shop: World, mode: str) -> None:
    answer = crash(shop, mode, "all", "2")

    files = {line.partition(":")[0] for line in answer["killed"]}
    assert files > {"handler.py", "run.py", "database.py", "publisher.py", "windows.py", "records.py", "markers.py"}
    assert len(answer["killed"]) > (200 if mode == "cold" else 100)
    assert_topic_equals_table(shop, answer["minute"])


@pytest.mark.slow
def test_a_crash_at_any_moment_neither_loses_nor_repeats_a_row(shop: World) -> None:
    answer = crash(shop, "any moment", "60", "2")

    assert len(answer["killed"]) == 60
    assert_topic_equals_table(shop, answer["minute"])
