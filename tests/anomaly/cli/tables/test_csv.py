"""Reading rows as they come: nothing lost, nothing waited for, what is not CSV named."""

import gzip
import io
import os
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.cli.command_errors import InputError
from anomaly.cli.tables.csv import find_delimiter
from anomaly.cli.tables.formats import open_table
from anomaly.cli.tables.table import Row, Table


def reader(data: bytes | str) -> Table:
    raw = data if isinstance(data, bytes) else data.encode()
    return open_table(io.BufferedReader(io.BytesIO(raw)))


def rows(data: bytes | str, most: int = 3) -> list[Row]:
    source = reader(data)
    found: list[Row] = []
    while batch := source.rows(most):
        assert len(batch) <= most
        found += batch
    return found


def cells(data: bytes | str) -> list[tuple[str, ...]]:
    return [row.cells for row in rows(data)]


def test_rows_keep_their_text_their_ending_and_their_line_number() -> None:
    assert rows('a,"b"\r\n\n1, "x\ny"\n"3",4 ') == [
        Row(1, 'a,"b"\r\n', ("a", "b")),
        Row(3, '1, "x\ny"\n', ("1", "x\ny")),
        Row(5, '"3",4 ', ("3", "4 ")),
    ]


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")), min_size=2, max_size=2), min_size=1
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_putting_the_texts_together_gives_the_file_again(
    table: Sequence[Sequence[str]], ending: str, final: bool
) -> None:
    lines = ['"' + '","'.join(cell.replace('"', '""') for cell in row) + '"' for row in table]
    text = ending.join(lines) + (ending if final else "")
    found = rows(text)
    assert "".join(row.text for row in found) == text
    assert [row.cells for row in found] == [tuple(row) for row in table]


def test_a_byte_order_mark_belongs_to_no_cell() -> None:
    source = reader("\ufefftime,value\n1,2\n")
    assert source.opening(None, ["score"]) == "\ufeff"
    assert source.rows(1)[0].cells == ("time", "value")


def test_the_bytes_read_are_those_of_the_rows_so_far() -> None:
    source = reader("a,b\n1,2\n3,4")
    assert source.bytes_read() == 0
    source.rows(2)
    assert source.bytes_read() == 8
    source.rows(2)
    assert source.bytes_read() == 11


def test_gzip_is_unpacked() -> None:
    assert cells(gzip.compress(b"a,b\n1,2\n")) == [("a", "b"), ("1", "2")]


def test_a_packed_file_that_was_cut_off_is_refused() -> None:
    with pytest.raises(InputError, match="the gzip file is damaged or cut off"):
        rows(gzip.compress(b"a,b\n1,2\n")[:-9])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the input is empty"),
        (b"\n\r\n\n", "the input is empty"),
        (b"a,b\n1,\0\n", "line 2 holds a NUL byte"),
        ("a,b\n1,é\n".encode("cp1252"), r"line 2 is not UTF-8 \(byte 0xE9 at position 3\).*iconv"),
        ("a,b\n".encode("utf-16"), "this is text in UTF-16"),
        (b"PAR1abc", "this is a Parquet file; this version reads CSV only"),
        (b"PK\x03\x04abc", "this is an Excel workbook or a zip archive"),
        (b'{"a": 1}\n', "this is JSON"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a quote opens here that is never closed"),
        (b'a,b\n1,2\n3,"4"5\n', "line 3: a quoted cell is followed by something else"),
        (b"a,b\r1,2\r", "line 1: a carriage return stands inside the line"),
        (b"a" * 1_200_000, "a line is longer than 1,048,576 bytes"),
    ],
)
def test_what_is_not_csv_in_utf8_is_refused_with_what_it_is(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(data)


def test_rows_before_one_that_cannot_be_read_are_returned_first() -> None:
    source = reader(b"a,b\n1,2\n3,\0\n")
    assert len(source.rows(10)) == 2
    with pytest.raises(InputError, match="line 3"):
        source.rows(10)


def test_a_row_is_returned_while_the_writer_of_the_next_takes_its_time() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream, os.fdopen(write, "wb", buffering=0) as writer:
        writer.write(b"time,value\n1,2\n3,")
        source = open_table(stream)
        assert [row.cells for row in source.rows(10)] == [("time", "value"), ("1", "2")]
        later = threading.Timer(0.05, writer.write, [b"4\n5,6\n7,8\n"])
        later.start()
        assert [row.cells for row in source.rows(2)] == [("3", "4"), ("5", "6")]
        later.join()


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["time,value\n", "2024-01-01,5\n"], ","),
        (["time;value\n", "2024-01-01;5\n"], ";"),
        (["time\tvalue\n", "2024-01-01\t5\n"], "\t"),
        (["2024-01-01;3,5\n", "2024-01-02;4,5\n"], ";"),
        (["time,note;remark\n", '2024-01-01,"a;b;c"\n'], ","),
        (['"a;b",c\n', '"d",e\n'], ","),
        (["value\n", "5\n"], ","),
        (['"",";"\n'], ","),
        (['"a", ";b"\n'], ","),
        (['Date;"Amount\n', 'in EUR";Note\n'], ";"),
    ],
)
def test_the_delimiter_is_what_cuts_all_lines_alike(lines: list[str], delimiter: str) -> None:
    assert find_delimiter(lines) == delimiter
