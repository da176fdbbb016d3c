package org.anomaly.flink.late;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.util.List;
import org.anomaly.flink.ForeignStateException;
import org.anomaly.flink.Settings;
import org.anomaly.flink.TestSettings;
import org.anomaly.flink.parse.Event;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** Periods of a minute, ten seconds of lateness. */
class TriageOperatorTest {

    private static final long BEHIND = 10_001; // a watermark is so far behind the newest event of its partition

    @Test
    void aJobWithoutStateBeginsWithoutAWatermark() throws Exception {
        try (Running triage = new Running("in", 1, 0)) {
            triage.harness.open();
            assertEquals(List.of(), triage.watermarks());
        }
    }

    @Test
    void aRestoredJobBeginsWithWhatTheEventsAllowAlsoIfNoWatermarkHadSaidSoYet() throws Exception {
        assertRestored(
                List.of(400_000 - BEHIND),
                triage -> {
                    triage.read(0, 100_000);
                    triage.read(1, 90_000);
                    triage.harness.processWatermark(90_000 - BEHIND);
                    triage.read(0, 500_000);
                    triage.read(1, 400_000);
                    triage.read(1, 395_000);
                });
    }

    @Test
    void aPartitionThatHoldsNobodyBackAnyMoreIsNotWaitedForAgain() throws Exception {
        assertRestored(
                List.of(100_000 - BEHIND),
                triage -> {
                    triage.read(0, 100_000);
                    triage.read(1, 5);
                    triage.harness.processWatermark(100_000 - BEHIND); // partition 1 is idle
                    triage.read(0, 200_000);
                });
    }

    @Test
    void beforeTheFirstWatermarkThereMayBePartitionsThatNothingIsKnownOf() throws Exception {
        assertRestored(List.of(), triage -> triage.read(0, 100_000));
    }

    @Test
    void aJobThatIsRestoredTwiceInARowForgetsNothing() throws Exception {
        OperatorSubtaskState state = stateAfter(TriageOperatorTest::reach100Seconds);
        try (Running triage = new Running("in", 1, 0)) {
            triage.harness.initializeState(state);
            triage.harness.open();
            triage.read(1, 300_000);
            state = triage.harness.snapshot(2, 2);
        }
        assertEquals(List.of(100_000 - BEHIND), restored(state));
    }

    @Test
    void eventTimeDoesNotGoBackWhenTheSourceBeginsFromEarlier() throws Exception {
        OperatorSubtaskState state = stateAfter(TriageOperatorTest::reach100Seconds);
        try (Running triage = new Running("in", 1, 0)) {
            triage.harness.initializeState(state);
            triage.harness.open();
            triage.harness.processWatermark(50_000);
            triage.harness.processWatermark(100_000);
            assertEquals(List.of(100_000 - BEHIND, 100_000L), triage.watermarks());
        }
    }

    @Test
    void theEndOfABoundedJobIsNotTheEndOfTheJobThatGoesOn() throws Exception {
        assertRestored(
                List.of(100_000 - BEHIND),
                triage -> {
                    reach100Seconds(triage);
                    triage.harness.processWatermark(Watermark.MAX_WATERMARK);
                    assertEquals(List.of(100_000 - BEHIND, Long.MAX_VALUE), triage.watermarks());
                });
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
        assertEquals(List.of(), restored(stateAfter("before", 1, 0, triage -> triage.harness.processWatermark(100_000))));
    }

    @Test
    void stateMadeUnderOtherSettingsIsRefusedForGood() throws Exception {
        OperatorSubtaskState state;
        try (Running triage = new Running(TestSettings.settings(), 1, 0)) {
            triage.harness.open();
            state = triage.harness.snapshot(1, 1);
        }
        Settings changed = TestSettings.with(
                json -> json.replace("output.after\": \"300\"", "output.after\": \"100\", \"new\": \"1\""));
        for (int subtask = 0; subtask < 3; subtask++) {
            OperatorSubtaskState part =
                    OneInputStreamOperatorTestHarness.repartitionOperatorState(state, 16, 1, 3, subtask);
            try (Running triage = new Running(TestSettings.settings(), 3, subtask)) {
                triage.harness.initializeState(part);
            }
            try (Running triage = new Running(changed, 3, subtask)) {
                Throwable refusal = assertThrows(Exception.class, () -> triage.harness.initializeState(part));
                while (!(refusal instanceof ForeignStateException)) {
                    refusal = refusal.getCause();
                }
                assertEquals(
                        "the job's state was made with detector.output.after 300, the properties say"
                                + " detector.output.after 100; set them back, or start without state",
                        refusal.getMessage());
                assertEquals(ThrowableType.NonRecoverableError, ThrowableClassifier.getThrowableType(refusal));
            }
        }
    }

    private static void reach100Seconds(Running triage) throws Exception {
        triage.read(0, 100_000);
        triage.harness.processWatermark(100_000 - BEHIND);
    }

    /** The state of two subtasks with these watermarks, idle or not. */
    private static OperatorSubtaskState subtasks(long one, boolean oneIdle, long other, boolean otherIdle)
            throws Exception {
        OperatorSubtaskState all =
                OneInputStreamOperatorTestHarness.repackageState(
                        stateAfter("in", 2, 0, triage -> say(triage, one, oneIdle)),
                        stateAfter("in", 2, 1, triage -> say(triage, other, otherIdle)));
        return OneInputStreamOperatorTestHarness.repartitionOperatorState(all, 16, 2, 1, 0);
    }

    private static void say(Running triage, long watermark, boolean idle) throws Exception {
        if (watermark > Long.MIN_VALUE) {
            triage.harness.processWatermark(watermark);
        }
        if (idle) {
            triage.harness.processWatermarkStatus(WatermarkStatus.IDLE);
        }
    }

    private static OperatorSubtaskState stateAfter(Steps steps) throws Exception {
        return stateAfter("in", 1, 0, steps);
    }

    /** The state of a job's subtask that began without state and took these steps. */
    private static OperatorSubtaskState stateAfter(String topic, int parallelism, int subtask, Steps steps)
            throws Exception {
        try (Running triage = new Running(topic, parallelism, subtask)) {
            triage.harness.open();
            steps.take(triage);
            return triage.harness.snapshot(1, 1);
        }
    }

    /** A job that is restored after these steps says these watermarks. */
    private static void assertRestored(List<Long> watermarks, Steps before) throws Exception {
        assertEquals(watermarks, restored(stateAfter(before)));
    }

    /** The watermarks that a job says when it is restored from a state. */
    private static List<Long> restored(OperatorSubtaskState state) throws Exception {
        try (Running triage = new Running("in", 1, 0)) {
            triage.harness.initializeState(state);
            triage.harness.open();
            return triage.watermarks();
        }
    }

    @FunctionalInterface
    private interface Steps {
        void take(Running triage) throws Exception;
    }

    private record Running(OneInputStreamOperatorTestHarness<Event, Event> harness) implements AutoCloseable {

        Running(Settings settings, int parallelism, int subtask) throws Exception {
            this(
                    new OneInputStreamOperatorTestHarness<>(
                            new TriageOperator(settings), 16, parallelism, subtask));
        }

        Running(String topic, int parallelism, int subtask) throws Exception {
            this(TestSettings.with(json -> json.replace("\"in\"", '"' + topic + '"')), parallelism, subtask);
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
