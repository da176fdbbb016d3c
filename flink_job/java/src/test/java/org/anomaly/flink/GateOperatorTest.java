package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** Periods of a minute, ten seconds of lateness. */
class GateOperatorTest {

    private static final long BEHIND = 10_001; // a watermark is so far behind the newest event of its partition

    @Test
    void aJobWithoutStateBeginsWithoutAWatermark() throws Exception {
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            assertEquals(List.of(), gate.watermarks());
        }
    }

    @Test
    void aRestoredJobBeginsWithWhatTheEventsAllowAlsoIfNoWatermarkHadSaidSoYet() throws Exception {
        OperatorSubtaskState state =
                stateAfter(
                        gate -> {
                            gate.read(0, 100_000);
                            gate.read(1, 90_000);
                            gate.harness.processWatermark(90_000 - BEHIND);
                            gate.read(0, 500_000);
                            gate.read(1, 400_000);
                            gate.read(1, 395_000);
                        });
        assertEquals(List.of(400_000 - BEHIND), restored(state));
    }

    @Test
    void aPartitionThatHoldsNobodyBackAnyMoreIsNotWaitedForAgain() throws Exception {
        OperatorSubtaskState state =
                stateAfter(
                        gate -> {
                            gate.read(0, 100_000);
                            gate.read(1, 5);
                            gate.harness.processWatermark(100_000 - BEHIND); // partition 1 is idle
                            gate.read(0, 200_000);
                        });
        assertEquals(List.of(100_000 - BEHIND), restored(state));
    }

    @Test
    void beforeTheFirstWatermarkThereMayBePartitionsThatNothingIsKnownOf() throws Exception {
        assertEquals(List.of(), restored(stateAfter(gate -> gate.read(0, 100_000))));
    }

    @Test
    void aJobThatIsRestoredTwiceInARowForgetsNothing() throws Exception {
        OperatorSubtaskState state = stateAfter(GateOperatorTest::reach100Seconds);
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.initializeState(state);
            gate.harness.open();
            gate.read(1, 300_000);
            state = gate.harness.snapshot(2, 2);
        }
        assertEquals(List.of(100_000 - BEHIND), restored(state));
    }

    @Test
    void eventTimeDoesNotGoBackWhenTheSourceBeginsFromEarlier() throws Exception {
        OperatorSubtaskState state = stateAfter(GateOperatorTest::reach100Seconds);
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.initializeState(state);
            gate.harness.open();
            gate.harness.processWatermark(50_000);
            gate.harness.processWatermark(100_000);
            assertEquals(List.of(100_000 - BEHIND, 100_000L), gate.watermarks());
        }
    }

    @Test
    void theEndOfABoundedJobIsNotTheEndOfTheJobThatGoesOn() throws Exception {
        OperatorSubtaskState state =
                stateAfter(
                        gate -> {
                            reach100Seconds(gate);
                            gate.harness.processWatermark(Watermark.MAX_WATERMARK);
                            assertEquals(List.of(100_000 - BEHIND, Long.MAX_VALUE), gate.watermarks());
                        });
        assertEquals(List.of(100_000 - BEHIND), restored(state));
    }

    @Test
    void ofSeveralSubtasksTheLeastCountsAndTheIdleOnesOnlyIfAllAre() throws Exception {
        assertEquals(List.of(100_000L), restored(subtasks(100_000, false, 200_000, false)));
        assertEquals(List.of(200_000L), restored(subtasks(100_000, true, 200_000, false)));
        assertEquals(List.of(100_000L), restored(subtasks(100_000, true, 200_000, true)));
        assertEquals(List.of(200_000L), restored(subtasks(Long.MIN_VALUE, true, 200_000, true)));
        assertEquals(List.of(), restored(subtasks(Long.MIN_VALUE, false, 200_000, false)));
    }

    @Test
    void theTimeOfAnotherTopicMeansNothing() throws Exception {
        assertEquals(List.of(), restored(stateAfter("before", 1, 0, gate -> gate.harness.processWatermark(100_000))));
    }

    private static void reach100Seconds(Gate gate) throws Exception {
        gate.read(0, 100_000);
        gate.harness.processWatermark(100_000 - BEHIND);
    }

    /** The state of two subtasks with these watermarks, idle or not. */
    private static OperatorSubtaskState subtasks(long one, boolean oneIdle, long other, boolean otherIdle)
            throws Exception {
        OperatorSubtaskState all =
                OneInputStreamOperatorTestHarness.repackageState(
                        stateAfter("in", 2, 0, gate -> say(gate, one, oneIdle)),
                        stateAfter("in", 2, 1, gate -> say(gate, other, otherIdle)));
        return OneInputStreamOperatorTestHarness.repartitionOperatorState(all, 16, 2, 1, 0);
    }

    private static void say(Gate gate, long watermark, boolean idle) throws Exception {
        if (watermark > Long.MIN_VALUE) {
            gate.harness.processWatermark(watermark);
        }
        if (idle) {
            gate.harness.processWatermarkStatus(WatermarkStatus.IDLE);
        }
    }

    private static OperatorSubtaskState stateAfter(Steps steps) throws Exception {
        return stateAfter("in", 1, 0, steps);
    }

    /** The state of a job's subtask that began without state and took these steps. */
    private static OperatorSubtaskState stateAfter(String topic, int parallelism, int subtask, Steps steps)
            throws Exception {
        try (Gate gate = new Gate(topic, parallelism, subtask)) {
            gate.harness.open();
            steps.take(gate);
            return gate.harness.snapshot(1, 1);
        }
    }

    /** The watermarks that a job says when it is restored from a state. */
    private static List<Long> restored(OperatorSubtaskState state) throws Exception {
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.initializeState(state);
            gate.harness.open();
            return gate.watermarks();
        }
    }

    @FunctionalInterface
    private interface Steps {
        void take(Gate gate) throws Exception;
    }

    private record Gate(OneInputStreamOperatorTestHarness<Event, Event> harness) implements AutoCloseable {

        Gate(String topic, int parallelism, int subtask) throws Exception {
            this(
                    new OneInputStreamOperatorTestHarness<>(
                            new GateOperator(TestSettings.with(json -> json.replace("\"in\"", '"' + topic + '"'))),
                            16,
                            parallelism,
                            subtask));
        }

        void read(int partition, long time) throws Exception {
            harness.processElement(
                    new Event(null, "s", time, BigDecimal.ONE, partition, 0, time, 0, new byte[0]), time);
        }

        List<Long> watermarks() {
            return harness.getOutput().stream()
                    .filter(Watermark.class::isInstance)
                    .map(said -> ((Watermark) said).getTimestamp())
                    .toList();
        }

        @Override
        public void close() throws Exception {
            harness.close();
        }
    }
}
