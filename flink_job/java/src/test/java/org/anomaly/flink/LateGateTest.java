package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;

/** Periods of a minute, ten seconds of lateness. */
class LateGateTest {

    private static final Settings SETTINGS = TestSettings.settings();
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

    private long offset;

    @Test
    void anEventIsLateOnceItsPeriodEndedTheLatenessBeforeTheNewest() throws Exception {
        try (Gate gate = gate(1, 0)) {
            gate.open();
            assertEquals("on time", gate.pass(event(0, 69_999)));
            assertEquals("on time", gate.pass(event(0, 59_999)));
            assertEquals("on time", gate.pass(event(0, 0)));
            assertEquals("on time", gate.pass(event(0, 70_000)));
            assertEquals("late", gate.pass(event(0, 59_999)));
            assertEquals("late", gate.pass(event(0, 0)));
            assertEquals("on time", gate.pass(event(0, 60_000)));
        }
    }

    @Test
    void timesBeforeTheEpochAreJudgedAlike() throws Exception {
        try (Gate gate = gate(1, 0)) {
            gate.open();
            assertEquals("on time", gate.pass(event(0, -50_001)));
            assertEquals("on time", gate.pass(event(0, -60_001)));
            assertEquals("on time", gate.pass(event(0, -50_000)));
            assertEquals("late", gate.pass(event(0, -60_001)));
            assertEquals("on time", gate.pass(event(0, -60_000)));
        }
    }

    @Test
    void partitionsAreJudgedEachByItsOwn() throws Exception {
        try (Gate gate = gate(1, 0)) {
            gate.open();
            assertEquals("on time", gate.pass(event(0, 1_000_000)));
            assertEquals("on time", gate.pass(event(1, 5)));
            assertEquals("late", gate.pass(event(0, 5)));
        }
    }

    @Test
    void whatIsNoEventGoesToTheDeadLettersAndMovesNoTime() throws Exception {
        try (Gate gate = gate(1, 0)) {
            gate.open();
            Event junk = new Event("not_json", null, 1_000_000, null, 0, 9, 1_000_000, 2, BODY);
            assertEquals("dead", gate.pass(junk));
            assertEquals("on time", gate.pass(event(0, 5)));
        }
    }

    @Test
    void lateRecordsKeepTheirBodyAndEventsLoseIt() throws Exception {
        try (Gate gate = gate(1, 0)) {
            gate.open();
            gate.pass(event(0, 1_000_000));
            gate.pass(event(0, 5));
            Event passed = gate.harness.extractOutputValues().get(0);
            assertNull(passed.body());
            assertEquals(BODY.length, passed.size());
            Message late = gate.harness.getSideOutput(LateGate.LATE).peek().getValue();
            assertArrayEquals("in-0-1".getBytes(StandardCharsets.UTF_8), late.key());
            String text = new String(late.value(), StandardCharsets.UTF_8);
            assertTrue(text.startsWith("{\"reason\":\"late\",\"topic\":\"in\""), text);
            assertTrue(text.contains("\"body\":\"{}\""), text);
        }
    }

