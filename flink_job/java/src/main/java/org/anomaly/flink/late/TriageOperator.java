package org.anomaly.flink.late;

import org.anomaly.flink.Settings;
import org.anomaly.flink.StateTerms;
import org.anomaly.flink.parse.Event;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Runs {@link Triage}, and keeps how far event time had come, which Flink does not; first of all operators behind the
 * source, it also keeps the {@link StateTerms} of the whole job's state.
 *
 * <p>A job restored without it begins before all time: periods that had ended wait for another event of every
 * partition, and an event that comes after its period was sent has the period sent again.
 *
 * <p>Kept is the last watermark, or what the partitions that are read allow if that is later: watermarks come a few
 * times a second, so at a checkpoint the events may be further. No event is late by this that would not be late in its
 * partition anyway, save those of partitions that were idle. Of several subtasks the least counts; one that is idle only
 * if all are.
 */
public final class TriageOperator extends ProcessOperator<Event, Event> {

    private final Triage triage;
    private final StateTerms terms;
    private final String topic;

    private transient ListState<Tuple3<String, Boolean, Long>> state;
    private transient long last;
    private transient boolean fromSource;
    private transient boolean idle;

    /** For the job's settings. */
    public TriageOperator(Settings settings) {
        this(settings, new Triage(settings));
    }

    private TriageOperator(Settings settings, Triage triage) {
        super(triage);
        this.triage = triage;
        terms = new StateTerms(settings.stateTerms());
        topic = settings.input();
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        terms.compare(context.getOperatorStateStore());
        super.initializeState(context);
        state =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>(
                                        "watermarks", Types.TUPLE(Types.STRING, Types.BOOLEAN, Types.LONG)));
        last = leastOfTheActive(state.get());
    }

    private long leastOfTheActive(Iterable<Tuple3<String, Boolean, Long>> subtasks) {
        long active = Long.MAX_VALUE;
        long idle = Long.MAX_VALUE;
        for (Tuple3<String, Boolean, Long> subtask : subtasks) {
            // Of another topic, if the job was given one since: its times mean nothing here.
            if (!subtask.f0.equals(topic)) {
                continue;
            }
            if (!subtask.f1) {
                active = Math.min(active, subtask.f2);
            } else if (subtask.f2 > Long.MIN_VALUE) {
                idle = Math.min(idle, subtask.f2);
            }
        }
        long least = active == Long.MAX_VALUE ? idle : active;
        return least == Long.MAX_VALUE ? Long.MIN_VALUE : least;
    }

    @Override
    public void open() throws Exception {
        super.open();
        if (last > Long.MIN_VALUE) {
            super.processWatermark(new Watermark(last));
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        // The end of all time, which a bounded or drained job says last, is not kept: what goes on after it has time.
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            super.processWatermark(mark);
            return;
        }
        fromSource = true;
        if (mark.getTimestamp() > last) {
            last = mark.getTimestamp();
            super.processWatermark(mark);
        }
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        idle = status.isIdle();
        super.processWatermarkStatus(status);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        terms.keep(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        state.clear();
        // Before the source's first watermark there may be partitions of which nothing is known yet.
        long kept = fromSource ? Math.max(last, triage.reached()) : last;
        state.add(Tuple3.of(topic, idle, kept));
    }
}
