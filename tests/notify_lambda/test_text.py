import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_lambda.text import ascii_text, clean, clock, day, gsm_text, number, septets, shorten, span

# 3GPP TS 23.038, 6.2.1, column by column, without LF, CR and ESC.
GSM_03_38 = (
    "@£$¥èéùìòÇØøÅå" "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ" " !\"#¤%&'()*+,-./" "0123456789:;<=>?" "¡ABCDEFGHIJKLMNO" "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno" "pqrstuvwxyzäöñüà"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("item-A", "item-A"),
        ("  two\t words\r\nand more\x0b", "two words and more"),
        ("a\x1b[31mred\x1b[0m", "a [31mred [0m"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028separator\u2029", "line separator"),
        ("\x00\x07\x7f\x85", ""),
        ("cafe\u0301", "café"),
        ("日本", "日本"),
        ("\uffff\ue000", ""),
    ],
)
def test_a_name_becomes_one_harmless_line(text: str, line: str) -> None:
    assert clean(text, 50) == line


@given(st.text(), st.integers(2, 30))
def test_a_clean_line_is_short_and_shows_all_it_holds(text: str, limit: int) -> None:
    line = clean(text, limit)

    assert len(line) <= limit
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for char in line)
    assert line == line.strip()


def test_a_line_that_was_cut_says_so() -> None:
    assert clean("x" * 10_000, 10) == "xxxxxxxxx…"
    assert clean("\x00" * 10_000, 10) == "…"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Käse – 3 €", "Kase - 3 EUR"),
        ("Straße", "Strasse"),
        ("Łódź", "Lodz"),
        ("item 日", "item ?"),
        ("日本", ""),
        ("--", "--"),
    ],
)
def test_ascii_takes_the_closest_letters(text: str, plain: str) -> None:
    assert ascii_text(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Käse Ñ Ω", "Käse Ñ Ω"), ("Łódź", "Lodz"), ("[a]~`b`|{c}^\\", "(a)-'b'/(c)'/"), ("日本", ""), ("10 €", "10 EUR")],
)
def test_an_sms_keeps_the_letters_of_its_alphabet(text: str, plain: str) -> None:
    assert gsm_text(text) == plain


@given(st.text())
def test_what_is_made_for_an_sms_is_in_its_alphabet(text: str) -> None:
    plain = gsm_text(text)

    assert set(plain) <= set(GSM_03_38)
    assert septets(plain) == len(plain)


def test_septets_are_counted_as_the_network_does() -> None:
    assert septets(GSM_03_38) == 125
    assert septets("^{}\\[~]|€") == 18
    assert septets("日") > 160


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("item-A", 6, "item-A"),
        ("a long name of a shop", 12, "a long nam.."),
        ("shop 12345", 9, "shop.."),
        ("shop 1,234.5 north", 12, "shop.."),
        ("shop 12.50 north", 9, "shop.."),
        ("shop 12 north", 10, "shop 12.."),
        ("1234567890", 5, ""),
        ("anything", 1, ""),
    ],
)
def test_a_name_is_cut_before_a_number_rather_than_within_it(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"), (-0.0, "0"), (14.0, "14"), (75, "75"), (-3.0, "-3"), (1_234_567.0, "1,234,567"), (13.618, "13.62"),
        (142.44, "142.4"), (1234.56, "1,235"), (0.00012, "0.00012"), (0.1 + 0.2, "0.3"), (1e300, "1e300"),
        (-1.25e-7, "-1.25e-7"), (999_999_999_999.0, "999,999,999,999"), (1e12, "1e12"), (999.96, "1,000"),
        (9.99999, "10"), (5e-324, "4.941e-324"), (1.7976931348623157e308, "1.798e308"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(value: float, written: str) -> None:
    assert number(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_short_and_close(value: float) -> None:
    written = number(value)

    assert len(written) <= 16
    assert abs(Decimal(written.replace(",", "")) - Decimal(value)) <= abs(Decimal(value)) * Decimal("6e-4")


def test_a_band_below_zero_is_not_mistaken() -> None:
    assert span("6", "24") == "6-24"
    assert span("-3", "24") == "-3 to 24"


def test_times_have_seconds_only_where_they_matter() -> None:
    assert clock(datetime(2026, 11, 13, 8, 1, tzinfo=UTC)) == "08:01"
    assert clock(datetime(2026, 11, 13, 8, 1, 30, tzinfo=UTC)) == "08:01:30"
    assert day(datetime(2026, 5, 3, tzinfo=UTC)) == "3 May"
