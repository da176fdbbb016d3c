"""The foundation's bucket: code goes in, and data out when people want it deleted."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.uploads import Upload


class Bucket:
    """One bucket.

    Parameters
    ----------
    client
        boto3's client of S3.
    name
        The bucket.
    """

    def __init__(self, client: Any, name: str) -> None:  # noqa: ANN401 - boto3 makes clients as it goes
        self._client = client
        self._name = name

    def url(self, upload: Upload) -> str:
        """Give the address under which CloudFormation reads a template."""
        region = self._client.meta.region_name
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://{self._name}.s3.{region}.{suffix}/{upload.key}"

    def put(self, upload: Upload) -> bool:
        """Upload, unless the key, which names the content, is there already; tells whether it did."""
        try:
            self._client.head_object(Bucket=self._name, Key=upload.key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            return False
        if isinstance(upload.content, Path):
            self._client.upload_file(str(upload.content), self._name, upload.key)
        else:
            self._client.put_object(Bucket=self._name, Key=upload.key, Body=upload.content)
        return True

    def empty(self, prefix: str) -> int:
        """Delete every version of every object below a prefix; tells how many."""
        count = 0
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=prefix):
            objects = [
                {"Key": item["Key"], "VersionId": item["VersionId"]}
                for item in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            ]
            if not objects:
                continue
            errors = self._client.delete_objects(Bucket=self._name, Delete={"Objects": objects, "Quiet": True})
            if errors.get("Errors"):
                first = errors["Errors"][0]
                msg = f"{len(errors['Errors'])} objects of {self._name} stay: {first['Key']}: {first['Message']}"
                raise DeployError(msg)
            count += len(objects)
        return count

    def delete(self) -> None:
        """Delete the empty bucket."""
        self._client.delete_bucket(Bucket=self._name)
