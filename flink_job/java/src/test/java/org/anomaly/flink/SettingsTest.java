package org.anomaly.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.anomaly.flink.window.Aggregation;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    @Test
    void everyKeyIsRead() {
        Settings expected =
                new Settings(
                        Map.of("bootstrap.servers", "localhost:9092", "client.id", "me"),
                        "in",
                        "out",
                        "dead",
                        "late",
                        "anomaly",
                        "t",
                        "q",
                        Aggregation.SUM,
                        List.of("p", "c"),
                        60_000,
                        10_000,
                        3_600_000,
                        60_000,
                        16,
                        true,
                        "earliest",
                        "at-least-once",
                        "anomaly",
                        600_000,
                        0,
                        Map.of("detector.output.after", "300", "job.buckets", "16"));
        assertEquals(expected, TestSettings.settings());
    }

    @Test
    void theMeasureMayBeAbsentWhenEventsAreCounted() {
        Settings settings =
                TestSettings.with(json -> json.replace("\"q\"", "null").replace("\"SUM\"", "\"COUNT\""));
        assertNull(settings.measureField());
        assertEquals("*", settings.measureName());
    }

    @Test
    void deliveryIsExactlyOnceOnlyWhenAsked() {
        assertFalse(TestSettings.settings().exactlyOnce());
        assertTrue(TestSettings.with(json -> json.replace("at-least-once", "exactly-once")).exactlyOnce());
    }

    @Test
    void settingsTravelToTheOperators() throws Exception {
        Settings settings = TestSettings.settings();
        assertEquals(settings, InstantiationUtil.clone(settings));
    }

    /** Each line: a part of the configuration, what stands there instead, a word that the message must have. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    "groupId": "anomaly", |                                         | groupId
                    "parallelism": 0      | "parallelism": 0, "paralelism": 1       | paralelism
                    "parallelism": 0      | "parallelism": 0, "parallelism": 0      | Duplicate
                    "parallelism": 0      | "parallelism": -1                       | parallelism
                    "parallelism": 0      | "parallelism": null                     | null
                    "parallelism": 0      | "parallelism": "0"                      | int
                    "buckets": 16         | "buckets": 0                            | buckets
                    "buckets": 16         | "buckets": 1.5                          | int
                    "bounded": true       | "bounded": 1                            | boolean
                    "periodMs": 60000     | "periodMs": 0                           | periodMs
                    "periodMs": 60000     | "periodMs": 9223372036854775807         | periodMs
                    "maxLatenessMs": 10000 | "maxLatenessMs": -1                    | maxLatenessMs
                    "maxFutureMs": 3600000 | "maxFutureMs": -1                      | maxFutureMs
                    "idleTimeoutMs": 60000 | "idleTimeoutMs": 0                     | idleTimeoutMs
                    "transactionTimeoutMs": 600000 | "transactionTimeoutMs": 4294967296 | transactionTimeoutMs
                    "measureField": "q"   | "measureField": null                    | measureField
                    "timestampField": "t" | "timestampField": null                  | timestampField
                    ["p", "c"]            | ["p", "p"]                              | dimensionFields
                    ["p", "c"]            | null                                    | dimensionFields
                    "SUM"                 | "sum"                                   | Aggregation
                    "earliest"            | "first"                                 | startingOffsets
                    "at-least-once"       | "sometimes"                             | delivery
                    "bootstrap.servers"   | "bootstrap.server"                      | bootstrap.servers
                    "job.buckets": "16"}} | "job.buckets": "16"}} {}                   | token
                    """)
    void aMistakeIsNamed(String part, String instead, String word) {
        assertTrue(TestSettings.JSON.contains(part), part);
        String json = TestSettings.JSON.replace(part, instead == null ? "" : instead);
        Exception error = assertThrows(IllegalArgumentException.class, () -> Settings.parse(json));
        assertTrue(error.getMessage().contains(word), error.getMessage());
    }

    @Test
    void noMistakeIsToldWithAPassword() {
        String json = TestSettings.JSON.replace("\"me\"", "\"secret\" \"x\"");
        Exception error = assertThrows(IllegalArgumentException.class, () -> Settings.parse(json));
        assertFalse(error.getMessage().contains("secret"), error.getMessage());
    }
}
