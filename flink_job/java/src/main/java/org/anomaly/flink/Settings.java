package org.anomaly.flink;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.anomaly.flink.window.Aggregation;

/**
 * What the Python half hands over, parsed once.
 *
 * <p>Both halves are released together and Python validates for people, so anything unexpected here is a mistake of
 * ours: an unknown, missing or mistyped key stops the job rather than being guessed at.
 *
 * @param kafka client properties, for consumer and producers alike
 * @param input topic of the events
 * @param output topic of the results
 * @param deadLetters topic of the records that could not be parsed
 * @param late topic of the events that came after their period was closed
 * @param groupId consumer group
 * @param timestampField name of the JSON field with the event's time
 * @param measureField name of the JSON field that is aggregated; null only for COUNT
 * @param aggregation how a period's values become one
 * @param dimensionFields names of the JSON fields that tell one series from another, possibly none
 * @param periodMs length of a period
 * @param maxLatenessMs how much older than its partition's newest event an event's period may end
 * @param maxFutureMs how far an event's time may be ahead of its Kafka record's
 * @param idleTimeoutMs after how long without events a partition no longer holds the others back
 * @param buckets number of buckets that series are hashed into
 * @param bounded whether to stop at the end of the topic as it is at the start
 * @param startingOffsets "earliest", "latest", or "committed" (and earliest where nothing is committed)
 * @param delivery "at-least-once" or "exactly-once"
 * @param transactionalIdPrefix prefix of the transactional ids, for exactly-once
 * @param transactionTimeoutMs how long a transaction may stay open, for exactly-once
 * @param parallelism of the job; 0 leaves it to the cluster
 * @param stateTerms properties that the job's state depends on, see {@link StateTerms}
 */
public record Settings(
        Map<String, String> kafka,
        String input,
        String output,
        String deadLetters,
        String late,
        String groupId,
        String timestampField,
        String measureField,
        Aggregation aggregation,
        List<String> dimensionFields,
        long periodMs,
        long maxLatenessMs,
        long maxFutureMs,
        long idleTimeoutMs,
        int buckets,
        boolean bounded,
        String startingOffsets,
        String delivery,
        String transactionalIdPrefix,
        long transactionTimeoutMs,
        int parallelism,
        Map<String, String> stateTerms)
        implements Serializable {

    /** A thousand years: with it, sums of times and durations stay far from the limits of a long. */
    private static final long LONGEST_MS = 365_000L * 86_400_000L;

    private static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                    .build();

    /** Copies the collections (to ones that cannot change) and checks what the types do not. */
    public Settings {
        kafka = Map.copyOf(present("kafka", kafka));
        stateTerms = Map.copyOf(present("stateTerms", stateTerms));
        dimensionFields = List.copyOf(present("dimensionFields", dimensionFields));
        present("input", input);
        present("output", output);
        present("deadLetters", deadLetters);
        present("late", late);
        present("groupId", groupId);
        present("timestampField", timestampField);
        present("aggregation", aggregation);
        present("transactionalIdPrefix", transactionalIdPrefix);
        require(kafka.containsKey("bootstrap.servers"), "kafka", kafka.keySet(), "bootstrap.servers among its keys");
        require(
                measureField != null || aggregation == Aggregation.COUNT,
                "measureField",
                null,
                "a name, unless the aggregation is COUNT");
        require(
                Set.copyOf(dimensionFields).size() == dimensionFields.size(),
                "dimensionFields",
                dimensionFields,
                "each name once");
        requireDuration("periodMs", periodMs, 1);
        requireDuration("maxLatenessMs", maxLatenessMs, 0);
        requireDuration("maxFutureMs", maxFutureMs, 0);
        requireDuration("idleTimeoutMs", idleTimeoutMs, 1);
        require(buckets > 0, "buckets", buckets, "more than 0");
        requireOneOf("startingOffsets", startingOffsets, "earliest", "latest", "committed");
        requireOneOf("delivery", delivery, "at-least-once", "exactly-once");
        require(
                transactionTimeoutMs > 0 && transactionTimeoutMs <= Integer.MAX_VALUE,
                "transactionTimeoutMs",
                transactionTimeoutMs,
                "1 to " + Integer.MAX_VALUE);
        require(parallelism >= 0, "parallelism", parallelism, "0 (the cluster's) or more");
    }

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException naming the key and what is wrong with it
     */
    public static Settings parse(String json) {
        try {
            JsonNode tree = MAPPER.readTree(json);
            require(tree.isObject(), "configuration", tree.getNodeType(), "a JSON object");
            return MAPPER.treeToValue(tree, Settings.class);
        } catch (JsonProcessingException e) {
            // The exception's own message may quote the text around the place, and that may hold a password.
            throw new IllegalArgumentException("configuration for the JVM half: " + e.getOriginalMessage());
        }
    }

    /** Whether results must be written in transactions. */
    public boolean exactlyOnce() {
        return delivery.equals("exactly-once");
    }

    /** The name that a series' key and the results carry: the measure's field, or "*" when events are only counted. */
    public String measureName() {
        return measureField == null ? "*" : measureField;
    }

    private static <T> T present(String key, T value) {
        require(value != null, key, null, "a value");
        return value;
    }

    private static void requireDuration(String key, long millis, long least) {
        require(millis >= least && millis <= LONGEST_MS, key, millis, least + " to " + LONGEST_MS);
    }

    private static void requireOneOf(String key, String value, String... allowed) {
        require(value != null && Set.of(allowed).contains(value), key, value, String.join(" or ", allowed));
    }

    private static void require(boolean holds, String key, Object found, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "configuration for the JVM half: " + key + ": found " + found + ", expected " + expected);
        }
    }
}
