package org.anomaly.flink.parse;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Pattern;

/**
 * Event times from JSON, as milliseconds since 1970-01-01T00:00Z; what is finer than a millisecond is cut off.
 *
 * <p>What is a time is one table (docs/contracts.md) with {@code anomaly score}, and both are held to the same cases,
 * {@code times.jsonl}. Parsed by hand because java.time's formatters accept more than is documented there (signed and
 * long years, 24:00, leap seconds) and cost several times as much.
 */
public final class Timestamps {

    /** What the parsers return for anything that is not a time in the years 1 to 9999. */
    public static final long INVALID = Long.MIN_VALUE;

    static final long EARLIEST = LocalDate.of(1, 1, 1).toEpochDay() * 86_400_000L;
    static final long LATEST = LocalDate.of(10_000, 1, 1).toEpochDay() * 86_400_000L - 1;

    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]{1,400}(\\.[0-9]{0,400})?([eE][+-]?[0-9]{1,2})?");
    private static final int SECONDS_DIGITS = 11;
    private static final int NANOSECONDS_DIGITS = 20;
    private static final int DATE = 10;
    private static final int DATE_AND_MINUTES = 16;

    private Timestamps() {}

    /**
     * Reads a number: seconds below 1e11 (the year 5138), milliseconds below 1e14, microseconds below 1e17, nanoseconds
     * below 1e20; fractions are welcome in all.
     *
     * @param text the number as written
     */
    public static long ofNumber(String text) {
        if (text.length() > EventParser.MAX_NUMBER_LENGTH) {
            return INVALID;
        }
        BigDecimal number;
        try {
            number = new BigDecimal(text);
        } catch (NumberFormatException e) {
            return INVALID; // an exponent of more than 32 bits
        }
        if (number.signum() == 0) {
            return 0;
        }
        // Before anything that would write out the digits of 1e999999999.
        long integerDigits = (long) number.precision() - number.scale();
        if (integerDigits > NANOSECONDS_DIGITS) {
            return INVALID;
        }
        if (integerDigits < -NANOSECONDS_DIGITS) {
            return number.signum() < 0 ? -1 : 0;
        }
        int finer = (int) Math.max(0, (integerDigits - SECONDS_DIGITS + 2) / 3);
        return inRange(number.movePointRight(3 - 3 * finer).setScale(0, RoundingMode.FLOOR).longValueExact());
    }

    /**
     * Reads text, white space around it left out: a number as {@link #ofNumber}, or ISO 8601: a date, then optionally
     * "T" or one space with hours and minutes, then optionally seconds with optionally a point or comma and one to nine
     * digits of fraction, then optionally, with or without a space, "Z", "UTC", "+hh:mm", "+hhmm" or "+hh" (or with
     * "-"); without it, UTC. Letters may be small.
     */
    public static long ofText(String untrimmed) {
        String text = trimmed(untrimmed);
        if (text.length() >= DATE && text.charAt(4) == '-' && text.charAt(7) == '-') {
            return ofIso(text);
        }
        return NUMBER.matcher(text).matches() ? ofNumber(text) : INVALID;
    }

    private static long ofIso(String text) {
        int length = text.length();
        int year = digits(text, 0, 4);
        int month = digits(text, 5, 2);
        int day = digits(text, 8, 2);
        int hour = 0;
        int minute = 0;
        int second = 0;
        int millis = 0;
        int offset = 0;
        if (length > DATE) {
            char separator = text.charAt(DATE);
            if (length < DATE_AND_MINUTES
                    || (separator != 'T' && separator != 't' && separator != ' ')
                    || text.charAt(13) != ':') {
                return INVALID;
            }
            hour = digits(text, 11, 2);
            minute = digits(text, 14, 2);
            int at = DATE_AND_MINUTES;
            if (at < length && text.charAt(at) == ':') {
                second = digits(text, at + 1, 2);
                at += 3;
                if (at < length && (text.charAt(at) == '.' || text.charAt(at) == ',')) {
                    int end = at + 1;
                    while (end < length && isDigit(text.charAt(end))) {
                        end++;
                    }
                    int count = end - at - 1;
                    if (count < 1 || count > 9) {
                        return INVALID;
                    }
                    for (int i = 1; i <= 3; i++) {
                        millis = millis * 10 + (i <= count ? text.charAt(at + i) - '0' : 0);
                    }
                    at = end;
                }
            }
            offset = offsetMinutes(text, at < length && text.charAt(at) == ' ' ? at + 1 : at);
        }
        if ((year | month | day | hour | minute | second) < 0
                || year == 0
                || hour > 23
                || minute > 59
                || second > 59
                || offset == Integer.MIN_VALUE) {
            return INVALID;
        }
        long date;
        try {
            date = LocalDate.of(year, month, day).toEpochDay();
        } catch (DateTimeException e) {
            return INVALID;
        }
        long minutes = (date * 24 + hour) * 60 + minute - offset;
        return inRange((minutes * 60 + second) * 1000 + millis);
    }

    /** The text without what Unicode calls space at its ends, the space that does not break a line included. */
    private static String trimmed(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (from < to && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    /** The offset that the text from {@code at} on is, in minutes; Integer.MIN_VALUE if it is none. */
    private static int offsetMinutes(String text, int at) {
        int length = text.length() - at;
        if (length == 0
                || (length == 1 && (text.charAt(at) == 'Z' || text.charAt(at) == 'z'))
                || (length == 3 && text.regionMatches(true, at, "UTC", 0, 3))) {
            return 0;
        }
        boolean colon = length == 6 && text.charAt(at + 3) == ':';
        if (length < 0 || (length != 3 && length != 5 && !colon)) {
            return Integer.MIN_VALUE;
        }
        char sign = text.charAt(at);
        int hours = digits(text, at + 1, 2);
        int minutes = length == 3 ? 0 : digits(text, colon ? at + 4 : at + 3, 2);
        if ((sign != '+' && sign != '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
            return Integer.MIN_VALUE;
        }
        int offset = hours * 60 + minutes;
        return sign == '-' ? -offset : offset;
    }

    /** The number that {@code count} ASCII digits from {@code from} on are; -1 if they are not all there. */
    private static int digits(String text, int from, int count) {
        if (from + count > text.length()) {
            return -1;
        }
        int number = 0;
        for (int i = from; i < from + count; i++) {
            char c = text.charAt(i);
            if (!isDigit(c)) {
                return -1;
            }
            number = number * 10 + (c - '0');
        }
        return number;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static long inRange(long millis) {
        return millis < EARLIEST || millis > LATEST ? INVALID : millis;
    }
}
