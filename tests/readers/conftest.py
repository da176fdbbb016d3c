from s3 import aws as aws
from s3 import bucket as bucket
