package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes that cross between the JVM and Python. */
class BlocksTest {

    @Test
    void aPayloadIsSortedByKeyBytes() throws Exception {
        List<Point> points =
                List.of(
                        new Point(0, "\u00ff", -0.5), new Point(0, "b", 2),
                        new Point(0, "a", 1),
                        new Point(0, "aa", 3));
        assertEquals(
                "0000000000000001" + "000000000000ea61" + "00000004"
                        + "00000001" + "61" + "3ff0000000000000"
                        + "00000002" + "6161" + "4008000000000000"
                        + "00000001" + "62" + "4000000000000000"
                        + "00000001" + "ff" + "bfe0000000000000",
                HexFormat.of().formatHex(BucketGather.payload(1, 60_001, points)));
    }

    @Test
    void aBlockOfResultsIsTakenApart() {
        List<Message> messages = split("00000002" + "00000002" + "6964" + "00000001" + "7b" + "00000000" + "00000000");
        assertEquals(2, messages.size());
        assertArrayEquals(new byte[] {'i', 'd'}, messages.get(0).key());
        assertArrayEquals(new byte[] {'{'}, messages.get(0).value());
        assertEquals(0, messages.get(1).value().length);
        assertEquals(List.of(), split("00000000"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "000000",
                "00000001",
                "00000001" + "00000002" + "61",
                "00000001" + "ffffffff" + "00000000",
                "00000001" + "7fffffff" + "61",
                "00000001" + "00000000" + "00000000" + "00",
                "00000000" + "00"
            })
    void aDamagedBlockStopsTheJob(String hex) {
        assertThrows(RuntimeException.class, () -> split(hex));
    }

    private static List<Message> split(String hex) {
        List<Message> messages = new ArrayList<>();
        new ResultSplitter().flatMap(HexFormat.of().parseHex(hex), new ListCollector<>(messages));
        return messages;
    }
}
