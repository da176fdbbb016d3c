package org.anomaly.flink;

import java.time.Duration;
import org.anomaly.flink.kafka.KafkaEnds;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.kafka.ResultSplitter;
import org.anomaly.flink.late.EventWatermarks;
import org.anomaly.flink.late.LateFoundByWindows;
import org.anomaly.flink.late.Triage;
import org.anomaly.flink.late.TriageOperator;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.window.Aggregation;
import org.anomaly.flink.window.BucketGather;
import org.anomaly.flink.window.Point;
import org.anomaly.flink.window.SeriesWindow;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.triggers.EventTimeTrigger;
import org.apache.flink.streaming.api.windowing.triggers.PurgingTrigger;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;

/**
 * The dataflow around the Python operator.
 *
 * <pre>
 * Kafka ─ parse ─ triage ─ per series and period: aggregate ─ per bucket and period: gather ─▶ Python ─ split ─▶ results
 *                   ├─ late ───────────────┴─ late after all ──▶ late records
 *                   └─ no event ──▶ dead letters
 * </pre>
 *
 * <p>Every record read goes exactly one way: into one period's aggregate, to the dead letters, or to the late records.
 */
public final class JobGraph {

    private static final OutputTag<Event> LATE_FOUND_BY_WINDOWS = new OutputTag<>("late-found-by-windows", Event.TYPE);

    private final StreamExecutionEnvironment env;
    private final Settings settings;

    /**
     * Reads the settings.
     *
     * @param json see {@link Settings}
     */
    public JobGraph(StreamExecutionEnvironment env, String json) {
        this.env = env;
        settings = Settings.parse(json);
    }

    /**
     * Attaches everything before the scoring, with the dead-letter and late sinks.
     *
     * @return one row (bucket, payload) per bucket and period, see {@link BucketGather}
     */
    public DataStream<Row> beforeScoring() {
        if (settings.parallelism() > 0) {
            env.setParallelism(settings.parallelism());
        }
        Duration period = Duration.ofMillis(settings.periodMs());

        SingleOutputStreamOperator<Event> onTime =
                env.fromSource(KafkaEnds.source(settings), new EventWatermarks(settings), "Read " + settings.input())
                        .uid(Uids.SOURCE)
                        .transform(
                                "Part dead letters and late records from events",
                                Event.TYPE,
                                new TriageOperator(settings))
                        .uid(Uids.TRIAGE);

        // Idle partitions do not hold the windows back. One that wakes up can bring events that triage, which knows
        // only their own partition, lets pass although their window is gone.
        SingleOutputStreamOperator<Point> points =
                onTime.keyBy(Event::series, Types.STRING)
                        .window(TumblingEventTimeWindows.of(period))
                        .sideOutputLateData(LATE_FOUND_BY_WINDOWS)
                        .aggregate(
                                settings.aggregation().function(),
                                new SeriesWindow(settings.buckets()),
                                Aggregation.ACCUMULATOR,
                                Types.DOUBLE,
                                Point.TYPE)
                        .uid(Uids.SERIES_WINDOWS)
                        .name("Aggregate each series");

        // A point cannot be told as a late record any more, so here nothing is ever late: what comes after its bucket
        // was sent (by a race between subtasks around idleness) is sent on its own. Purged, the window keeps no state.
        DataStream<Row> gathered =
                points.keyBy(Point::bucket, Types.INT)
                        .window(TumblingEventTimeWindows.of(period))
                        .trigger(PurgingTrigger.of(EventTimeTrigger.create()))
                        .allowedLateness(Duration.ofMillis(Long.MAX_VALUE))
                        .process(new BucketGather(), BucketGather.TYPE)
                        .uid(Uids.BUCKET_WINDOWS)
                        .name("Gather each bucket");

        DataStream<Message> late =
                points.getSideOutput(LATE_FOUND_BY_WINDOWS)
                        .map(new LateFoundByWindows(settings), Message.TYPE)
                        .uid(Uids.LATE_FOUND_BY_WINDOWS)
                        .name("Describe events late at the windows")
                        .union(onTime.getSideOutput(Triage.LATE));
        sink(late, settings.late(), Uids.LATE_SINK);
        sink(onTime.getSideOutput(Triage.DEAD_LETTERS), settings.deadLetters(), Uids.DEAD_LETTERS_SINK);
        return gathered;
    }

    /**
     * Attaches everything after the scoring.
     *
     * @param blocks what Python gives, see {@link ResultSplitter}
     */
    public void afterScoring(DataStream<byte[]> blocks) {
        DataStream<Message> results =
                blocks.flatMap(new ResultSplitter(), Message.TYPE).uid(Uids.SPLIT_RESULTS).name("Split results");
        sink(results, settings.output(), Uids.RESULTS_SINK);
    }

    private void sink(DataStream<Message> messages, String topic, String uid) {
        messages.sinkTo(KafkaEnds.sink(settings, topic, uid)).uid(uid).name("Write " + topic);
    }
}
