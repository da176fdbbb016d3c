package org.anomaly.flink.window;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.anomaly.flink.parse.Event;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AggregationTest {

    private static final String[] WILD = {
        "0.1", "0.2", "0.3", "-0.6", "1e308", "-1e308", "1", "-1", "4.9e-324", "1e-300", "14", "1e16", "1.5e16", "3.30",
        "-7e-9"
    };

    @Test
    void eachAggregationSaysWhatItsNameSays() {
        String[] values = {"3", "-1.5", "10", "0.5"};
        assertEquals(12.0, aggregate(Aggregation.SUM, values));
        assertEquals(3.0, aggregate(Aggregation.AVG, values));
        assertEquals(-1.5, aggregate(Aggregation.MIN, values));
        assertEquals(10.0, aggregate(Aggregation.MAX, values));
        assertEquals(4.0, aggregate(Aggregation.COUNT, values));
    }

    @ParameterizedTest
    @EnumSource
    void theOrderOfArrivalChangesNoBit(Aggregation how) {
        List<String> values = new ArrayList<>(List.of(WILD));
        double expected = aggregate(how, WILD);
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            Collections.shuffle(values, random);
            assertEquals(bits(expected), bits(aggregate(how, values.toArray(String[]::new))));
        }
    }

    @ParameterizedTest
    @EnumSource
    void mergingPartsIsTheSameAsAddingOneByOne(Aggregation how) {
        AggregateFunction<Event, Tuple2<BigDecimal, Long>, Double> function = how.function();
        for (int cut = 0; cut <= WILD.length; cut++) {
            Tuple2<BigDecimal, Long> left = function.createAccumulator();
            Tuple2<BigDecimal, Long> right = function.createAccumulator();
            for (int i = 0; i < WILD.length; i++) {
                if (i < cut) {
                    left = function.add(event(WILD[i]), left);
                } else {
                    right = function.add(event(WILD[i]), right);
                }
            }
            assertEquals(aggregate(how, WILD), function.getResult(function.merge(left, right)));
        }
    }

    @Test
    void greatValuesThatCancelLeaveTheSmallOne() {
        assertEquals(1.0, aggregate(Aggregation.SUM, "1e308", "1", "-1e308"));
        assertEquals(4.9e-324, aggregate(Aggregation.SUM, "1.7e308", "4.9e-324", "-1.7e308"));
        assertEquals(0.3, aggregate(Aggregation.SUM, "0.1", "0.2"));
        assertEquals(0.0, aggregate(Aggregation.SUM, "0.1", "0.2", "-0.3"));
    }

    @Test
    void whatIsBeyondTheGreatestDoubleIsTheGreatestDouble() {
        assertEquals(Double.MAX_VALUE, aggregate(Aggregation.SUM, "1.7e308", "1.7e308"));
        assertEquals(-Double.MAX_VALUE, aggregate(Aggregation.SUM, "-1.7e308", "-1.7e308"));
        assertEquals(1.7e308, aggregate(Aggregation.AVG, "1.7e308", "1.7e308", "1.7e308"));
    }

    @ParameterizedTest
    @EnumSource(names = "COUNT", mode = EnumSource.Mode.EXCLUDE)
    void aPeriodOfOneEventHasItsValue(Aggregation how) {
        Random random = new Random(2);
        for (int i = 0; i < 2000; i++) {
            String text = Double.toString(Double.longBitsToDouble(random.nextLong()));
            if (!text.equals("NaN") && !text.endsWith("Infinity")) {
                String longer = text.contains("E") ? text : text + "49999999999999999999999999999999999999";
                assertEquals(bits(Double.parseDouble(longer)), bits(aggregate(how, longer)));
            }
        }
        // Between two doubles, and nearer to neither until its last digit, the 60th.
        String halfway = "9007199254740993.00000000000000000000000000000000000000000001";
        assertEquals(9007199254740994.0, aggregate(how, halfway));
    }

    @Test
    void anAverageOfThirdsIsRoundedOnce() {
        assertEquals(1.0 / 3, aggregate(Aggregation.AVG, "1", "0", "0"));
        assertEquals(0.1, aggregate(Aggregation.AVG, "0.1", "0.1", "0.1"));
    }

    @Test
    void theAccumulatorSurvivesACheckpoint() throws Exception {
        TypeSerializer<Tuple2<BigDecimal, Long>> serializer =
                Aggregation.ACCUMULATOR.createSerializer(new SerializerConfigImpl(new Configuration()));
        AggregateFunction<Event, Tuple2<BigDecimal, Long>, Double> function = Aggregation.SUM.function();
        Tuple2<BigDecimal, Long> accumulator = function.createAccumulator();
        for (String value : WILD) {
            accumulator = function.add(event(value), accumulator);
            DataOutputSerializer out = new DataOutputSerializer(64);
            serializer.serialize(accumulator, out);
            accumulator = serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
        }
        assertEquals(bits(aggregate(Aggregation.SUM, WILD)), bits(function.getResult(accumulator)));
    }

    private static double aggregate(Aggregation how, String... values) {
        AggregateFunction<Event, Tuple2<BigDecimal, Long>, Double> function = how.function();
        Tuple2<BigDecimal, Long> accumulator = function.createAccumulator();
        for (String value : values) {
            accumulator = function.add(event(value), accumulator);
        }
        return function.getResult(accumulator);
    }

    private static Event event(String value) {
        return new Event(null, "s", 0, new BigDecimal(value), 0, 0, 0, 0, null);
    }

    private static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }
}
