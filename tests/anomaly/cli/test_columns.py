"""Finding the columns to use, and saying why when they can't be found."""

import pytest

from anomaly.cli.columns import Asked, Opening, Plan, find_plan, has_header
from anomaly.cli.command_errors import InputError


def table(header: str, *rows: str) -> Opening:
    return Opening(tuple(header.split(",")), True, [row.split(",") for row in rows])


def headless(*rows: str) -> Opening:
    cells = [row.split(",") for row in rows]
    return Opening(tuple(f"column_{number + 1}" for number in range(len(cells[0]))), False, cells)


def taken(table: Opening, **asked: object) -> tuple[int | None, tuple[int, ...]]:
    plan = find_plan(table, Asked(**asked))  # type: ignore[arg-type]
    return plan.timestamp, plan.values


@pytest.mark.parametrize(
    ("first", "second", "header"),
    [
        ("time,value", "2024-01-01,5", True),
        ("value", "5", True),
        ("date,2023", "2024-01-01,5", True),
        ("time,value", "2024-01-01,n/a", True),
        (",timestamp,value", "0,2024-01-01,5", True),
        ("2024-01-01,5", "2024-01-02,6", False),
        ("2024-01-01,n/a", "2024-01-02,6", False),
        ("8/29/2024 13:35,5", "8/29/2024 13:36,6", False),
        ("5", "6", False),
        ("5", None, False),
        ("value", None, True),
    ],
)
def test_the_first_row_is_a_header_unless_it_looks_like_the_second(
    first: str, second: str | None, header: bool
) -> None:
    assert has_header(first.split(","), None if second is None else second.split(",")) is header


def test_the_timestamp_and_the_one_column_of_numbers_are_found_among_others() -> None:
    assert taken(table("host,value,timestamp", "a,5,2024-01-01", "b,,2024-01-02")) == (2, (1,))


def test_a_file_without_times_is_taken_in_its_order() -> None:
    assert taken(table("value", "5")) == (None, (0,))


@pytest.mark.parametrize("name", ["ts", "timestamp", "eventTime", "event_time", "Date", "unix time"])
@pytest.mark.parametrize("number", [f"1724938512{finer}" for finer in ("", ".25", "250", "250000", "250000000")])
def test_numbers_of_the_size_of_epoch_times_are_times_when_the_name_says_so(name: str, number: str) -> None:
    assert taken(table(f"{name},bytes", f"{number},1724938512")) == (0, (1,))


def test_without_a_header_only_the_first_column_can_hold_epoch_times() -> None:
    assert taken(headless("1724938512,1724938512", "1724938513,1724938512")) == (0, (1,))


def test_small_numbers_in_a_column_called_time_are_not_taken_for_epoch_times() -> None:
    with pytest.raises(InputError, match="2 columns hold numbers: time, value"):
        taken(table("time,value", "1,5"))


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_the_row_numbers_that_pandas_writes_are_not_the_values(name: str) -> None:
    assert taken(table(f"{name},value", "0,5")) == (None, (1,))


def test_two_columns_of_numbers_are_ambiguous_and_the_message_names_both_and_the_option() -> None:
    with pytest.raises(InputError, match=r"cpu, mem; choose one with --value cpu, or take .* --value cpu,mem"):
        taken(table("time,cpu,mem", "2024-01-01,5,6"))


def test_two_columns_of_times_are_ambiguous_and_the_message_names_both_and_the_option() -> None:
    with pytest.raises(InputError, match="2 columns hold times: begin, end; choose one with --timestamp begin"):
        taken(table("begin,end,v", "2024-01-01,2024-01-02,6"))


def test_columns_that_were_asked_for_leave_the_others_to_be_found() -> None:
    both = table("begin,end,cpu,mem", "2024-01-01,2024-01-02,5,6")
    assert taken(both, timestamp="end", values=("mem", "cpu")) == (1, (3, 2))
    assert taken(both, timestamp="end", by=("cpu",)) == (1, (3,))


def test_a_column_can_be_named_by_its_number() -> None:
    assert taken(headless("a,5,6"), values=("3",)) == (None, (2,))
    assert taken(table("time,v,v", "2024-01-01,5,6"), values=("3",)) == (0, (2,))


def test_a_name_made_of_digits_wins_over_a_number() -> None:
    assert taken(table("date,3,2", "2024-01-01,5,6"), values=("3",)) == (0, (1,))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            Asked(values=("valeu",)),
            "--value valeu: there is no such column, only time, value, host; did you mean value?",
        ),
        (Asked(timestamp="zzz"), "--timestamp zzz: there is no such column, only time, value, host$"),
        (Asked(by=("4",)), "--by 4: there is no such column"),
        (Asked(by=("0",)), "--by 0: there is no such column"),
        (Asked(values=("value",), by=("value",)), "column value is asked for more than once"),
        (Asked(timestamp="value", values=("value",)), "column value is asked for more than once"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_ones(asked: Asked, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        find_plan(table("time,value,host", "2024-01-01,5,a"), asked)


def test_a_name_that_two_columns_have_is_refused_with_their_numbers() -> None:
    with pytest.raises(InputError, match="--value v: 2 columns have this name; give the number, 2 and 3"):
        taken(table("time,v,v", "2024-01-01,5,6"), values=("v",))


def test_a_name_is_refused_where_there_is_no_header() -> None:
    with pytest.raises(InputError, match="the file has no header; give a column's number, 1 to 2"):
        taken(headless("2024-01-01,5"), values=("value",))


def test_numbers_with_a_decimal_comma_are_told_apart_from_a_file_without_numbers() -> None:
    with pytest.raises(InputError, match=r"column wert has numbers with a comma \('3,5'\)"):
        find_plan(Opening(("zeit", "wert"), True, [["2024-01-01", "3,5"]]), Asked())
    with pytest.raises(
        InputError, match=r"no column of numbers .* time, price \(first row: 2024-01-01, \$5\).*--value"
    ):
        taken(table("time,price", "2024-01-01,$5"))


def test_the_description_says_what_was_taken() -> None:
    plan = find_plan(table("time,v,host", "2024-01-01,5,a"), Asked())
    assert plan.describe() == "timestamp column: time; value column: v; 1 series"
    plan = find_plan(table("time,a,b,host", "2024-01-01,5,6,a"), Asked(values=("a", "b"), by=("host",)))
    assert plan.describe() == "timestamp column: time; value columns: a, b; one series per host"


def test_the_description_says_why_a_column_of_times_was_not_taken() -> None:
    plan = find_plan(table("date,v", "8/29/2024,5"), Asked())
    assert plan == Plan(("date", "v"), True, None, (1,), (), (0,))
    assert "none (date is not written like 2024-08-29T13:35:00Z), rows are taken in file order" in plan.describe()
