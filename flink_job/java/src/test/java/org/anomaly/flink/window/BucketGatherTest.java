package org.anomaly.flink.window;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes that go to Python. */
class BucketGatherTest {

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
}
