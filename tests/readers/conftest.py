from s3 import aws, bucket

__all__ = ["aws", "bucket"]
