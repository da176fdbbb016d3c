"""The settings of `transform_lambda.parquet_handler`, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from readers.environment import Variable, matching, read_environment, whole
from readers.storage import is_place
from transform_lambda.parquet import ROWS_PER_FILE


@dataclass(frozen=True, slots=True)
class Settings:
    """Where rows go, and how many a compaction gives a file."""

    destination: Annotated[str, Variable("DESTINATION", matching("a directory or s3://bucket/prefix", is_place))]
    rows_per_file: Annotated[int, Variable("ROWS_PER_FILE", whole(1000, 10_000_000, int))] = ROWS_PER_FILE


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; `readers.errors.SettingsError` with every problem."""
    return read_environment(Settings, environment)
