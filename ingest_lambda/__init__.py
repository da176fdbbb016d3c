"""PostgreSQL rows of a minute become records of a Kafka topic; `ingest_lambda.handler` is the Lambda."""
