package org.anomaly.flink.late;

import org.anomaly.flink.Settings;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.metrics.Counter;

/** Tells and counts the late events that {@link Triage} let pass. Their bodies stayed behind the network. */
public final class LateFoundByWindows extends RichMapFunction<Event, Message> {

    private final DeadLetters letters;
    private transient Counter late;

    /** For the job's settings. */
    public LateFoundByWindows(Settings settings) {
        letters = new DeadLetters(settings.input());
    }

    @Override
    public void open(OpenContext context) {
        late = getRuntimeContext().getMetricGroup().addGroup("kinesisanalytics").addGroup("anomaly").counter("late");
    }

    @Override
    public Message map(Event event) {
        late.inc();
        return letters.of(Reason.LATE, event);
    }
}
