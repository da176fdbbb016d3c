package org.anomaly.flink;

import java.math.BigDecimal;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * One Kafka record after parsing, good or bad.
 *
 * @param reason why it is no event (a name of {@link Reason}); null if it is one
 * @param series key of the series, see {@link SeriesKey}
 * @param time of the event in milliseconds since the epoch
 * @param value of the measure
 * @param partition of the Kafka record
 * @param offset of the Kafka record
 * @param timestamp of the Kafka record in milliseconds since the epoch
 * @param size of the Kafka record's value in bytes
 * @param body the Kafka record's value; null if it had none, or once the event has passed the {@link LateGate}
 */
public record Event(
        String reason,
        String series,
        long time,
        BigDecimal value,
        int partition,
        long offset,
        long timestamp,
        int size,
        byte[] body) {

    /** Flink's description of the class: a POJO, every field of which has a serializer of its own. */
    public static final TypeInformation<Event> TYPE = TypeInformation.of(Event.class);

    /** The event as it crosses the network: bodies are only needed for records that go aside before. */
    public Event withoutBody() {
        return new Event(reason, series, time, value, partition, offset, timestamp, size, null);
    }
}
