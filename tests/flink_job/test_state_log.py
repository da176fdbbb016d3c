import zlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jvm_twins import bucket_of, encode_series

from contracts.series import timeseries_id
from flink_job.state_log import (
    PHASES,
    JobStateError,
    Restored,
    Snapshot,
    append,
    phase_of,
    restore,
    write_snapshot,
)
from flink_job.wire import Payload

SERIES = encode_series("quantity", {"product_name": "item-A"})


class MemoryState(dict[str, bytes]):
    """Keyed state as a dictionary."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value

    def remove(self, key: str) -> None:
        self.pop(key, None)


def payload(number: int) -> Payload:
    return Payload(number * 60_000, (number + 1) * 60_000, (SERIES,), (float(number),))


def written(count: int) -> MemoryState:
    state = MemoryState()
    for number in range(1, count + 1):
        append(state, number, payload(number))
    if count:
        write_snapshot(state, SERIES, Snapshot(count * 60_000, b"model"))
    return state


def test_no_state_is_a_bucket_that_scored_nothing() -> None:
    assert restore(MemoryState()) == Restored(0, {}, ())


@pytest.mark.parametrize("count", [1, PHASES - 1, PHASES, PHASES + 1, 5 * PHASES])
def test_the_newest_entries_come_back_in_the_order_in_which_they_were_scored(count: int) -> None:
    restored = restore(written(count))

    assert restored.count == count
    assert restored.log == tuple(payload(number) for number in range(max(1, count - PHASES + 2), count + 1))
    assert restored.snapshots == {SERIES: Snapshot(count * 60_000, b"model")}


def test_the_state_is_written_as_in_the_golden_bytes() -> None:
    state = written(1)

    key = f"{len(SERIES):08x}{SERIES.hex()}"
    assert {name: value.hex() for name, value in state.items()} == {
        "L1": f"4146013a5f90eb000000000000ea60000000000001d4c000000001{key}3ff0000000000000",
        "W": "4146011225efff0000000000000001",
        f"S{timeseries_id(SERIES)}": f"414601d9a91d8d000000000000ea60{key}6d6f64656c",
    }


@settings(max_examples=200)
@given(st.data())
def test_any_damaged_byte_is_noticed(data: st.DataObject) -> None:
    state = written(3)
    key = data.draw(st.sampled_from(sorted(state)))
    position = data.draw(st.integers(0, len(state[key]) - 1))
    damaged = bytearray(state[key])
    damaged[position] ^= data.draw(st.integers(1, 255))
    state[key] = bytes(damaged)

    with pytest.raises(JobStateError):
        restore(state)


@given(st.sampled_from(["W", "L1", f"S{timeseries_id(SERIES)}", "Lx", "S", "X"]), st.binary(max_size=60))
def test_arbitrary_bytes_with_a_right_checksum_are_refused(key: str, body: bytes) -> None:
    framed = b"AF\x01" + zlib.crc32(body).to_bytes(4, "big") + body

    with pytest.raises(JobStateError):
        restore(MemoryState({key: framed}))


@pytest.mark.parametrize("missing", ["L2", "L3", "W"])
def test_a_missing_entry_of_the_log_is_noticed(missing: str) -> None:
    state = written(3)
    del state[missing]

    with pytest.raises(JobStateError, match="entries missing"):
        restore(state)


def test_a_snapshot_under_the_name_of_another_series_is_refused() -> None:
    state = written(1)
    state["S" + "0" * 64] = state.pop(f"S{timeseries_id(SERIES)}")

    with pytest.raises(JobStateError, match="of another series"):
        restore(state)


def test_a_state_of_a_later_version_is_refused_saying_so() -> None:
    state = written(1)
    state["W"] = b"AF\x02" + state["W"][3:]

    with pytest.raises(JobStateError, match="has version 2, this job reads 1"):
        restore(state)


def test_the_series_of_one_bucket_are_spread_over_all_phases() -> None:
    keys = [encode_series("quantity", {"product_name": f"item-{number}"}) for number in range(64_000)]
    phases = Counter(phase_of(timeseries_id(key)) for key in keys if bucket_of(key, 64) == 5)

    assert len(phases) == PHASES
    assert max(phases.values()) < 2 * min(phases.values()) + 10
