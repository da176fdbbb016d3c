package org.anomaly.flink.window;

import org.anomaly.flink.parse.SeriesKey;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * One series' value of one period.
 *
 * @param bucket of the series
 * @param series key of the series, see {@link SeriesKey}
 * @param value always finite
 */
public record Point(int bucket, String series, double value) {

    /** Flink's description of the class. */
    public static final TypeInformation<Point> TYPE = TypeInformation.of(Point.class);
}
