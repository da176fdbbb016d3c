"""The PyFlink job: events of a Kafka topic in, one scored result per series and period out."""
