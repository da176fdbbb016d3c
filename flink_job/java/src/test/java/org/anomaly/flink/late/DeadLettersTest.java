package org.anomaly.flink.late;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLettersTest {

    private static final DeadLetters LETTERS = new DeadLetters("in");

    @Test
    void aLetterHasExactlyTheDocumentedFields() {
        Message message = LETTERS.of(Reason.NOT_JSON, event("{\"a\":\n".getBytes(StandardCharsets.UTF_8)));
        assertEquals("in-2-77", new String(message.key(), StandardCharsets.UTF_8));
        assertEquals(
                "{\"reason\":\"not_json\",\"topic\":\"in\",\"partition\":2,\"offset\":77,\"timestamp\":1000,"
                        + "\"body\":\"{\\\"a\\\":\\n\",\"bodyEncoding\":\"utf-8\",\"bodyBytes\":6}",
                new String(message.value(), StandardCharsets.UTF_8));
    }

    @Test
    void textComesBackAsItWas() throws Exception {
        String text = "\ufeff caf\u00e9 \ud83d\ude00 \0 \u2028 \"\\/";
        JsonNode letter = read(LETTERS.of(Reason.NOT_JSON, event(text.getBytes(StandardCharsets.UTF_8))));
        assertEquals(text, letter.get("body").textValue());
        assertEquals("utf-8", letter.get("bodyEncoding").textValue());
    }

    @Test
    void bytesThatAreNotTextComeBackFromBase64() throws Exception {
        byte[] body = {'{', (byte) 0xff, (byte) 0xc0, (byte) 0xaf, 0};
        JsonNode letter = read(LETTERS.of(Reason.NOT_UTF8, event(body)));
        assertEquals("base64", letter.get("bodyEncoding").textValue());
        assertArrayEquals(body, Base64.getDecoder().decode(letter.get("body").textValue()));
        assertEquals(5, letter.get("bodyBytes").intValue());
    }

    @Test
    void noValueIsTellableFromAnEmptyOne() throws Exception {
        JsonNode none = read(LETTERS.of(Reason.EMPTY, event(null)));
        assertTrue(none.get("body").isNull());
        assertEquals(0, none.get("bodyBytes").intValue());
        assertEquals("", read(LETTERS.of(Reason.EMPTY, event(new byte[0]))).get("body").textValue());
    }

    @Test
    void aLateEventWithoutItsBodyStillTellsItsSize() throws Exception {
        Event event = new Event(null, "s", 0, null, 2, 77, 1000, 123, null);
        JsonNode letter = read(LETTERS.of(Reason.LATE, event));
        assertTrue(letter.get("body").isNull());
        assertEquals(123, letter.get("bodyBytes").intValue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a", "\0", "\"", "\u00e9", "\u20ac", "\ud83d\ude00", "\u007f", "\n",
                "a\0\ud83d\ude00", "a\ud83d\ude00"
            })
    void aGreatBodyIsCutBetweenCharactersAndStaysBelowAMegabyte(String unit) throws Exception {
        String text = "x" + unit.repeat(1_000_000 / unit.getBytes(StandardCharsets.UTF_8).length);
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        Message message = LETTERS.of(Reason.NOT_JSON, event(body));
        assertTrue(message.value().length < 800_000, () -> "letter of " + message.value().length);
        JsonNode letter = read(message);
        String told = letter.get("body").textValue();
        assertTrue(text.startsWith(told));
        assertEquals(told, new String(told.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        int bytes = told.getBytes(StandardCharsets.UTF_8).length;
        assertTrue(bytes <= DeadLetters.MAX_BODY_BYTES && bytes > 130_000, () -> bytes + " bytes told");
        assertEquals(body.length, letter.get("bodyBytes").intValue());
    }

    @Test
    void aGreatBinaryBodyIsCut() throws Exception {
        byte[] body = new byte[1_000_000];
        Arrays.fill(body, (byte) 0xff);
        Message message = LETTERS.of(Reason.NOT_UTF8, event(body));
        assertTrue(message.value().length < 400_000);
        byte[] told = Base64.getDecoder().decode(read(message).get("body").textValue());
        assertArrayEquals(Arrays.copyOf(body, DeadLetters.MAX_BODY_BYTES), told);
    }

    private static Event event(byte[] body) {
        return new Event(Reason.NOT_JSON, null, 0, null, 2, 77, 1000, body == null ? 0 : body.length, body);
    }

    private static JsonNode read(Message message) throws Exception {
        return JsonMapper.builder().build().readTree(message.value());
    }
}
