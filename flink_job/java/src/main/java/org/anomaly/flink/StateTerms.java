package org.anomaly.flink;

import java.util.Map;
import java.util.TreeMap;

/**
 * The properties under which the job's state was made, and under which alone it can be continued: with others, models
 * would go on with values that mean something else, or could not be read.
 *
 * <p>They are kept with the state and compared when it is restored, before a record is read. Whoever finds a difference
 * must not be started again: it would find the same one for ever.
 */
final class StateTerms {

    private StateTerms() {}

    /**
     * Compares the properties that both know; a version of the job may add or drop one.
     *
     * @param stored the properties that the state was made with, by name
     * @param current the properties of this job
     * @throws ForeignStateException naming those that differ
     */
    static void check(Map<String, String> stored, Map<String, String> current) throws ForeignStateException {
        Map<String, String> then = new TreeMap<>(stored);
        Map<String, String> now = new TreeMap<>(current);
        then.entrySet().removeIf(term -> term.getValue().equals(now.getOrDefault(term.getKey(), term.getValue())));
        if (!then.isEmpty()) {
            now.keySet().retainAll(then.keySet());
            throw new ForeignStateException(
                    "the job's state was made with " + text(then) + ", the properties say " + text(now)
                            + "; set them back, or start without state");
        }
    }

    private static String text(Map<String, String> terms) {
        StringBuilder text = new StringBuilder();
        terms.forEach((name, value) -> text.append(text.isEmpty() ? "" : ", ").append(name).append(' ').append(value));
        return text.toString();
    }
}
