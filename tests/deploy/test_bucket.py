from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deploy.bucket import Bucket
from deploy.errors import DeployError
from deploy.uploads import CODE_PARAMETERS, Upload, package_uploads, text_upload


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket="results-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.put_bucket_versioning(Bucket="results-bucket", VersioningConfiguration={"Status": "Enabled"})
        yield client


def keys(client: Any) -> list[str]:  # noqa: ANN401 - boto3 makes clients as it goes
    return [item["Key"] for item in client.list_objects_v2(Bucket="results-bucket").get("Contents", [])]


def test_the_same_content_is_uploaded_once(client: Any, tmp_path: Path) -> None:  # noqa: ANN401
    file = tmp_path / "a.zip"
    file.write_bytes(b"code")
    upload = Upload("code/1/a.zip", file)

    assert Bucket(client, "results-bucket").put(upload)
    assert not Bucket(client, "results-bucket").put(upload)
    assert client.get_object(Bucket="results-bucket", Key="code/1/a.zip")["Body"].read() == b"code"


def test_a_text_is_found_by_cloudformation_where_it_was_put(client: Any) -> None:  # noqa: ANN401
    upload = text_upload("Resources: {}", "detector.yaml")
    bucket = Bucket(client, "results-bucket")
    bucket.put(upload)

    assert bucket.url(upload) == f"https://results-bucket.s3.eu-central-1.amazonaws.com/{keys(client)[0]}"


def test_emptying_takes_every_version_below_the_prefix_and_nothing_else(client: Any) -> None:  # noqa: ANN401
    for key in ("results/a/1", "results/a/1", "results/a/2", "results/ab/1"):
        client.put_object(Bucket="results-bucket", Key=key, Body=b"x")
    client.delete_object(Bucket="results-bucket", Key="results/a/2")

    assert Bucket(client, "results-bucket").empty("results/a/") == 4
    assert keys(client) == ["results/ab/1"]


def test_an_emptied_bucket_can_be_deleted(client: Any) -> None:  # noqa: ANN401
    client.put_object(Bucket="results-bucket", Key="k", Body=b"x")
    bucket = Bucket(client, "results-bucket")

    bucket.empty("")
    bucket.delete()

    assert client.list_buckets()["Buckets"] == []


def packages(folder: Path, content: bytes = b"code") -> Path:
    for name in CODE_PARAMETERS.values():
        (folder / name).write_bytes(content + name.encode())
    return folder


def test_new_code_has_a_new_key_and_the_same_code_the_same(tmp_path: Path) -> None:
    first, again = package_uploads(packages(tmp_path)), package_uploads(packages(tmp_path))
    changed = package_uploads(packages(tmp_path, b"other"))

    assert {name: upload.key for name, upload in first.items()} == {name: upload.key for name, upload in again.items()}
    assert not {upload.key for upload in first.values()} & {upload.key for upload in changed.values()}
    assert all(upload.key.startswith("code/") for upload in first.values())


def test_missing_packages_are_named_with_how_to_build_them(tmp_path: Path) -> None:
    packages(tmp_path)
    (tmp_path / "notify-lambda.zip").unlink()

    with pytest.raises(DeployError, match=r"has no notify-lambda\.zip; build them: python -m deploy package"):
        package_uploads(tmp_path)
