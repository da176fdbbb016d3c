"""`python -m bookstore.pipeline.archive PLACES`: a Firehose with the function `transform`, into Parquet files."""

import json
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bookstore.pipeline.configuration import Places
from bookstore.pipeline.progress import Progress
from bookstore.pipeline.stage import run_stage
from contracts.flat_results import partition_of
from harness.firehose import Buffering, DeliveryStream
from harness.function import Function
from harness.object_storage import Directory
from transform_lambda.parquet import ParquetStore

# People watch: far sooner than Firehose's 60 s and 300 s.
_BUFFERING = Buffering(function_seconds=1.0, delivery_seconds=5.0)


class ParquetFiles:
    """A destination that converts rows, as Firehose does with a Glue table, and keeps each row once.

    Parameters
    ----------
    folder
        Of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._store = ParquetStore(str(folder))
        self._compacted = date.min

    def deliver(self, rows: Sequence[bytes]) -> None:
        """Write rows; when the first of a new day come, and after a restart, merge the small files of days before."""
        decoded = [json.loads(row) for row in rows]
        self._store.write(decoded)
        newest = max(date.fromisoformat(partition_of(row)) for row in decoded)
        if newest > self._compacted:
            self._store.compact(newest)
            self._compacted = newest


def main() -> int:
    """Run until stopped; see `run_stage`."""
    return run_stage("archive", "results to Parquet files", _run)


def _run(places: Places, stopped: threading.Event) -> None:
    with Function("transform_lambda.handler:handler", name="transform", log=places.log("transform")) as transform:
        DeliveryStream(
            places.bootstrap_servers,
            "results",
            group="archive",
            function=transform,
            destination=ParquetFiles(places.parquet),
            errors=Directory(Path(places.directory) / "transform-errors"),
            buffering=_BUFFERING,
        ).run(stopped.is_set, progress=Progress(Path(places.directory), "archive").tell_counts)


if __name__ == "__main__":
    sys.exit(main())
