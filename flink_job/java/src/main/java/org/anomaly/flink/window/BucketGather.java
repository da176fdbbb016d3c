package org.anomaly.flink.window;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.anomaly.flink.parse.SeriesKey;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * All of a bucket's points of a period as one element, because what costs in Python is the number of elements and state
 * accesses, not their size.
 *
 * <p>Big-endian: i64 start and i64 end of the period in milliseconds, u32 number of points, and for each, sorted by key
 * bytes, u32 key length, key bytes, f64 value. Sorted, because the order of arrival is a matter of timing and results
 * are not.
 */
public final class BucketGather extends ProcessWindowFunction<Point, Row, Integer, TimeWindow> {

    /** The bucket first, as PyFlink's key selector wants it, then the payload. */
    public static final TypeInformation<Row> TYPE =
            new RowTypeInfo(Types.INT, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

    @Override
    public void process(Integer bucket, Context context, Iterable<Point> points, Collector<Row> out)
            throws IOException {
        out.collect(Row.of(bucket, payload(context.window().getStart(), context.window().getEnd(), points)));
    }

    static byte[] payload(long start, long end, Iterable<Point> points) throws IOException {
        List<Point> sorted = new ArrayList<>();
        points.forEach(sorted::add);
        sorted.sort(Comparator.comparing(Point::series));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(32 + 96 * sorted.size());
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(start);
        out.writeLong(end);
        out.writeInt(sorted.size());
        for (Point point : sorted) {
            byte[] key = SeriesKey.bytes(point.series());
            out.writeInt(key.length);
            out.write(key);
            out.writeDouble(point.value());
        }
        return bytes.toByteArray();
    }
}
