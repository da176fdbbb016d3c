package org.anomaly.flink;

import java.util.function.UnaryOperator;

/** Settings for tests: the configuration as Python writes it, and ways to change a part of it. */
public final class TestSettings {

    /** The configuration. */
    public static final String JSON =
            """
            {"kafka": {"bootstrap.servers": "localhost:9092", "client.id": "me"},
             "input": "in", "output": "out", "deadLetters": "dead", "late": "late", "groupId": "anomaly",
             "timestampField": "t", "measureField": "q", "aggregation": "SUM", "dimensionFields": ["p", "c"],
             "periodMs": 60000, "maxLatenessMs": 10000, "maxFutureMs": 3600000, "idleTimeoutMs": 60000, "buckets": 16,
             "bounded": true, "startingOffsets": "earliest", "delivery": "at-least-once",
             "transactionalIdPrefix": "anomaly", "transactionTimeoutMs": 600000, "parallelism": 0,
             "stateTerms": {"detector.output.after": "300", "job.buckets": "16"}}""";

    private TestSettings() {}

    /** The configuration, parsed. */
    public static Settings settings() {
        return Settings.parse(JSON);
    }

    /** The configuration with a part of it changed. */
    public static Settings with(UnaryOperator<String> change) {
        return Settings.parse(change.apply(JSON));
    }
}
