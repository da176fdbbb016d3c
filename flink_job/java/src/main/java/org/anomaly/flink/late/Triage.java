package org.anomaly.flink.late;

import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.anomaly.flink.Settings;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Sends what did not parse to the dead letters and what came too late to the late records; the rest goes on, without
 * its body.
 *
 * <p>An event is late when its period ended at or before (newest event time seen so far in its Kafka partition) -
 * (greatest lateness). That depends on nothing but the order of the records in the partition, so a second reading of
 * the topic judges alike; Flink's own rule compares with a watermark that is also a matter of timing. It is never
 * milder than Flink's: the watermark of the windows is the least of all partitions'.
 *
 * <p>The newest times are kept as union state: after a restart or a rescale a partition may be read by another
 * subtask, so each gets all of them, and the greatest of a partition is the right one.
 */
public final class Triage extends ProcessFunction<Event, Event> implements CheckpointedFunction {

    /** The records that are no events. */
    public static final OutputTag<Message> DEAD_LETTERS = new OutputTag<>("dead-letters", Message.TYPE);

    /** The events that came too late. */
    public static final OutputTag<Message> LATE = new OutputTag<>("late", Message.TYPE);

    private final String topic;
    private final long periodMs;
    private final long maxLatenessMs;
    private final DeadLetters letters;

    private transient Map<Integer, Long> newest;
    private transient BitSet read;
    private transient ListState<Tuple3<String, Integer, Long>> state;
    private transient MetricGroup metrics;
    private transient Counter events;
    private transient Counter late;
    private transient Map<Reason, Counter> dead;

    Triage(Settings settings) {
        topic = settings.input();
        periodMs = settings.periodMs();
        maxLatenessMs = settings.maxLatenessMs();
        letters = new DeadLetters(topic);
    }

    @Override
    public void open(OpenContext context) {
        metrics = getRuntimeContext().getMetricGroup().addGroup("kinesisanalytics").addGroup("anomaly");
        events = metrics.counter("events");
        late = metrics.counter("late");
        dead = new EnumMap<>(Reason.class);
        for (Reason reason : Reason.values()) {
            if (reason != Reason.LATE) {
                dead.put(reason, metrics.addGroup("reason", reason.text()).counter("deadLetters"));
            }
        }
    }

    @Override
    public void processElement(Event event, Context context, Collector<Event> out) {
        if (event.reason() != null) {
            dead.get(event.reason()).inc();
            context.output(DEAD_LETTERS, letters.of(event.reason(), event));
            return;
        }
        long newestTime = newest.merge(event.partition(), event.time(), Math::max);
        read.set(event.partition());
        long periodEnd = (Math.floorDiv(event.time(), periodMs) + 1) * periodMs;
        // An event that is the newest itself ends after itself: taking it into the newest first changes nothing.
        if (periodEnd <= newestTime - maxLatenessMs) {
            late.inc();
            context.output(LATE, letters.of(Reason.LATE, event));
            return;
        }
        events.inc();
        out.collect(event.withoutBody());
    }

    /**
     * The watermark that the partitions allow from which this subtask has had events since it was started.
     *
     * <p>In these partitions every event that belongs to a period which ended before it is late.
     *
     * @return milliseconds since the epoch; {@link Long#MIN_VALUE} before the first event
     */
    long reached() {
        return read.stream()
                .mapToLong(partition -> newest.get(partition) - maxLatenessMs - 1)
                .min()
                .orElse(Long.MIN_VALUE);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        state.clear();
        for (Map.Entry<Integer, Long> entry : newest.entrySet()) {
            state.add(Tuple3.of(topic, entry.getKey(), entry.getValue()));
        }
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        state =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>(
                                        "newest-event-times", Types.TUPLE(Types.STRING, Types.INT, Types.LONG)));
        newest = new HashMap<>();
        read = new BitSet();
        for (Tuple3<String, Integer, Long> entry : state.get()) {
            // Of another topic, if the job was given one since: its times mean nothing here.
            if (entry.f0.equals(topic)) {
                newest.merge(entry.f1, entry.f2, Math::max);
            }
        }
    }
}
