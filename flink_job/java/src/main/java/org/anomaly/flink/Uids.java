package org.anomaly.flink;

import java.util.List;

/** The operators' uids. A savepoint finds an operator's state by its uid, so these never change. */
public final class Uids {

    /** Reads and parses the input topic. */
    public static final String SOURCE = "source";

    /** Parts dead letters and late records from events. */
    public static final String TRIAGE = "triage";

    /** Aggregates each series' events of a period. */
    public static final String SERIES_WINDOWS = "series-windows";

    /** Describes the late events that only the windows noticed. */
    public static final String LATE_FOUND_BY_WINDOWS = "late-found-by-windows";

    /** Gathers each bucket's points of a period. */
    public static final String BUCKET_WINDOWS = "bucket-windows";

    /** Scores; the one operator in Python, which sets it ({@code flink_job/topology.py}). */
    public static final String SCORE = "score";

    /** Takes blocks of results apart. */
    public static final String SPLIT_RESULTS = "split-results";

    /** Writes the results. */
    public static final String RESULTS_SINK = "results-sink";

    /** Writes the dead letters. */
    public static final String DEAD_LETTERS_SINK = "dead-letters-sink";

    /** Writes the late records. */
    public static final String LATE_SINK = "late-sink";

    /** All of them, in the order of the flow. */
    public static final List<String> ALL =
            List.of(
                    SOURCE,
                    TRIAGE,
                    SERIES_WINDOWS,
                    LATE_FOUND_BY_WINDOWS,
                    BUCKET_WINDOWS,
                    SCORE,
                    SPLIT_RESULTS,
                    RESULTS_SINK,
                    DEAD_LETTERS_SINK,
                    LATE_SINK);

    private Uids() {}
}
