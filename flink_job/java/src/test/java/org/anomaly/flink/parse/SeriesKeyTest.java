package org.anomaly.flink.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class SeriesKeyTest {

    @Test
    void theBookstoresKeyIsTheSameForEver() throws Exception {
        String key = new SeriesKey("quantity", List.of("product_name")).of(new String[] {"item-A"});
        assertEquals(
                "000000087175616e74697479" + "0000000c70726f647563745f6e616d65" + "000000066974656d2d41",
                HexFormat.of().formatHex(SeriesKey.bytes(key)));
        assertEquals(
                "617f542557b26aaea39e2b74c1843c99bbe0c6c2b171d0fa61bae8e07dc22b1e",
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(SeriesKey.bytes(key))));
        assertEquals(22, SeriesKey.bucket(key, 64));
    }

    @Test
    void dimensionsAreSortedByTheUnsignedBytesOfTheirNames() {
        // As UTF-16 the third would come before the second, as signed bytes both before the first.
        List<String> names = List.of("z", "\uffff", "\ud83d\ude00");
        String expected = new SeriesKey("m", names).of(new String[] {"1", "2", "3"});
        SeriesKey reversed = new SeriesKey("m", List.of(names.get(2), names.get(1), "z"));
        assertEquals(expected, reversed.of(new String[] {"3", "2", "1"}));
        assertEquals(
                "000000016d" + "000000017a0000000131" + "00000003efbfbf0000000132" + "00000004f09f98800000000133",
                HexFormat.of().formatHex(SeriesKey.bytes(expected)));
    }

    @Test
    void lengthsKeepPartsApart() {
        SeriesKey keys = new SeriesKey("m", List.of("a", "b"));
        assertNotEquals(keys.of(new String[] {"xy", "z"}), keys.of(new String[] {"x", "yz"}));
    }

    @Test
    void keysSortAsTheirBytesDo() {
        SeriesKey keys = new SeriesKey("m", List.of("a"));
        String[] values = {"", "a", "z", "\u007f", "\u0080", "\u00ff", "\uffff", "\ud83d\ude00", "aa"};
        for (String one : values) {
            for (String other : values) {
                String left = keys.of(new String[] {one});
                String right = keys.of(new String[] {other});
                assertEquals(
                        Integer.signum(Arrays.compareUnsigned(SeriesKey.bytes(left), SeriesKey.bytes(right))),
                        Integer.signum(left.compareTo(right)));
            }
        }
    }

    @Test
    void bucketsAreAllUsedAndNeverNegative() {
        SeriesKey keys = new SeriesKey("m", List.of("a"));
        int[] counts = new int[16];
        for (int i = 0; i < 1600; i++) {
            counts[SeriesKey.bucket(keys.of(new String[] {"series " + i}), 16)]++;
        }
        assertTrue(Arrays.stream(counts).min().orElseThrow() > 50, () -> Arrays.toString(counts));
    }
}
