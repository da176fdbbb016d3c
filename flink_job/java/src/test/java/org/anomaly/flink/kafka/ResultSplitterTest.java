package org.anomaly.flink.kafka;

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

/** The bytes that come from Python. */
class ResultSplitterTest {

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
