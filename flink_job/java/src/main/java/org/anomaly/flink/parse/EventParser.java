package org.anomaly.flink.parse;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.anomaly.flink.Settings;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * One Kafka record to an event, or the reason why it is none. A pure function, total over all bytes: whatever a producer
 * writes, the job goes on.
 */
public final class EventParser {

    /** Longest number, in characters, that is read as a measure or a timestamp: more is junk that costs time. */
    public static final int MAX_NUMBER_LENGTH = 400;

    /** Deepest nesting of arrays and objects; deeper ones are reported as not JSON. */
    public static final int MAX_DEPTH = 1000;

    /** Names are not put into Jackson's table for the whole process: producers choose them, and it only grows. */
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxNumberLength(Integer.MAX_VALUE)
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .maxNameLength(Integer.MAX_VALUE)
                                    .build())
                    .build();

    private final Map<String, Integer> slots = new HashMap<>();
    private final int timestampSlot;
    private final int measureSlot;
    private final int[] dimensionSlots;
    private final SeriesKey keys;
    private final long maxFutureMs;

    /** Prepares for the fields that the settings name. */
    public EventParser(Settings settings) {
        timestampSlot = slot(settings.timestampField());
        measureSlot = settings.measureField() == null ? -1 : slot(settings.measureField());
        List<Integer> dimensions = new ArrayList<>();
        settings.dimensionFields().forEach(name -> dimensions.add(slot(name)));
        dimensionSlots = dimensions.stream().mapToInt(Integer::intValue).toArray();
        keys = new SeriesKey(settings.measureName(), settings.dimensionFields());
        maxFutureMs = settings.maxFutureMs();
    }

    /** Parses a record's value. */
    public Event parse(ConsumerRecord<byte[], byte[]> record) {
        byte[] body = record.value();
        if (body == null || body.length == 0) {
            return Event.rejected(Reason.EMPTY, record);
        }
        CharBuffer text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
        } catch (CharacterCodingException e) {
            return Event.rejected(Reason.NOT_UTF8, record);
        }
        Fields fields = new Fields(slots.size());
        try {
            if (!fields.read(text, slots)) {
                return Event.rejected(Reason.NOT_AN_OBJECT, record);
            }
        } catch (IOException e) {
            return Event.rejected(Reason.NOT_JSON, record);
        }
        return event(fields, record);
    }

    private Event event(Fields fields, ConsumerRecord<byte[], byte[]> record) {
        if (fields.missing(timestampSlot)) {
            return Event.rejected(Reason.MISSING_TIMESTAMP, record);
        }
        long time = fields.timestamp(timestampSlot);
        if (time == Timestamps.INVALID) {
            return Event.rejected(Reason.BAD_TIMESTAMP, record);
        }
        // Against the record's timestamp and not the clock, so that reading again judges alike. That + maxFutureMs could
        // overflow; time is within some 10^14 of 0, so this cannot.
        if (time - maxFutureMs > record.timestamp()) {
            return Event.rejected(Reason.TIMESTAMP_IN_FUTURE, record);
        }
        BigDecimal value = BigDecimal.ZERO;
        if (measureSlot >= 0) {
            if (fields.missing(measureSlot)) {
                return Event.rejected(Reason.MISSING_MEASURE, record);
            }
            String number = fields.number(measureSlot);
            if (number == null || number.length() > MAX_NUMBER_LENGTH) {
                return Event.rejected(Reason.BAD_MEASURE, record);
            }
            double rounded = Double.parseDouble(number);
            if (Double.isInfinite(rounded)) {
                return Event.rejected(Reason.MEASURE_OUT_OF_RANGE, record);
            }
            // Within a double's range the exponent is small, so that exact arithmetic stays cheap.
            value = rounded == 0 ? BigDecimal.ZERO : new BigDecimal(number);
        }
        String[] dimensions = new String[dimensionSlots.length];
        Reason problem = null;
        for (int i = 0; i < dimensions.length; i++) {
            if (fields.missing(dimensionSlots[i])) {
                return Event.rejected(Reason.MISSING_DIMENSION, record);
            }
            dimensions[i] = fields.scalar(dimensionSlots[i]);
            if (dimensions[i] == null || !isUnicode(dimensions[i])) {
                problem = Reason.BAD_DIMENSION;
            }
        }
        String series = problem == null ? keys.of(dimensions) : null;
        return series == null
                ? Event.rejected(Reason.BAD_DIMENSION, record)
                : Event.accepted(series, time, value, record);
    }

    private int slot(String name) {
        return slots.computeIfAbsent(name, unused -> slots.size());
    }

    /** Whether every surrogate of the text has its other half. */
    private static boolean isUnicode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean pair =
                        Character.isHighSurrogate(c)
                                && i + 1 < text.length()
                                && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    /** The fields of one object that matter: the token and text of each. */
    private static final class Fields {
        private final JsonToken[] tokens;
        private final String[] texts;

        Fields(int count) {
            tokens = new JsonToken[count];
            texts = new String[count];
        }

        /**
         * Reads the whole text, keeping the last of equal names.
         *
         * @return false if it is JSON, but not an object
         * @throws IOException if it is not JSON
         */
        boolean read(CharBuffer text, Map<String, Integer> slots) throws IOException {
            try (JsonParser parser =
                    JSON.createParser(text.array(), text.arrayOffset() + text.position(), text.remaining())) {
                JsonToken first = parser.nextToken();
                if (first == null) {
                    throw new IOException("only white space");
                }
                boolean object = first == JsonToken.START_OBJECT;
                if (object) {
                    while (parser.nextToken() == JsonToken.FIELD_NAME) {
                        keep(parser, slots.get(parser.currentName()));
                    }
                } else {
                    parser.skipChildren();
                }
                if (parser.nextToken() != null) {
                    throw new IOException("more than one value");
                }
                return object;
            }
        }

        private void keep(JsonParser parser, Integer slot) throws IOException {
            JsonToken token = parser.nextToken();
            if (slot != null) {
                tokens[slot] = token;
                texts[slot] = token.isScalarValue() ? parser.getText() : null;
            }
            parser.skipChildren();
        }

        boolean missing(int slot) {
            return tokens[slot] == null || tokens[slot] == JsonToken.VALUE_NULL;
        }

        String number(int slot) {
            return tokens[slot].isNumeric() ? texts[slot] : null;
        }

        /** A string as it is, a number or truth value as written, null for anything else. */
        String scalar(int slot) {
            return texts[slot];
        }

        long timestamp(int slot) {
            if (tokens[slot].isNumeric()) {
                return Timestamps.ofNumber(texts[slot]);
            }
            return tokens[slot] == JsonToken.VALUE_STRING ? Timestamps.ofText(texts[slot]) : Timestamps.INVALID;
        }
    }
}
