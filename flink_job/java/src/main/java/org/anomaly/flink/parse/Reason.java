package org.anomaly.flink.parse;

import java.util.Locale;

/**
 * Why a record went to the dead-letter or late topic.
 *
 * <p>The order is the order of the checks: the first that applies is told. The names are a promise to whoever reads
 * those topics.
 */
public enum Reason {
    /** The record has no value (a tombstone), or one of zero length. */
    EMPTY,
    /** The value is not well-formed UTF-8. */
    NOT_UTF8,
    /** The text is not one strict JSON value, or nests deeper than {@link EventParser#MAX_DEPTH}. */
    NOT_JSON,
    /** The JSON value is something else than an object. */
    NOT_AN_OBJECT,
    /** The timestamp field is absent or null. */
    MISSING_TIMESTAMP,
    /** The timestamp is none of the accepted forms, or outside the years 1 to 9999. */
    BAD_TIMESTAMP,
    /** The timestamp is too far ahead of the Kafka record's own. */
    TIMESTAMP_IN_FUTURE,
    /** The measure field is absent or null. */
    MISSING_MEASURE,
    /** The measure is not a JSON number, or one written with too many characters. */
    BAD_MEASURE,
    /** The measure is too large for a double. */
    MEASURE_OUT_OF_RANGE,
    /** A dimension field is absent or null. */
    MISSING_DIMENSION,
    /** A dimension is an object, an array, or text that is not valid Unicode, or the series' key is too long. */
    BAD_DIMENSION,
    /** The event's period was already closed when it came. */
    LATE;

    /** The reason as it is written in records and metrics. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
