import base64
import json

import msgspec
import pytest
from alert_records import record, spike
from sns_cloud import Cloud

from contracts.deadletters import DeadLetter
from contracts.results import encode
from notify_lambda.dead_letters import DeadLetterQueue, write_letter
from readers.kafka_event import KafkaRecord


def letter_of(data: bytes | str) -> DeadLetter:
    return msgspec.json.decode(data, type=DeadLetter)


def test_a_letter_says_why_and_where_and_holds_the_value() -> None:
    assert letter_of(write_letter(record(b"{nope"), "not_json")) == DeadLetter(
        "not_json", "results", 2, 5143, 1_794_556_920_000, "{nope", "utf-8", 5
    )


def test_bytes_that_are_not_utf8_are_in_base64() -> None:
    letter = letter_of(write_letter(record(b"\xff\x00"), "not_utf8"))

    assert (letter.body, letter.body_encoding, letter.body_bytes) == (
        base64.b64encode(b"\xff\x00").decode(),
        "base64",
        2,
    )


def test_text_of_an_event_that_is_not_base64_is_the_body() -> None:
    letter = letter_of(write_letter(KafkaRecord("results", 0, 1, 2, None, "?ä?"), "not_base64"))

    assert (letter.body, letter.body_bytes) == ("?ä?", 4)


@pytest.mark.parametrize(
    "value", [b"x" * 1_000_000, b'"' * 1_000_000, "日\uffff".encode() * 300_000, b"\xff" * 1_000_000]
)
def test_a_large_value_is_cut_so_that_the_queue_takes_it(cloud: Cloud, value: bytes) -> None:
    assert DeadLetterQueue(cloud.clients["sqs"], cloud.letters_url).send(record(value), "not_json")

    (message,) = cloud.raw(cloud.letters_url)
    letter = letter_of(message["Body"])
    assert letter.body_bytes == len(value)
    assert letter.body
    assert len(letter.body) > 30_000
    assert len(message["Body"]) <= 262_144
    if letter.body_encoding == "utf-8":
        assert value.decode().startswith(letter.body)


def test_a_letter_can_be_chosen_by_reason_without_reading_it(cloud: Cloud) -> None:
    DeadLetterQueue(cloud.clients["sqs"], cloud.letters_url).send(record(encode(spike())), "refused")

    (message,) = cloud.raw(cloud.letters_url)
    assert message["MessageAttributes"]["reason"]["StringValue"] == "refused"
    assert message["MessageAttributes"]["place"]["StringValue"] == "results-2-5143"
    assert json.loads(message["Body"])["body"] == encode(spike()).decode()


def test_a_queue_that_is_not_there_did_not_take_it(cloud: Cloud) -> None:
    assert not DeadLetterQueue(cloud.clients["sqs"], cloud.letters_url + "-missing").send(record(b""), "empty")
