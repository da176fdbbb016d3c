package org.anomaly.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.metrics.Counter;

/** Tells and counts the late events that {@link Triage} let pass. Their bodies stayed behind the network. */
final class LateFoundByWindows extends RichMapFunction<Event, Message> {

    private final DeadLetters letters;
    private transient Counter late;

    LateFoundByWindows(Settings settings) {
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
