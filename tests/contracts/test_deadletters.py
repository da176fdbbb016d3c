import msgspec

from contracts.deadletters import DeadLetter

RECORD = (
    b'{"reason":"not_json","topic":"sales","partition":3,"offset":17,"timestamp":1724938512000,'
    b'"body":"{oops","bodyEncoding":"utf-8","bodyBytes":5}'
)


def letter_of(data: bytes) -> DeadLetter:
    return msgspec.json.decode(data, type=DeadLetter)


def test_a_dead_letter_tells_reason_place_and_body() -> None:
    assert letter_of(RECORD) == DeadLetter("not_json", "sales", 3, 17, 1_724_938_512_000, "{oops", "utf-8", 5)


def test_a_dead_letter_of_only_the_published_fields_is_read_with_defaults() -> None:
    assert letter_of(RECORD.replace(b',"bodyEncoding":"utf-8","bodyBytes":5', b"")).body_encoding == "utf-8"


def test_a_null_body_stays_null() -> None:
    assert letter_of(RECORD.replace(b'"{oops"', b"null")).body is None
