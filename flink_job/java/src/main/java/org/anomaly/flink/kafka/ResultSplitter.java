package org.anomaly.flink.kafka;

import java.nio.ByteBuffer;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/**
 * One block of results from Python as Kafka records.
 *
 * <p>Big-endian: u32 number of records, and for each u32 key length, key bytes, u32 value length, value bytes. A block
 * that is not of this form is a mistake of ours and stops the job: results must not be lost silently.
 */
public final class ResultSplitter implements FlatMapFunction<byte[], Message> {

    @Override
    public void flatMap(byte[] block, Collector<Message> out) {
        ByteBuffer in = ByteBuffer.wrap(block);
        int count = in.getInt();
        for (int i = 0; i < count; i++) {
            byte[] key = next(in);
            out.collect(new Message(key, next(in)));
        }
        if (in.hasRemaining()) {
            throw new IllegalStateException(
                    "result block: " + in.remaining() + " bytes left after its " + count + " records");
        }
    }

    private static byte[] next(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IllegalStateException(
                    "result block: a part of " + length + " bytes, but only " + in.remaining() + " are left");
        }
        byte[] part = new byte[length];
        in.get(part);
        return part;
    }
}
