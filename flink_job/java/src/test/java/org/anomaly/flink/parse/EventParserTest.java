package org.anomaly.flink.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.anomaly.flink.TestSettings;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The rules, as a corpus: corpus.jsonl has one case a line, with a name, the body ("text", "base64", or "parts", a list
 * of [text, times]), the Kafka timestamp, and either the "reason" or the "event" that must come out. Its cases are for
 * timestamp field t, measure q, dimensions p and c, and at most an hour into the future.
 */
class EventParserTest {

    private static final long KAFKA_TIME = 1_724_938_512_000L;

    private final EventParser parser = new EventParser(TestSettings.settings());

    @TestFactory
    Stream<DynamicTest> theCorpus() throws IOException {
        return corpus().stream()
                .map(line -> DynamicTest.dynamicTest(line.get("name").textValue(), () -> check(line)));
    }

    private void check(JsonNode line) {
        Event outcome = parser.parse(record(body(line), line.get("kafkaTimestamp").longValue()));
        if (line.has("reason")) {
            assertEquals(line.get("reason").textValue(), outcome.reason() == null ? null : outcome.reason().text());
            return;
        }
        JsonNode event = line.get("event");
        assertNull(outcome.reason());
        assertEquals(event.get("time").longValue(), outcome.time());
        BigDecimal value = new BigDecimal(event.get("value").textValue());
        assertEquals(0, value.compareTo(outcome.value()), () -> "value " + outcome.value());
        String p = event.get("dimensions").get(0).textValue();
        String c = event.get("dimensions").get(1).textValue();
        assertEquals(key("q", "c", c, "p", p), outcome.series());
    }

    @Test
    void theCorpusHasEveryReason() throws IOException {
        Set<String> there =
                corpus().stream()
                        .filter(line -> line.has("reason"))
                        .map(line -> line.get("reason").textValue())
                        .collect(Collectors.toSet());
        Set<String> all =
                EnumSet.complementOf(EnumSet.of(Reason.LATE)).stream().map(Reason::text).collect(Collectors.toSet());
        assertEquals(all, there);
    }

    @Test
    void whateverTheBytesAreAnOutcomeComesOut() throws IOException {
        Random random = new Random(7);
        List<byte[]> seeds = new ArrayList<>();
        for (JsonNode line : corpus()) {
            byte[] body = body(line);
            if (body != null && body.length > 0 && body.length < 1000) {
                seeds.add(body);
            }
        }
        byte[] pieces = "{}[]\":,\\0123456789eE+-.u tfn\0\u0080\u00ff\u00ed".getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < 50_000; i++) {
            byte[] body = seeds.get(random.nextInt(seeds.size())).clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                body[random.nextInt(body.length)] = pieces[random.nextInt(pieces.length)];
            }
            Event outcome = parser.parse(record(body, KAFKA_TIME));
            if (outcome.reason() == null) {
                assertNotNull(outcome.series());
                assertTrue(Double.isFinite(outcome.value().doubleValue()));
                assertTrue(outcome.time() >= Timestamps.EARLIEST && outcome.time() <= KAFKA_TIME + 3_600_000);
            }
        }
    }

    @Test
    void namesMadeToCollideInHashTablesDoNoHarm() {
        StringBuilder body = new StringBuilder("{\"t\":1724938512,\"q\":3,\"p\":\"A\",\"c\":\"x\"");
        for (int i = 0; i < 1024; i++) {
            body.append(",\"");
            for (int bit = 0; bit < 10; bit++) {
                body.append((i >> bit & 1) == 0 ? "ab" : "bA"); // 33 * 'a' + 'b' == 33 * 'b' + 'A'
            }
            body.append("\":1");
        }
        assertNull(parser.parse(record(utf8(body.append('}').toString()), KAFKA_TIME)).reason());
    }

    @Test
    void withoutAMeasureFieldEventsNeedNone() {
        EventParser counting =
                new EventParser(
                        TestSettings.with(json -> json.replace("\"q\"", "null").replace("\"SUM\"", "\"COUNT\"")));
        Event outcome =
                counting.parse(record(utf8("{\"t\":1724938512,\"q\":\"any\",\"p\":\"A\",\"c\":\"x\"}"), KAFKA_TIME));
        assertNull(outcome.reason());
        assertEquals(key("*", "c", "x", "p", "A"), outcome.series());
    }

    @Test
    void aCountOfAMeasureStillNeedsTheMeasure() {
        EventParser counting = new EventParser(TestSettings.with(json -> json.replace("\"SUM\"", "\"COUNT\"")));
        Event outcome =
                counting.parse(record(utf8("{\"t\":1724938512,\"p\":\"A\",\"c\":\"x\"}"), KAFKA_TIME));
        assertEquals(Reason.MISSING_MEASURE, outcome.reason());
    }

    @Test
    void withoutDimensionsThereIsOneSeries() {
        EventParser one = new EventParser(TestSettings.with(json -> json.replace("[\"p\", \"c\"]", "[]")));
        assertEquals(key("q"), one.parse(record(utf8("{\"t\":1724938512,\"q\":3}"), KAFKA_TIME)).series());
    }

    @Test
    void oneFieldCanHaveSeveralRoles() {
        EventParser same =
                new EventParser(TestSettings.with(json -> json.replace("[\"p\", \"c\"]", "[\"q\", \"t\"]")));
        Event outcome = same.parse(record(utf8("{\"t\":1724938512,\"q\":1.50}"), KAFKA_TIME));
        assertEquals(key("q", "q", "1.50", "t", "1724938512"), outcome.series());
        assertEquals(new BigDecimal("1.50"), outcome.value());
    }

    private static ConsumerRecord<byte[], byte[]> record(byte[] body, long timestamp) {
        return new ConsumerRecord<>(
                "in",
                2,
                77,
                timestamp,
                TimestampType.CREATE_TIME,
                0,
                0,
                null,
                body,
                new RecordHeaders(),
                Optional.empty());
    }

    /** The documented encoding, written a second time. */
    private static String key(String... parts) {
        StringBuilder key = new StringBuilder();
        for (String part : parts) {
            byte[] bytes = utf8(part);
            key.append((char) (bytes.length >>> 24)).append((char) (bytes.length >>> 16 & 0xff));
            key.append((char) (bytes.length >>> 8 & 0xff)).append((char) (bytes.length & 0xff));
            key.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        return key.toString();
    }

    private static byte[] body(JsonNode line) {
        if (line.has("base64")) {
            return Base64.getDecoder().decode(line.get("base64").textValue());
        }
        if (line.has("parts")) {
            StringBuilder text = new StringBuilder();
            line.get("parts").forEach(part -> text.append(part.get(0).textValue().repeat(part.get(1).intValue())));
            return utf8(text.toString());
        }
        return line.get("text").isNull() ? null : utf8(line.get("text").textValue());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<JsonNode> corpus() throws IOException {
        try (InputStream lines = EventParserTest.class.getResourceAsStream("/corpus.jsonl")) {
            return JsonMapper.builder().build().readerFor(JsonNode.class).<JsonNode>readValues(lines).readAll();
        }
    }
}
