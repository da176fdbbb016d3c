"""The settings of `transform_lambda.parquet_handler`, from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from transform_lambda.parquet import ROWS_PER_FILE


class SettingsError(ValueError):
    """Settings that cannot be used; the text names each variable, what was found and what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where rows go.

    Parameters
    ----------
    destination
        A directory, or ``s3://bucket/prefix``.
    rows_per_file
        1,000 to 10,000,000.
    """

    destination: str
    rows_per_file: int = ROWS_PER_FILE


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Parameters
    ----------
    environment
        ``DESTINATION`` and, if wanted, ``ROWS_PER_FILE``.

    Raises
    ------
    SettingsError
        With every problem.
    """
    destination = environment.get("DESTINATION", "")
    rows = environment.get("ROWS_PER_FILE", str(ROWS_PER_FILE))
    problems = []
    if not destination or ("://" in destination and not re.fullmatch("s3://[^/]+(/.*)?", destination)):
        problems.append(f"DESTINATION is {destination!r}, expected a directory or s3://bucket/prefix")
    if not re.fullmatch("[0-9]{4,8}", rows) or not 1000 <= int(rows) <= 10_000_000:
        problems.append(f"ROWS_PER_FILE is {rows!r}, expected a whole number from 1000 to 10000000")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(destination, int(rows))
