package org.anomaly.flink.late;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.anomaly.flink.TestSettings;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.clock.ManualClock;
import org.apache.flink.util.clock.RelativeClock;
import org.junit.jupiter.api.Test;

/** Ten seconds of lateness, idle after a minute. */
class EventWatermarksTest {

    private static final Duration HALF_A_MINUTE = Duration.ofSeconds(30);

    private final ManualClock clock = new ManualClock();
    private final List<Object> out = new ArrayList<>();
    private final WatermarkGenerator<Event> generator =
            new EventWatermarks(TestSettings.settings()).createWatermarkGenerator(new Context(clock));
    private final WatermarkOutput output =
            new WatermarkOutput() {
                @Override
                public void emitWatermark(Watermark watermark) {
                    out.add(watermark.getTimestamp());
                }

                @Override
                public void markIdle() {
                    out.add("idle");
                }

                @Override
                public void markActive() {
                    out.add("active");
                }
            };

    @Test
    void theWatermarkIsTheNewestTimeLessTheLatenessAndAMillisecond() {
        event(100_000);
        event(90_000);
        generator.onPeriodicEmit(output);
        assertEquals(List.of(89_999L), out);
    }

    @Test
    void junkMovesNoWatermark() {
        event(100_000);
        junk(9_000_000);
        generator.onPeriodicEmit(output);
        assertEquals(List.of(89_999L), out);
    }

    @Test
    void aPartitionWithNothingButJunkBecomesIdle() {
        event(100_000);
        generator.onPeriodicEmit(output);
        for (int i = 0; i < 4; i++) {
            clock.advanceTime(HALF_A_MINUTE);
            junk(100_000 + i);
            generator.onPeriodicEmit(output);
        }
        assertEquals("idle", out.get(out.size() - 1));
    }

    @Test
    void aPartitionWithEventsStaysActive() {
        for (int i = 0; i < 10; i++) {
            event(100_000);
            generator.onPeriodicEmit(output);
            clock.advanceTime(HALF_A_MINUTE);
        }
        assertFalse(out.contains("idle"));
    }

    private void event(long time) {
        generator.onEvent(new Event(null, "s", time, BigDecimal.ONE, 0, 0, 0, 0, null), time, output);
    }

    private void junk(long time) {
        generator.onEvent(new Event(Reason.NOT_JSON, null, 0, null, 0, 0, time, 0, null), time, output);
    }

    private record Context(ManualClock clock) implements WatermarkGeneratorSupplier.Context {
        @Override
        public MetricGroup getMetricGroup() {
            return new UnregisteredMetricsGroup();
        }

        @Override
        public RelativeClock getInputActivityClock() {
            return clock;
        }
    }
}
