package org.anomaly.flink.late;

import java.time.Duration;
import org.anomaly.flink.Settings;
import org.anomaly.flink.parse.Event;
import org.apache.flink.api.common.eventtime.BoundedOutOfOrdernessWatermarks;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.eventtime.WatermarksWithIdleness;

/**
 * Watermark of a partition = newest event time - greatest lateness - 1.
 *
 * <p>Records that are no events have no time, and do not count as a sign of life either: a partition that gets nothing
 * but junk must not hold back the others for ever.
 */
public final class EventWatermarks implements WatermarkStrategy<Event> {

    private final Duration maxLateness;
    private final Duration idleTimeout;

    /** For the job's settings. */
    public EventWatermarks(Settings settings) {
        maxLateness = Duration.ofMillis(settings.maxLatenessMs());
        idleTimeout = Duration.ofMillis(settings.idleTimeoutMs());
    }

    @Override
    public TimestampAssigner<Event> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
        return (event, kafkaTimestamp) -> event.reason() == null ? event.time() : kafkaTimestamp;
    }

    @Override
    public WatermarkGenerator<Event> createWatermarkGenerator(WatermarkGeneratorSupplier.Context context) {
        WatermarkGenerator<Event> all =
                new WatermarksWithIdleness<>(
                        new BoundedOutOfOrdernessWatermarks<>(maxLateness),
                        idleTimeout,
                        context.getInputActivityClock());
        return new WatermarkGenerator<>() {
            @Override
            public void onEvent(Event event, long time, WatermarkOutput output) {
                if (event.reason() == null) {
                    all.onEvent(event, time, output);
                }
            }

            @Override
            public void onPeriodicEmit(WatermarkOutput output) {
                all.onPeriodicEmit(output);
            }
        };
    }
}
