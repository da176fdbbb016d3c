package org.anomaly.flink.window;

import org.anomaly.flink.parse.SeriesKey;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Names the series and bucket of a period's value. */
public final class SeriesWindow extends ProcessWindowFunction<Double, Point, String, TimeWindow> {

    private final int buckets;

    /** For this number of buckets. */
    public SeriesWindow(int buckets) {
        this.buckets = buckets;
    }

    @Override
    public void process(String series, Context context, Iterable<Double> values, Collector<Point> out) {
        for (double value : values) {
            out.collect(new Point(SeriesKey.bucket(series, buckets), series, value));
        }
    }
}
