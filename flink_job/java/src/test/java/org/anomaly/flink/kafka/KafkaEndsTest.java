package org.anomaly.flink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collection;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer.PartitionOffsetsRetriever;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaEndsTest {

    @ParameterizedTest
    @ValueSource(strings = {"earliest", "latest", "committed"})
    void aJobWhoseOffsetsAreGoneReadsWhatIsThere(String name) {
        assertEquals(
                OffsetResetStrategy.EARLIEST, KafkaEnds.startingOffsets(name).getAutoOffsetResetStrategy());
    }

    @Test
    void latestIsTheEndOfEachPartition() {
        Map<TopicPartition, Long> ends = Map.of(new TopicPartition("sales", 0), 7L, new TopicPartition("sales", 1), 0L);

        assertEquals(
                ends, KafkaEnds.startingOffsets("latest").getPartitionOffsets(ends.keySet(), new Broker(ends)));
    }

    /** A broker that is asked for the ends only. */
    private record Broker(Map<TopicPartition, Long> ends) implements PartitionOffsetsRetriever {

        @Override
        public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
            return ends;
        }

        @Override
        public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<TopicPartition, Long> committedOffsets(Collection<TopicPartition> partitions) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
            throw new UnsupportedOperationException();
        }
    }
}
