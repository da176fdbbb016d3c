package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.SeriesKey;
import org.anomaly.flink.window.BucketGather;
import org.anomaly.flink.window.Point;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;

/** The graph as it is built, and its windows as they run. */
class JobGraphTest {

    private static final OutputTag<Event> LATE = new OutputTag<>("late-found-by-windows", Event.TYPE);

    private final StreamExecutionEnvironment env = environment();
    private final JobGraph graph = new JobGraph(env, TestSettings.JSON);
    private final DataStream<Row> rows = graph.beforeScoring();

    @Test
    void everyOperatorHasItsOwnUidAndAName() {
        graph.afterScoring(
                env.fromData(PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, new byte[4]).uid(Uids.SCORE));
        // With generated uids and generic types forbidden, this throws if an operator lacks a uid or needs Kryo.
        Set<String> uids = new TreeSet<>();
        for (StreamNode node : env.getStreamGraph().getStreamNodes()) {
            // Flink names a sink's second operator after the sink.
            uids.add(node.getTransformationUID().replace("Sink Committer: ", ""));
            assertFalse(node.getOperatorName().isBlank());
        }
        assertEquals(new TreeSet<>(Uids.ALL), uids);
    }

    @Test
    void rowsAreABucketAndBytes() {
        assertEquals(BucketGather.TYPE, rows.getType());
    }

    @Test
    void parallelismIsTheClustersUnlessItIsGiven() {
        int ofTheCluster = environment().getParallelism();
        assertEquals(ofTheCluster, env.getParallelism());
        new JobGraph(env, TestSettings.JSON.replace("\"parallelism\": 0", "\"parallelism\": 3")).beforeScoring();
        assertEquals(3, env.getParallelism());
    }

    @Test
    void everyEventIsInOneWindowOrLateAndEachWindowFiresOnce() throws Exception {
        Random random = new Random(5);
        Map<String, BigDecimal> sums = new HashMap<>();
        int late = 0;
        try (KeyedOneInputStreamOperatorTestHarness<String, Event, Point> windows =
                harness(Uids.SERIES_WINDOWS, Event::series, Types.STRING)) {
            windows.open();
            for (int i = 0; i < 3000; i++) {
                long time = i * 200L - random.nextInt(90_000);
                String series = "s" + random.nextInt(5);
                BigDecimal value = BigDecimal.valueOf(random.nextInt(1000), 1);
                windows.processElement(new Event(null, series, time, value, 0, i, 0, 0, null), time);
                int lateNow = windows.getSideOutput(LATE) == null ? 0 : windows.getSideOutput(LATE).size();
                if (lateNow == late) {
                    sums.merge(series + "@" + Math.floorDiv(time, 60_000), value, BigDecimal::add);
                }
                late = lateNow;
                if (i % 50 == 0) {
                    windows.processWatermark(i * 200L - 60_000);
                }
            }
            windows.processWatermark(Long.MAX_VALUE);
            Map<String, Double> fired = new HashMap<>();
            for (StreamRecord<? extends Point> record : windows.extractOutputStreamRecords()) {
                Point point = record.getValue();
                String window = point.series() + "@" + Math.floorDiv(record.getTimestamp(), 60_000);
                assertNull(fired.put(window, point.value()), "fired twice");
                assertEquals(SeriesKey.bucket(point.series(), 16), point.bucket());
            }
            assertTrue(late > 0);
            Map<String, Double> expected = new HashMap<>();
            sums.forEach((window, sum) -> expected.put(window, sum.doubleValue()));
            assertEquals(expected, fired);
            assertEquals(0, windows.numKeyedStateEntries());
        }
    }

    @Test
    void aBucketsPeriodIsOneSortedElement() throws Exception {
        try (KeyedOneInputStreamOperatorTestHarness<Integer, Point, Row> windows =
                harness(Uids.BUCKET_WINDOWS, Point::bucket, Types.INT)) {
            windows.open();
            for (String series : List.of("c", "a", "b")) {
                windows.processElement(new Point(7, series, 1), 59_999);
                windows.processElement(new Point(7, series, 2), 119_999);
                windows.processElement(new Point(8, series, 3), 59_999);
            }
            windows.processWatermark(59_998);
            assertEquals(List.of(), windows.extractOutputValues());
            windows.processWatermark(59_999);
            assertEquals(Set.of("7 0..60000 [a, b, c]", "8 0..60000 [a, b, c]"), told(windows.extractOutputValues()));
            windows.processWatermark(120_000);
            assertEquals(
                    Set.of("7 0..60000 [a, b, c]", "8 0..60000 [a, b, c]", "7 60000..120000 [a, b, c]"),
                    told(windows.extractOutputValues()));
        }
    }

    @Test
    void aPointAfterItsBucketWasSentIsSentOnItsOwnAndNothingIsKept() throws Exception {
        try (KeyedOneInputStreamOperatorTestHarness<Integer, Point, Row> windows =
                harness(Uids.BUCKET_WINDOWS, Point::bucket, Types.INT)) {
            windows.open();
            windows.processElement(new Point(7, "a", 1), 59_999);
            windows.processWatermark(70_000_000);
            windows.processElement(new Point(7, "b", 1), 59_999);
            assertEquals(Set.of("7 0..60000 [a]", "7 0..60000 [b]"), told(windows.extractOutputValues()));
            assertEquals(0, windows.numKeyedStateEntries());
            assertEquals(0, windows.numEventTimeTimers());
        }
    }

    private static Set<String> told(List<? extends Row> rows) {
        Set<String> told = new HashSet<>();
        for (Row row : rows) {
            ByteBuffer in = ByteBuffer.wrap((byte[]) row.getField(1));
            String text = row.getField(0) + " " + in.getLong() + ".." + in.getLong() + " ";
            List<String> series = new ArrayList<>();
            for (int left = in.getInt(); left > 0; left--) {
                byte[] key = new byte[in.getInt()];
                in.get(key);
                in.getDouble();
                series.add(new String(key, StandardCharsets.ISO_8859_1));
            }
            assertTrue(told.add(text + series), "sent twice: " + text + series);
        }
        return told;
    }

    /** The operator of the built graph with this uid, in Flink's test harness. */
    @SuppressWarnings("unchecked")
    private <K, I, O> KeyedOneInputStreamOperatorTestHarness<K, I, O> harness(
            String uid, KeySelector<I, K> key, TypeInformation<K> keyType) throws Exception {
        Transformation<?> found =
                rows.getTransformation().getTransitivePredecessors().stream()
                        .filter(transformation -> uid.equals(transformation.getUid()))
                        .findFirst()
                        .orElseThrow();
        OneInputTransformation<I, O> operator = (OneInputTransformation<I, O>) found;
        KeyedOneInputStreamOperatorTestHarness<K, I, O> harness =
                new KeyedOneInputStreamOperatorTestHarness<>(operator.getOperatorFactory(), key, keyType, 16, 1, 0);
        harness.setup(operator.getOutputType().createSerializer(env.getConfig().getSerializerConfig()));
        return harness;
    }

    private static StreamExecutionEnvironment environment() {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    }
}
