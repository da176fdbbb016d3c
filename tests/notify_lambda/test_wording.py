"""What people read; the golden files show it."""

import re
from pathlib import Path

import msgspec
import pytest
from alert_records import SERIES, alert, dip, spike
from hypothesis import given
from hypothesis import strategies as st
from test_text import GSM_03_38

from contracts.results import Dimension, Result
from notify_lambda.wording import Wording, link

GOLDEN = Path(__file__).parent / "golden"
DASHBOARD = "https://dashboard.example.org/"

CASES = {
    "spike": Wording(alert(spike()), DASHBOARD),
    "dip": Wording(alert(dip()), None),
    "hour_in_money": Wording(
        alert(
            spike(
                measure="revenue",
                dimension_list=(Dimension("city", "Łódź"), Dimension("shop", "Zażółć & Söhne")),
                detection_period_start_time="2026-11-13 23:00:00",
                detection_period_end_time="2026-11-14 00:00:00",
                episode_start_time="2026-11-12 22:00:00",
                aggregated_measure_value=1_234_567.89,
                expected_value=-12.3456,
                lower_bound=-310.0,
                upper_bound=280.5,
                reason=None,
            )
        ),
        DASHBOARD,
    ),
    "hostile": Wording(
        alert(
            spike(
                measure="*",
                detector_name="bookstore\r\nBcc: everyone@example.org",
                dimension_list=(Dimension("na\u202eme", "\x1b[31mSALE\r\nSubject: hello\x00 " + "9" * 10_000),),
                reason="\x1b[31m75\r\nBcc: everyone@example.org " + "all " * 1000,
            )
        ),
        None,
    ),
    "stuck": Wording(
        alert(
            spike(
                aggregated_measure_value=14.0,
                direction="NONE",
                reason="stuck at 14 for 21 minutes, longer than ever before",
                episode_start_time="2026-11-13 08:01:00",
            )
        ),
        DASHBOARD,
    ),
    "one_series": Wording(alert(spike(dimension_list=(), measure="*")), None),
}


def shown(wording: Wording) -> str:
    return f"Subject: {wording.subject()}\n\n{wording.email()}\nSMS: {wording.sms()}\n"


@pytest.mark.parametrize("name", sorted(CASES))
def test_people_read_what_the_golden_files_show(name: str) -> None:
    assert shown(CASES[name]) == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_there_is_no_golden_file_that_nobody_compares() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


def numbers_of_people() -> st.SearchStrategy[float]:
    return st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)


@st.composite
def results(draw: st.DrawFn) -> Result:
    start, end = sorted((draw(st.datetimes()), draw(st.datetimes())))
    lower, upper = sorted((draw(numbers_of_people()), draw(numbers_of_people())))
    names = st.text(max_size=40) | st.text("0123456789.,", max_size=200)
    return spike(
        detector_name=draw(names),
        measure=draw(names),
        timeseries_id=draw(names | st.just(SERIES)),
        dimension_list=tuple(Dimension(draw(names), draw(names)) for _ in range(draw(st.integers(0, 25)))),
        aggregated_measure_value=draw(numbers_of_people()),
        expected_value=draw(numbers_of_people()),
        lower_bound=lower,
        upper_bound=upper,
        direction=draw(st.sampled_from(["HIGH", "LOW", "NONE"])),
        reason=draw(st.none() | names),
        anomaly_score=draw(st.floats(0, 100)),
        anomaly_confidence_score=draw(st.floats(0, 100)),
        detection_period_start_time=start.isoformat(sep=" ", timespec="seconds"),
        detection_period_end_time=end.isoformat(sep=" ", timespec="seconds"),
        episode_start_time=draw(st.none() | st.just(start.isoformat(sep=" ", timespec="seconds"))),
    )


@given(results(), st.sampled_from([None, DASHBOARD, "https://d.example.org/" + "x~" * 200]))
def test_whatever_a_record_holds_the_texts_are_what_sns_takes(result: Result, url: str | None) -> None:
    wording = Wording(alert(result), url)

    subject, sms, email = wording.subject(), wording.sms(), wording.email()

    assert re.fullmatch(r"[!-~][ -~]{0,98}", subject)
    assert set(sms) <= set(GSM_03_38) | set("~")
    assert len(sms) + sms.count("~") <= 160
    assert all(line.isprintable() for line in email.splitlines())
    assert 10 <= len(email.splitlines()) <= 12


@given(results())
def test_no_number_is_cut(result: Result) -> None:
    wording = Wording(alert(result), DASHBOARD)
    whole = re.search(r"^Actual: +([^,]+(,\d{3})*), ", wording.email(), re.MULTILINE)
    assert whole

    for text in (wording.subject(), wording.sms()):
        assert re.search(rf": (only )?{re.escape(whole[1])}, expected ", text)


