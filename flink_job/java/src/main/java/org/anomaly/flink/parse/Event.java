package org.anomaly.flink.parse;

import java.math.BigDecimal;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * One Kafka record after parsing, good or bad.
 *
 * @param reason why it is no event; null if it is one
 * @param series key of the series, see {@link SeriesKey}
 * @param time of the event in milliseconds since the epoch
 * @param value of the measure exactly as written, but 0 where a double would be 0; 0 if there is no measure
 * @param partition of the Kafka record
 * @param offset of the Kafka record
 * @param timestamp of the Kafka record in milliseconds since the epoch
 * @param size of the Kafka record's value in bytes
 * @param body the Kafka record's value; null if it had none, or once the event has passed the triage
 */
public record Event(
        Reason reason,
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

    /** A record that is no event. */
    static Event rejected(Reason reason, ConsumerRecord<byte[], byte[]> record) {
        return of(reason, null, 0, null, record);
    }

    /** A record that is an event. */
    static Event accepted(String series, long time, BigDecimal value, ConsumerRecord<byte[], byte[]> record) {
        return of(null, series, time, value, record);
    }

    private static Event of(
            Reason reason, String series, long time, BigDecimal value, ConsumerRecord<byte[], byte[]> record) {
        byte[] body = record.value();
        int size = body == null ? 0 : body.length;
        return new Event(
                reason, series, time, value, record.partition(), record.offset(), record.timestamp(), size, body);
    }

    /** The event as it crosses the network: bodies are only needed for records that go aside before. */
    public Event withoutBody() {
        return new Event(reason, series, time, value, partition, offset, timestamp, size, null);
    }
}
