/**
 * The JVM half of the anomaly detection job: everything that happens once per event.
 *
 * <p>Start at {@link org.anomaly.flink.JobGraph}: the dataflow on one screen. What is decided is decided in pure
 * classes ({@link org.anomaly.flink.EventParser}, {@link org.anomaly.flink.Timestamps}, {@link
 * org.anomaly.flink.SeriesKey}, {@link org.anomaly.flink.Aggregation}, {@link org.anomaly.flink.DeadLetters}); the
 * operators around them are thin.
 */
package org.anomaly.flink;
