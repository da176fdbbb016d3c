/**
 * The JVM half of the anomaly detection job: everything that happens once per event.
 *
 * <p>Start at {@link org.anomaly.flink.JobGraph}: the dataflow on one screen. Its stations lie in {@code kafka}, where
 * records come in and go out, {@code parse}, {@code late} and {@code window}. What is decided is decided in pure classes
 * ({@link org.anomaly.flink.parse.EventParser}, {@link org.anomaly.flink.parse.Timestamps}, {@link
 * org.anomaly.flink.parse.SeriesKey}, {@link org.anomaly.flink.window.Aggregation}, {@link
 * org.anomaly.flink.late.DeadLetters}); the operators around them are thin.
 */
package org.anomaly.flink;
