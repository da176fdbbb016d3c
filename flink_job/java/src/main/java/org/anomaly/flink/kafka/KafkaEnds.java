package org.anomaly.flink.kafka;

import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import org.anomaly.flink.Settings;
import org.anomaly.flink.parse.Event;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Where the job meets Kafka. */
public final class KafkaEnds {

    /** How long a record waits for others, in milliseconds: results come in blocks, and a batch costs one request. */
    private static final String LINGER_MS = "20";

    private KafkaEnds() {}

    /** The input topic, parsed. */
    public static KafkaSource<Event> source(Settings settings) {
        Properties properties = clientProperties(settings);
        // Producers may write in transactions; what they abort was never said.
        properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        KafkaSourceBuilder<Event> source =
                KafkaSource.<Event>builder()
                        .setProperties(properties)
                        .setTopics(settings.input())
                        .setGroupId(settings.groupId())
                        .setStartingOffsets(startingOffsets(settings.startingOffsets()))
                        .setDeserializer(new EventDeserializer(settings));
        if (settings.bounded()) {
            source.setBounded(OffsetsInitializer.latest());
        }
        return source.build();
    }

    /**
     * A sink for one topic.
     *
     * @param name tells the sinks' transactions from one another
     */
    public static KafkaSink<Message> sink(Settings settings, String topic, String name) {
        Properties properties = clientProperties(settings);
        properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        if (settings.exactlyOnce()) {
            properties.setProperty(
                    ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, String.valueOf(settings.transactionTimeoutMs()));
        }
        return KafkaSink.<Message>builder()
                .setKafkaProducerConfig(properties)
                .setDeliveryGuarantee(
                        settings.exactlyOnce() ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setTransactionalIdPrefix(settings.transactionalIdPrefix() + "-" + name)
                .setRecordSerializer(serializer(topic))
                .build();
    }

    /**
     * Leaves the Kafka timestamp to the producer's clock. Flink would take the event's time, and with that a replay of
     * old events would write results that Kafka's retention deletes at once, or that a broker refuses as too far from
     * its own time, which ends the job.
     */
    private static KafkaRecordSerializationSchema<Message> serializer(String topic) {
        return (message, context, timestamp) -> new ProducerRecord<>(topic, message.key(), message.value());
    }

    static OffsetsInitializer startingOffsets(String name) {
        return switch (name) {
            case "earliest" -> OffsetsInitializer.earliest();
            case "latest" -> new LatestAtFirst();
            default -> OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
        };
    }

    private static Properties clientProperties(Settings settings) {
        Properties properties = new Properties();
        properties.putAll(settings.kafka());
        return properties;
    }

    /**
     * Begins at the end of each partition. Where a restored job's offset is gone, as after a pause that was longer than
     * the topic's retention, Flink's own initializer would go to the end again; this one reads what is there.
     */
    private static final class LatestAtFirst implements OffsetsInitializer {

        private static final long serialVersionUID = 1;

        @Override
        public Map<TopicPartition, Long> getPartitionOffsets(
                Collection<TopicPartition> partitions, PartitionOffsetsRetriever retriever) {
            return OffsetsInitializer.latest().getPartitionOffsets(partitions, retriever);
        }

        @Override
        public OffsetResetStrategy getAutoOffsetResetStrategy() {
            return OffsetResetStrategy.EARLIEST;
        }
    }
}
