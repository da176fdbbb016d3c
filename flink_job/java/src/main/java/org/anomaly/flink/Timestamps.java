package org.anomaly.flink;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;

/**
 * Event times from JSON, as milliseconds since 1970-01-01T00:00Z; what is finer than a millisecond is cut off.
 *
 * <p>Parsed by hand because java.time's formatters accept more than is documented here (signed and long years, 24:00,
 * leap seconds) and cost several times as much.
 */
public final class Timestamps {

    /** What the parsers return for anything that is not a time in the years 1 to 9999. */
    public static final long INVALID = Long.MIN_VALUE;

    static final long EARLIEST = LocalDate.of(1, 1, 1).toEpochDay() * 86_400_000L;
    static final long LATEST = LocalDate.of(10_000, 1, 1).toEpochDay() * 86_400_000L - 1;

    private static final BigDecimal SECONDS_BELOW = BigDecimal.valueOf(100_000_000_000L);
    private static final int MAX_DIGITS = 20;
    private static final int DATE_AND_MINUTES = 16;

    private Timestamps() {}

    /**
     * Reads a JSON number: seconds below 1e11 (the year 5138), else milliseconds; fractions are welcome in both.
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
        if (integerDigits > MAX_DIGITS) {
            return INVALID;
        }
        if (integerDigits < -MAX_DIGITS) {
            return number.signum() < 0 ? -1 : 0;
        }
        BigDecimal millis = number.abs().compareTo(SECONDS_BELOW) < 0 ? number.movePointRight(3) : number;
        BigDecimal floor = millis.setScale(0, RoundingMode.FLOOR);
        return floor.precision() > MAX_DIGITS - 2 ? INVALID : inRange(floor.longValueExact());
    }

    /**
     * Reads ISO 8601 text: a date, "T" or one space, hours and minutes, then optionally seconds with optionally one to
     * nine digits of fraction, then optionally "Z", "+hh:mm", "+hhmm" or "+hh" (or with "-"); without it, UTC.
     */
    public static long ofText(String text) {
        int length = text.length();
        if (length < DATE_AND_MINUTES
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || (text.charAt(10) != 'T' && text.charAt(10) != ' ')
                || text.charAt(13) != ':') {
            return INVALID;
        }
        int year = digits(text, 0, 4);
        int month = digits(text, 5, 2);
        int day = digits(text, 8, 2);
        int hour = digits(text, 11, 2);
        int minute = digits(text, 14, 2);
        int second = 0;
        int millis = 0;
        int at = DATE_AND_MINUTES;
        if (at < length && text.charAt(at) == ':') {
            second = digits(text, at + 1, 2);
            at += 3;
            if (at < length && text.charAt(at) == '.') {
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
        int offset = offsetMinutes(text, at);
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

    /** The offset that the text from {@code at} on is, in minutes; Integer.MIN_VALUE if it is none. */
    private static int offsetMinutes(String text, int at) {
        int length = text.length() - at;
        if (length == 0 || (length == 1 && text.charAt(at) == 'Z')) {
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
