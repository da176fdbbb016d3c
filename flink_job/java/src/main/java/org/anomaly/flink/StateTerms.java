package org.anomaly.flink;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * The properties under which the job's state was made, and under which alone it can be continued: with others, models
 * would go on with values that mean something else, or could not be read. Which they are, {@code
 * flink_job/state_terms.py} says.
 *
 * <p>They are kept with the state and compared when it is restored, before a record is read. Whoever finds a difference
 * must not be started again: it would find the same one for ever.
 */
public final class StateTerms implements Serializable {

    private static final long serialVersionUID = 1L;

    private final Map<String, String> current;
    private transient ListState<Tuple2<String, String>> kept;

    /** With the properties of this job, by name. */
    public StateTerms(Map<String, String> current) {
        this.current = current;
    }

    /**
     * Compares the properties that both know; a version of the job may add or drop one.
     *
     * @throws ForeignStateException naming those that differ
     */
    public void compare(OperatorStateStore store) throws Exception {
        kept =
                store.getUnionListState(
                        new ListStateDescriptor<>("terms", Types.TUPLE(Types.STRING, Types.STRING)));
        Map<String, String> then = new TreeMap<>();
        for (Tuple2<String, String> term : kept.get()) {
            then.put(term.f0, term.f1);
        }
        Map<String, String> now = new TreeMap<>(current);
        then.entrySet().removeIf(term -> term.getValue().equals(now.getOrDefault(term.getKey(), term.getValue())));
        if (!then.isEmpty()) {
            now.keySet().retainAll(then.keySet());
            throw new ForeignStateException(
                    "the job's state was made with " + text(then) + ", the properties say " + text(now)
                            + "; set them back, or start without state");
        }
    }

    /** Keeps the properties of this job, once for all subtasks. */
    public void keep(int subtask) throws Exception {
        kept.clear();
        if (subtask == 0) {
            for (Map.Entry<String, String> term : current.entrySet()) {
                kept.add(Tuple2.of(term.getKey(), term.getValue()));
            }
        }
    }

    private static String text(Map<String, String> terms) {
        StringBuilder text = new StringBuilder();
        terms.forEach((name, value) -> text.append(text.isEmpty() ? "" : ", ").append(name).append(' ').append(value));
        return text.toString();
    }
}
