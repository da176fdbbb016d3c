package org.anomaly.flink.kafka;

import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * One Kafka record to be written.
 *
 * @param key of the record
 * @param value of the record
 */
public record Message(byte[] key, byte[] value) {

    /** Flink's description of the class. */
    public static final TypeInformation<Message> TYPE = TypeInformation.of(Message.class);
}
