from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.errors import ProgressError
from ingest_lambda.markers import Marker, decode, encode

POSITION = datetime(2024, 8, 29, 13, 35, tzinfo=UTC)
times = st.datetimes(datetime(2, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants it so
names = st.none() | st.text()


@given(st.builds(Marker, times, names, names, names, st.none() | times, st.integers(0)))
def test_a_marker_is_read_as_it_was_written(marker: Marker) -> None:
    assert decode(encode(marker)) == marker


def test_a_marker_is_json_that_a_person_can_read() -> None:
    marker = Marker(POSITION, "public.sales", "event_time", "sales", POSITION - timedelta(minutes=10), 412)

    assert encode(marker) == (
        b'{"position":"2024-08-29T13:35:00Z","table":"public.sales","timestampColumn":"event_time",'
        b'"inputTopic":"sales","recentStart":"2024-08-29T13:25:00Z","recentRows":412}'
    )


def test_a_person_need_only_write_the_position() -> None:
    assert decode(b'{"position": "2024-08-29T15:35:00+02:00", "note": "from history"}') == Marker(POSITION)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'"2024-08-29T13:35:00Z"',
        b'{"position":"2024-08-29T13:35:00"}',
        b'{"position":1724938500}',
        b'{"position":"yesterday"}',
        b'{"position":"2024-08-29T13:35:00Z","table":7}',
        b'{"position":"2024-08-29T13:35:00Z","recentRows":"many"}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_a_marker_is_refused(data: bytes) -> None:
    with pytest.raises(ProgressError, match="the last record of PROGRESS_TOPIC is not a marker"):
        decode(data)