@pytest.mark.parametrize("url", [DASHBOARD, None])
@pytest.mark.parametrize("result", [spike(), dip(), spike(aggregated_measure_value=1_234_567.0, upper_bound=900_000.0)])
def test_an_sms_without_a_reason_names_everything(result: Result, url: str | None) -> None:
    sms = Wording(alert(msgspec.structs.replace(result, reason=None)), url).sms()

    for part in (
        "item-A: ",
        "08:01 UTC on 13 Nov",
        "expected 1",
        "(",
        "Low" if result.direction == "LOW" else "High",
        "score 9",
        "confidence 98%",
        "since 07:55" if result.direction == "LOW" else "since 08:01",
        url or "Kafka results-2 at 5143",
    ):
        assert part in sms


@pytest.mark.parametrize("url", [DASHBOARD, None])
@pytest.mark.parametrize("result", [spike(), dip()])
def test_an_sms_with_a_reason_names_it_and_all_but_the_confidence(result: Result, url: str | None) -> None:
    sms = Wording(alert(result), url).sms()

    for part in (
        "item-A: ",
        "08:01 UTC",
        "13 Nov",
        "expected 1",
        "(",
        f". {result.reason}. ",
        "core 9",
        "since 07:55" if result.direction == "LOW" else "since 08:01",
        url or "Kafka results-2 at 5143",
    ):
        assert part in sms


def test_an_sms_holds_the_whole_link_where_it_fits() -> None:
    found = alert(spike(timeseries_id="s1", reason=None))

    assert Wording(found, "https://d.example/").sms().endswith(link("https://d.example/", found))


def test_a_low_value_is_worded_as_one() -> None:
    assert "only 6, expected 18" in Wording(alert(dip()), None).subject()


@pytest.mark.parametrize("actual", [6.2, 12.0, 23.6])
@pytest.mark.parametrize("reason", [None, "", "\r\n\x00"])
def test_without_a_reason_a_value_within_its_band_is_said_to_be_unusual_after_those_before(
    actual: float, reason: str | None
) -> None:
    inside = spike(aggregated_measure_value=actual, lower_bound=6.2, upper_bound=23.6, direction="LOW", reason=reason)

    assert "Why:" not in Wording(alert(inside), None).email()
    assert (
        "lower than expected; such a value is ordinary by itself, but not after" in Wording(alert(inside), None).email()
    )


@pytest.mark.parametrize("actual", [6.1, 23.7])
def test_a_value_outside_its_band_needs_no_explanation(actual: float) -> None:
    outside = spike(aggregated_measure_value=actual, lower_bound=6.2, upper_bound=23.6, reason=None)

    assert "ordinary by itself" not in Wording(alert(outside), None).email()


def test_a_reason_says_why_in_the_email_and_in_the_sms() -> None:
    stuck = CASES["stuck"]

    assert "\nActual:      14, unusual\n" in stuck.email()
    assert "\nWhy:         stuck at 14 for 21 minutes, longer than ever before\n" in stuck.email()
    assert ". Stuck at 14 for 21 minutes, longer than ever before." in stuck.sms()


def test_a_reason_for_which_an_sms_has_no_room_is_left_out_whole() -> None:
    wordy = Wording(alert(spike(reason="75, " + "much " * 30 + "more than 13")), DASHBOARD)

    assert "much" not in wordy.sms()
    assert wordy.sms().endswith(f"High, score 94, confidence 98%, since 08:01. {DASHBOARD}")


def test_without_letters_that_an_sms_can_show_the_series_is_named_by_its_code() -> None:
    wording = Wording(alert(spike(dimension_list=(Dimension("item", "日本語"),))), None)

    assert wording.subject().startswith("series f3c7f14e: 75")
    assert wording.sms().startswith("series f3c7f14e: 75")
    assert wording.email().startswith("日本語: 75")


def test_without_dimensions_the_measure_is_the_name() -> None:
    assert Wording(alert(spike(dimension_list=())), None).subject().startswith("quantity: 75")


def test_rounding_does_not_move_an_unusual_count_into_its_band() -> None:
    subject = Wording(alert(spike(aggregated_measure_value=24.0, upper_bound=23.6)), None).subject()

    assert "24, expected 13.7 (6.2-23.6)" in subject


def test_a_link_is_percent_encoded() -> None:
    found = alert(spike(timeseries_id="a b&at=1#\n"))

    assert link(DASHBOARD, found) == f"{DASHBOARD}#series=a%20b%26at%3D1%23%0A&at=2026-11-13T08:01:00Z"
