"""Result records become flat rows, and date-partitioned Parquet; `transform_lambda.handler` is the Lambda."""
