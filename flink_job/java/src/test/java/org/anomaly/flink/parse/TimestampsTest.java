package org.anomaly.flink.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The table of times: times.jsonl has one case a line, the "text" and either its "seconds" since 1970, to the last
 * digit, or why it is "refused": for its "form", or because there is no such "moment". The tests of {@code anomaly
 * score} read the same file.
 */
class TimestampsTest {

    private static final String JSON_NUMBER = "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?";

    @TestFactory
    Stream<DynamicTest> theTable() throws IOException {
        try (InputStream lines = TimestampsTest.class.getResourceAsStream("/times.jsonl")) {
            return JsonMapper.builder().build().readerFor(JsonNode.class).<JsonNode>readValues(lines).readAll().stream()
                    .map(line -> DynamicTest.dynamicTest(line.get("text").toString(), () -> check(line)));
        }
    }

    private void check(JsonNode line) {
        String text = line.get("text").textValue();
        long expected =
                line.has("refused")
                        ? Timestamps.INVALID
                        : new BigDecimal(line.get("seconds").textValue())
                                .movePointRight(3)
                                .setScale(0, RoundingMode.FLOOR)
                                .longValueExact();
        assertEquals(expected, Timestamps.ofText(text));
        // Without quotes as within, but for exponents of more than two digits, which the corpus has.
        if (text.matches(JSON_NUMBER) && !text.equals("1e-400")) {
            assertEquals(expected, Timestamps.ofNumber(text));
        }
    }
}