    @Test
    void aRestartJudgesAsIfThereHadBeenNone() throws Exception {
        Random random = new Random(3);
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            events.add(event(random.nextInt(4), i * 500L - random.nextInt(100_000)));
        }
        List<String> undisturbed = new ArrayList<>();
        try (Gate gate = gate(1, 0)) {
            gate.open();
            for (Event event : events) {
                undisturbed.add(gate.pass(event));
            }
        }
        assertTrue(undisturbed.contains("late") && undisturbed.contains("on time"));
        List<String> disturbed = new ArrayList<>();
        OperatorSubtaskState state = OperatorSubtaskState.builder().build();
        for (int from = 0; from < events.size(); from += 100) {
            try (Gate gate = gate(1, 0)) {
                gate.harness.initializeState(state);
                gate.open();
                for (Event event : events.subList(from, from + 100)) {
                    disturbed.add(gate.pass(event));
                }
                state = gate.harness.snapshot(from, from);
            }
        }
        assertEquals(undisturbed, disturbed);
    }

    @Test
    void afterARescaleEverySubtaskKnowsTheNewestOfEveryPartition() throws Exception {
        OperatorSubtaskState one;
        OperatorSubtaskState other;
        try (Gate first = gate(2, 0);
                Gate second = gate(2, 1)) {
            first.open();
            second.open();
            first.pass(event(0, 1_000_000));
            first.pass(event(1, 5)); // partition 1 was read by the first, long ago
            second.pass(event(1, 1_000_000));
            one = first.harness.snapshot(1, 1);
            other = second.harness.snapshot(1, 1);
        }
        OperatorSubtaskState all = OneInputStreamOperatorTestHarness.repackageState(one, other);
        for (int subtask = 0; subtask < 3; subtask++) {
            try (Gate gate = gate(3, subtask)) {
                gate.harness.initializeState(
                        OneInputStreamOperatorTestHarness.repartitionOperatorState(all, 16, 2, 3, subtask));
                gate.open();
                assertEquals("late", gate.pass(event(0, 5)));
                assertEquals("late", gate.pass(event(1, 5)));
                assertEquals("on time", gate.pass(event(2, 5)));
            }
        }
    }

    @Test
    void timesOfAnotherTopicMeanNothing() throws Exception {
        OperatorSubtaskState state;
        try (Gate gate = gate(1, 0)) {
            gate.open();
            gate.pass(event(0, 1_000_000));
            state = gate.harness.snapshot(1, 1);
        }
        Settings moved = TestSettings.with(json -> json.replace("\"in\"", "\"in-2\""));
        try (Gate gate = new Gate(moved, 1, 0)) {
            gate.harness.initializeState(state);
            gate.open();
            assertEquals("on time", gate.pass(event(0, 5)));
        }
    }

    @Test
    void stateMadeUnderOtherSettingsIsRefusedForGood() throws Exception {
        OperatorSubtaskState state;
        try (Gate gate = gate(1, 0)) {
            gate.open();
            state = gate.harness.snapshot(1, 1);
        }
        Settings changed = TestSettings.with(
                json -> json.replace("output.after\": \"300\"", "output.after\": \"100\", \"new\": \"1\""));
        for (int subtask = 0; subtask < 3; subtask++) {
            OperatorSubtaskState part =
                    OneInputStreamOperatorTestHarness.repartitionOperatorState(state, 16, 1, 3, subtask);
            try (Gate gate = gate(3, subtask)) {
                gate.harness.initializeState(part);
            }
            try (Gate gate = new Gate(changed, 3, subtask)) {
                Throwable refusal = assertThrows(Exception.class, () -> gate.harness.initializeState(part));
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

    private Event event(int partition, long time) {
        return new Event(null, "s", time, BigDecimal.ONE, partition, offset++, time, BODY.length, BODY);
    }

    private static Gate gate(int parallelism, int subtask) throws Exception {
        return new Gate(SETTINGS, parallelism, subtask);
    }

    /** The operator in Flink's test harness, telling for each record which way it went. */
    private record Gate(OneInputStreamOperatorTestHarness<Event, Event> harness) implements AutoCloseable {

        Gate(Settings settings, int parallelism, int subtask) throws Exception {
            this(
                    new OneInputStreamOperatorTestHarness<>(
                            new ProcessOperator<>(new LateGate(settings)), 16, parallelism, subtask));
        }

        void open() throws Exception {
            harness.open();
        }

        String pass(Event event) throws Exception {
            int[] before = counts();
            harness.processElement(event, event.time());
            int[] after = counts();
            String way = null;
            String[] ways = {"on time", "late", "dead"};
            for (int i = 0; i < ways.length; i++) {
                if (after[i] == before[i] + 1) {
                    assertNull(way, "went two ways");
                    way = ways[i];
                }
            }
            return way;
        }

        private int[] counts() {
            return new int[] {harness.getOutput().size(), side(LateGate.LATE), side(LateGate.DEAD_LETTERS)};
        }

        private int side(OutputTag<Message> tag) {
            var messages = harness.getSideOutput(tag);
            return messages == null ? 0 : messages.size();
        }

        @Override
        public void close() throws Exception {
            harness.close();
        }
    }
}
