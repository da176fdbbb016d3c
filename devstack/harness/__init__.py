"""What AWS does around Lambda functions, on one machine: schedules, Kafka triggers, Firehose streams."""
