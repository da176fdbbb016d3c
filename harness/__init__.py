"""What AWS does around a Lambda, on one machine: a scheduler, a Kafka trigger and a Firehose that call real handlers.

- `function`: a handler in worker processes of its own, or in this one;
- `scheduler`: EventBridge Scheduler, which can miss, double and overlap;
- `kafka_trigger`: Lambda's event source mapping for Kafka;
- `firehose`: Data Firehose with a transform function.

What AWS documents is cited where it is imitated; where AWS says nothing, the docstring says that, too.
"""
