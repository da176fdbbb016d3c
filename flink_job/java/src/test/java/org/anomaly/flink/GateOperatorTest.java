package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.ArrayList;
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
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            gate.read(1, 90_000);
            gate.harness.processWatermark(90_000 - BEHIND);
            gate.read(0, 500_000);
            gate.read(1, 400_000);
            gate.read(1, 395_000);
            state = gate.harness.snapshot(1, 1);
        }
        assertEquals(List.of(400_000 - BEHIND), restored(state));
    }

    @Test
    void aPartitionThatHoldsNobodyBackAnyMoreIsNotWaitedForAgain() throws Exception {
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            gate.read(1, 5);
            gate.harness.processWatermark(100_000 - BEHIND); // partition 1 is idle
            gate.read(0, 200_000);
            state = gate.harness.snapshot(1, 1);
        }
        assertEquals(List.of(100_000 - BEHIND), restored(state));
    }

    @Test
    void beforeTheFirstWatermarkThereMayBePartitionsThatNothingIsKnownOf() throws Exception {
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            state = gate.harness.snapshot(1, 1);
        }
        assertEquals(List.of(), restored(state));
    }

    @Test
    void aJobThatIsRestoredTwiceInARowForgetsNothing() throws Exception {
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            gate.harness.processWatermark(100_000 - BEHIND);
            state = gate.harness.snapshot(1, 1);
        }
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
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            gate.harness.processWatermark(100_000 - BEHIND);
            state = gate.harness.snapshot(1, 1);
        }
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
        OperatorSubtaskState state;
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.open();
            gate.read(0, 100_000);
            gate.harness.processWatermark(100_000 - BEHIND);
            gate.harness.processWatermark(Watermark.MAX_WATERMARK);
            assertEquals(List.of(100_000 - BEHIND, Long.MAX_VALUE), gate.watermarks());
            state = gate.harness.snapshot(1, 1);
        }
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
        OperatorSubtaskState state;
        try (Gate gate = new Gate("before", 1, 0)) {
            gate.harness.open();
            gate.harness.processWatermark(100_000);
            state = gate.harness.snapshot(1, 1);
        }
        assertEquals(List.of(), restored(state));
    }

    /** The state of two subtasks with these watermarks, idle or not. */
    private static OperatorSubtaskState subtasks(long one, boolean oneIdle, long other, boolean otherIdle)
            throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        for (int subtask = 0; subtask < 2; subtask++) {
            long watermark = subtask == 0 ? one : other;
            try (Gate gate = new Gate("in", 2, subtask)) {
                gate.harness.open();
                if (watermark > Long.MIN_VALUE) {
                    gate.harness.processWatermark(watermark);
                }
                if (subtask == 0 ? oneIdle : otherIdle) {
                    gate.harness.processWatermarkStatus(WatermarkStatus.IDLE);
                }
                states.add(gate.harness.snapshot(1, 1));
            }
        }
        OperatorSubtaskState all =
                OneInputStreamOperatorTestHarness.repackageState(states.toArray(OperatorSubtaskState[]::new));
        return OneInputStreamOperatorTestHarness.repartitionOperatorState(all, 16, 2, 1, 0);
    }

    /** The watermarks that a job says when it is restored from a state. */
    private static List<Long> restored(OperatorSubtaskState state) throws Exception {
        try (Gate gate = new Gate("in", 1, 0)) {
            gate.harness.initializeState(state);
            gate.harness.open();
            return gate.watermarks();
        }
    }

    private record Gate(OneInputStreamOperatorTestHarness<Event, Event> harness) implements AutoCloseable {

        Gate(String topic, int parallelism, int subtask) throws Exception {
            this(
                    new OneInputStreamOperatorTestHarness<>(
                            new GateOperator(new LateGate(TestSettings.settings()), topic),
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
