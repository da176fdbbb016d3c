"""Folders and S3 prefixes: which files count, what is said about those that cannot."""

import os
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from result_files import START, read, row, spike, write

from dashboard.catalog import Catalog
from dashboard.errors import DashboardError
from dashboard.source import open_source


def days_of(folder: Path) -> set[str]:
    return {file.day for file in open_source(str(folder), {}).list_files()}


def test_the_day_of_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    write(tmp_path, [row(START, {"p": "a"}), row(START + timedelta(days=1), {"p": "a"})])

    assert days_of(tmp_path) == {"2026-11-09", "2026-11-10"}


def test_files_in_the_making_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, [row(START, {"p": "a"})])
    for name in (".part-1.parquet", "_part-2.parquet", "part-3.parquet.tmp", "part-4.csv"):
        (tmp_path / "dt=2026-11-09" / name).write_bytes(b"half")

    assert len(open_source(str(tmp_path), {}).list_files()) == 1


def test_a_folder_that_is_not_there_is_named_together_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(
        DashboardError, match=r"nowhere: found nothing, expected a folder with dt=YYYY-MM-DD/\*\.parquet; give"
    ):
        open_source(str(tmp_path / "nowhere"), {}).list_files()


def test_a_file_in_place_of_a_folder_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")

    with pytest.raises(DashboardError, match="found a file, expected a folder"):
        open_source(str(tmp_path / "results"), {}).list_files()


@pytest.mark.parametrize("location", ["https://host/results", "s3://", "gs://bucket/x"])
def test_an_address_of_another_kind_is_refused(location: str) -> None:
    with pytest.raises(DashboardError, match=r"SOURCE: found .*, expected a folder or s3://bucket/prefix"):
        open_source(location, {})


def test_a_folder_whose_name_has_wildcards_is_read_literally(tmp_path: Path) -> None:
    folder = write(tmp_path / "a[1]*?", [row(START, {"p": "a"})])
    write(tmp_path / "a1xy", [row(START, {"p": "b"})])
    catalog = Catalog(open_source(str(folder), {}), "")
    catalog.refresh()

    assert [series.label for series in catalog.find().series] == ["a"]
    assert catalog.problems() == []


def test_results_on_s3_are_read_as_those_in_a_folder(bucket: str, tmp_path: Path) -> None:
    write(tmp_path, [row(START + timedelta(hours=i), {"p": "a"}, processed_data_points=i + 1) for i in range(30)])
    write(tmp_path, [spike(START + timedelta(hours=5, minutes=1), {"p": "b"})], name="part-1")
    client = boto3.client("s3")
    for path in tmp_path.rglob("*.parquet"):
        client.upload_file(str(path), bucket, f"flat/{path.relative_to(tmp_path)}")
    catalog = Catalog(open_source(f"s3://{bucket}/flat/", os.environ), "")
    catalog.refresh()
    overview = catalog.overview()
    columns = catalog.chart_columns("bookstore", read(tmp_path)[0]["timeseries_id"], 0, 4_000_000_000_000, 100)

    assert (overview.kpis.series, overview.alert_count, overview.days, overview.problems) == (2, 1, 2, [])
    assert columns.start == [int((START + timedelta(hours=i)).timestamp() * 1000) for i in range(30)]


def test_a_bucket_that_is_not_there_says_what_to_check(bucket: str) -> None:
    with pytest.raises(DashboardError, match=r"-not/x: .*check the address, AWS_REGION, and that the credentials"):
        open_source(f"s3://{bucket}-not/x", os.environ).list_files()
