package org.anomaly.flink.late;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.Serializable;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.anomaly.flink.kafka.Message;
import org.anomaly.flink.parse.Event;
import org.anomaly.flink.parse.Reason;

/**
 * What the dead-letter and late topics get: where the record is, why it was put aside, and its body.
 *
 * @param topic that the records came from
 */
public record DeadLetters(String topic) implements Serializable {

    /** Longest part of a body that is repeated, in bytes. */
    public static final int MAX_BODY_BYTES = 262_144;

    /**
     * Longest form of a body inside the JSON text, in bytes. A control character takes six there, and the whole record
     * must stay below Kafka's usual limit of 1 MB, whatever the body is.
     */
    static final int MAX_ESCAPED_BYTES = 786_432;

    private static final JsonFactory JSON = new JsonFactory();

    /** The message about one record; a late event that has lost its body is told by its place and size alone. */
    public Message of(Reason reason, Event event) {
        String key = topic + "-" + event.partition() + "-" + event.offset();
        String text = event.body() == null ? null : strictText(event.body());
        boolean binary = event.body() != null && text == null;
        StringWriter json = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(json)) {
            out.writeStartObject();
            out.writeStringField("reason", reason.text());
            out.writeStringField("topic", topic);
            out.writeNumberField("partition", event.partition());
            out.writeNumberField("offset", event.offset());
            out.writeNumberField("timestamp", event.timestamp());
            out.writeStringField("body", binary ? base64(event.body()) : cut(text));
            out.writeStringField("bodyEncoding", binary ? "base64" : "utf-8");
            out.writeNumberField("bodyBytes", event.size());
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter throws none
        }
        return new Message(
                key.getBytes(StandardCharsets.UTF_8), json.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String base64(byte[] body) {
        return Base64.getEncoder().encodeToString(Arrays.copyOf(body, Math.min(body.length, MAX_BODY_BYTES)));
    }

    /** The text of well-formed UTF-8, else null. */
    private static String strictText(byte[] body) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** The longest beginning of a text that keeps both limits and splits no character. */
    private static String cut(String text) {
        if (text == null) {
            return null;
        }
        int raw = 0;
        int escaped = 0;
        int end = 0;
        while (end < text.length()) {
            int c = text.codePointAt(end);
            int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            raw += bytes;
            escaped += c < ' ' ? 6 : c == '"' || c == '\\' ? 2 : bytes;
            if (raw > MAX_BODY_BYTES || escaped > MAX_ESCAPED_BYTES) {
                break;
            }
            end += Character.charCount(c);
        }
        return text.substring(0, end);
    }
}
