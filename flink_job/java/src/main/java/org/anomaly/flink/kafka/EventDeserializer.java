package org.anomaly.flink.kafka;

import org.anomaly.flink.Settings;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.EventParser;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Parses each Kafka record once, inside the source, so that event times are known where watermarks are made per
 * partition. A bad record becomes an {@link Event} with a reason, never an exception.
 */
public final class EventDeserializer implements KafkaRecordDeserializationSchema<Event> {

    private final Settings settings;
    private transient EventParser parser;

    EventDeserializer(Settings settings) {
        this.settings = settings;
    }

    @Override
    public void open(DeserializationSchema.InitializationContext context) {
        parser = new EventParser(settings);
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Event> out) {
        out.collect(parser.parse(record));
    }

    @Override
    public TypeInformation<Event> getProducedType() {
        return Event.TYPE;
    }
}
