package org.anomaly.flink.late;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.anomaly.flink.Settings;
import org.anomaly.flink.TestSettings;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;

/** Periods of a minute, ten seconds of lateness. */
class TriageTest {

    private static final Settings SETTINGS = TestSettings.settings();
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

    private long offset;

    @Test
    void anEventIsLateOnceItsPeriodEndedTheLatenessBeforeTheNewest() throws Exception {
        assertEquals(
                List.of("on time", "on time", "on time", "on time", "late", "late", "on time"),
                waysOfTimes(69_999, 59_999, 0, 70_000, 59_999, 0, 60_000));
    }

    @Test
    void timesBeforeTheEpochAreJudgedAlike() throws Exception {
        assertEquals(
                List.of("on time", "on time", "on time", "late", "on time"),
                waysOfTimes(-50_001, -60_001, -50_000, -60_001, -60_000));
    }

    @Test
    void partitionsAreJudgedEachByItsOwn() throws Exception {
        assertEquals(
                List.of("on time", "on time", "late"),
                ways(List.of(event(0, 1_000_000), event(1, 5), event(0, 5))));
    }

    @Test
    void whatIsNoEventGoesToTheDeadLettersAndMovesNoTime() throws Exception {
        Event junk = new Event(Reason.NOT_JSON, null, 1_000_000, null, 0, 9, 1_000_000, 2, BODY);
        assertEquals(List.of("dead", "on time"), ways(List.of(junk, event(0, 5))));
    }

    @Test
    void lateRecordsKeepTheirBodyAndEventsLoseIt() throws Exception {
        try (Running triage = triage(1, 0)) {
            triage.open();
            triage.pass(event(0, 1_000_000));
            triage.pass(event(0, 5));
            Event passed = triage.harness.extractOutputValues().get(0);
            assertNull(passed.body());
            assertEquals(BODY.length, passed.size());
            Message late = triage.harness.getSideOutput(Triage.LATE).peek().getValue();
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
        List<String> undisturbed = ways(events);
        assertTrue(undisturbed.contains("late") && undisturbed.contains("on time"));
        List<String> disturbed = new ArrayList<>();
        OperatorSubtaskState state = OperatorSubtaskState.builder().build();
        for (int from = 0; from < events.size(); from += 100) {
            try (Running triage = triage(1, 0)) {
                triage.harness.initializeState(state);
                triage.open();
                disturbed.addAll(triage.passAll(events.subList(from, from + 100)));
                state = triage.harness.snapshot(from, from);
            }
        }
        assertEquals(undisturbed, disturbed);
    }

    @Test
    void afterARescaleEverySubtaskKnowsTheNewestOfEveryPartition() throws Exception {
        OperatorSubtaskState one;
        OperatorSubtaskState other;
        try (Running first = triage(2, 0);
                Running second = triage(2, 1)) {
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
            try (Running triage = triage(3, subtask)) {
                triage.harness.initializeState(
                        OneInputStreamOperatorTestHarness.repartitionOperatorState(all, 16, 2, 3, subtask));
                triage.open();
                assertEquals("late", triage.pass(event(0, 5)));
                assertEquals("late", triage.pass(event(1, 5)));
                assertEquals("on time", triage.pass(event(2, 5)));
            }
        }
    }

    @Test
    void timesOfAnotherTopicMeanNothing() throws Exception {
        OperatorSubtaskState state;
        try (Running triage = triage(1, 0)) {
            triage.open();
            triage.pass(event(0, 1_000_000));
            state = triage.harness.snapshot(1, 1);
        }
        Settings moved = TestSettings.with(json -> json.replace("\"in\"", "\"in-2\""));
        try (Running triage = new Running(moved, 1, 0)) {
            triage.harness.initializeState(state);
            triage.open();
            assertEquals("on time", triage.pass(event(0, 5)));
        }
    }

    private Event event(int partition, long time) {
        return new Event(null, "s", time, BigDecimal.ONE, partition, offset++, time, BODY.length, BODY);
    }

    private List<String> waysOfTimes(long... times) throws Exception {
        return ways(LongStream.of(times).mapToObj(time -> event(0, time)).toList());
    }

    /** The ways that events go in a job that begins with them. */
    private static List<String> ways(List<Event> events) throws Exception {
        try (Running triage = triage(1, 0)) {
            triage.open();
            return triage.passAll(events);
        }
    }

    private static Running triage(int parallelism, int subtask) throws Exception {
        return new Running(SETTINGS, parallelism, subtask);
    }

    /** The operator in Flink's test harness, telling for each record which way it went. */
    private record Running(OneInputStreamOperatorTestHarness<Event, Event> harness) implements AutoCloseable {

        Running(Settings settings, int parallelism, int subtask) throws Exception {
            this(
                    new OneInputStreamOperatorTestHarness<>(
                            new ProcessOperator<>(new Triage(settings)), 16, parallelism, subtask));
        }

        void open() throws Exception {
            harness.open();
        }

        List<String> passAll(List<Event> events) throws Exception {
            List<String> ways = new ArrayList<>();
            for (Event event : events) {
                ways.add(pass(event));
            }
            return ways;
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
            return new int[] {harness.getOutput().size(), side(Triage.LATE), side(Triage.DEAD_LETTERS)};
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
