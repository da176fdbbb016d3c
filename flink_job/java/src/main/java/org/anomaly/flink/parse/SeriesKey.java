package org.anomaly.flink.parse;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * The canonical encoding of a series: the same bytes for ever, because {@code timeseriesId} is their SHA-256.
 *
 * <p>Big-endian: u32 length and UTF-8 of the measure's name, then for each dimension, in the order of the UTF-8 bytes
 * of the names, u32 length and UTF-8 of its name and of its value.
 *
 * <p>Flink does not group by byte arrays, so the key travels as text with one character (U+0000 to U+00FF) per byte;
 * such text sorts as the bytes do.
 */
public final class SeriesKey {

    /**
     * Longest key in bytes. A key is repeated in every result, where JSON may write a byte as six, and one producer
     * gone wrong must not push a result over the broker's limit for a record.
     */
    public static final int MAX_BYTES = 8_192;

    private final byte[] measure;
    private final byte[][] names;
    private final int[] order;

    /**
     * Prepares the parts that are the same for every series.
     *
     * @param measure the measure's name
     * @param dimensions the dimensions' names, in the order in which {@link #of} gets their values
     */
    public SeriesKey(String measure, List<String> dimensions) {
        this.measure = measure.getBytes(StandardCharsets.UTF_8);
        this.names =
                dimensions.stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
        this.order =
                IntStream.range(0, names.length)
                        .boxed()
                        .sorted(Comparator.comparing(i -> names[i], Arrays::compareUnsigned))
                        .mapToInt(Integer::intValue)
                        .toArray();
    }

    /**
     * Encodes one series.
     *
     * @param values one value per dimension; each must be valid Unicode
     * @return the key, or null if it would be longer than {@link #MAX_BYTES}
     */
    public String of(String[] values) {
        ByteArrayOutputStream key = new ByteArrayOutputStream(128);
        append(key, measure);
        for (int i : order) {
            append(key, names[i]);
            append(key, values[i].getBytes(StandardCharsets.UTF_8));
        }
        return key.size() > MAX_BYTES ? null : key.toString(StandardCharsets.ISO_8859_1);
    }

    /** The bytes of a key. */
    public static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The bucket of a key: CRC-32 of its bytes modulo the number of buckets, the same on every JVM and for ever. */
    public static int bucket(String key, int buckets) {
        CRC32 crc = new CRC32();
        crc.update(bytes(key));
        return (int) (crc.getValue() % buckets);
    }

    private static void append(ByteArrayOutputStream out, byte[] part) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).array());
        out.writeBytes(part);
    }
}
