package org.anomaly.flink.window;

import java.math.BigDecimal;
import java.math.MathContext;
import org.anomaly.flink.parse.Event;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * How the values of a period become one.
 *
 * <p>All arithmetic is exact, on the decimals as they were written, and rounded to a double once at the end. So the
 * order in which events arrive changes no bit of the result, which floating-point addition cannot promise, and a period
 * of one event has exactly that event's value.
 */
public enum Aggregation {
    /** The sum of the values. */
    SUM,
    /** Their sum divided by their number. */
    AVG,
    /** The least of the values. */
    MIN,
    /** The greatest of the values. */
    MAX,
    /** The number of events. */
    COUNT;

    /** Type of the accumulator: the sum, least or greatest so far, and the number of events. */
    public static final TypeInformation<Tuple2<BigDecimal, Long>> ACCUMULATOR = Types.TUPLE(Types.BIG_DEC, Types.LONG);

    private Tuple2<BigDecimal, Long> combine(Tuple2<BigDecimal, Long> a, BigDecimal value, long count) {
        if (a.f1 == 0) {
            return Tuple2.of(value, count);
        }
        BigDecimal combined =
                switch (this) {
                    case SUM, AVG -> a.f0.add(value);
                    case MIN -> a.f0.min(value);
                    case MAX -> a.f0.max(value);
                    case COUNT -> a.f0;
                };
        return Tuple2.of(combined, a.f1 + count);
    }

    private double result(Tuple2<BigDecimal, Long> a) {
        return switch (this) {
            case SUM, MIN, MAX -> finite(a.f0);
            // One value needs no division, and so no rounding to the division's 34 digits.
            case AVG -> finite(a.f1 == 1 ? a.f0 : a.f0.divide(BigDecimal.valueOf(a.f1), MathContext.DECIMAL128));
            case COUNT -> a.f1;
        };
    }

    /** The nearest double; beyond the greatest double, that one: results are strict JSON, without infinities. */
    private static double finite(BigDecimal exact) {
        return Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, exact.doubleValue()));
    }

    /** The aggregation as Flink's windows apply it, event by event. */
    public AggregateFunction<Event, Tuple2<BigDecimal, Long>, Double> function() {
        return new Function(this);
    }

    private record Function(Aggregation how) implements AggregateFunction<Event, Tuple2<BigDecimal, Long>, Double> {

        @Override
        public Tuple2<BigDecimal, Long> createAccumulator() {
            return Tuple2.of(BigDecimal.ZERO, 0L);
        }

        @Override
        public Tuple2<BigDecimal, Long> add(Event event, Tuple2<BigDecimal, Long> accumulator) {
            return how.combine(accumulator, event.value(), 1);
        }

        @Override
        public Double getResult(Tuple2<BigDecimal, Long> accumulator) {
            return how.result(accumulator);
        }

        @Override
        public Tuple2<BigDecimal, Long> merge(Tuple2<BigDecimal, Long> a, Tuple2<BigDecimal, Long> b) {
            return b.f1 == 0 ? a : how.combine(a, b.f0, b.f1);
        }
    }
}
