import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform_lambda.parquet_names import Name, clusters, is_finished

hours = st.integers(0, 23)
ends = st.tuples(hours, hours).map(sorted)
names = st.builds(lambda both, number: Name(*both, number, merged=True), ends, st.integers(0, 99))


@given(names | st.builds(lambda hour, number: Name(hour, hour, number), hours, st.integers(0, 999_999)))
def test_a_name_is_read_as_it_was_written(name: Name) -> None:
    assert Name.parse(str(name)) == name


@pytest.mark.parametrize(
    "text", ["part-0.parquet", "results-07-1.parquet", "results-07-000001.parquet.tmp", "_results-07-000001.parquet"]
)
def test_a_name_of_another_writer_is_none_of_ours(text: str) -> None:
    assert Name.parse(text) is None


def test_the_first_file_of_an_hour_and_the_next() -> None:
    first = Name.after([], 7)

    assert str(first) == "results-07-000000.parquet"
    assert str(Name.after([first, Name(0, 23, 4, merged=True)], 7)) == "results-07-000005.parquet"


def test_a_compacted_file_takes_the_greatest_number_so_that_writers_before_and_after_want_the_same_next() -> None:
    young = [Name(7, 7, 0), Name(7, 7, 1), Name(8, 8, 0)]

    into = Name.instead_of(young)

    assert str(into) == "results-07-08-000001.parquet"
    assert Name.after(young[:2], 7) == Name.after([into], 7)


def test_a_compacted_file_does_not_take_the_name_of_one_that_it_replaces() -> None:
    both = [Name(0, 23, 4, merged=True), Name(3, 5, 4, merged=True)]

    assert Name.instead_of(both) == Name(0, 23, 5, merged=True)


@given(st.sets(names))
def test_clusters_hold_each_name_once_and_no_hour_twice(some: set[Name]) -> None:
    found = list(clusters(some))

    assert sorted(name for cluster in found for name in cluster) == sorted(some)
    taken = [{hour for name in cluster for hour in range(24) if name.covers(hour)} for cluster in found]
    assert all(not one & other for index, one in enumerate(taken) for other in taken[:index])


def test_only_a_compacted_file_alone_in_its_hours_is_finished() -> None:
    merged, young = Name(0, 23, 4, merged=True), Name(7, 7, 5)

    assert [is_finished(one) for one in ((merged,), (young,), (merged, young))] == [True, False, False]


def test_a_file_whose_number_a_compaction_took_away_is_known() -> None:
    merged = Name(0, 11, 4, merged=True)

    assert merged.supersedes(Name(7, 7, 4))
    assert not merged.supersedes(Name(7, 7, 5))
    assert not merged.supersedes(Name(12, 12, 4))
    assert not Name(7, 7, 4).supersedes(Name(7, 7, 3))
