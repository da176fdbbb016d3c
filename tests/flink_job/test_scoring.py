import random
import zlib
from collections.abc import Iterable

import pytest
from expected_results import result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jvm_twins import decode_results, encode_series, payload_of

from anomaly import Detector, Fleet
from contracts.results import Result, decode, encode
from contracts.series import timeseries_id
from flink_job.scoring import BucketScorer, ScoredPeriod
from flink_job.settings import ScoringSettings, detector_config
from flink_job.state_log import PHASES, JobStateError
from flink_job.wire import encode_payload

MINUTE = 60_000
SETTINGS = ScoringSettings("bookstore", 70, output_after=12)
SERIES = [encode_series("quantity", {"product_name": f"item-{number}"}) for number in range(6)]


class MemoryState(dict[str, bytes]):
    """Keyed state as a dictionary."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value

    def remove(self, key: str) -> None:
        self.pop(key, None)


def scorer_on(state: MemoryState, scoring: ScoringSettings = SETTINGS) -> BucketScorer:
    return BucketScorer(scoring, Fleet(detector_config(scoring)), state)


def element(period: int, values: Iterable[tuple[bytes, float]]) -> bytes:
    return encode_payload(payload_of(period * MINUTE, (period + 1) * MINUTE, values))


def records_of(scored: ScoredPeriod) -> list[Result]:
    return [decode(value) for _, value in decode_results(scored.block)]


def noisy_elements(periods: int, *, seed: int = 1, share: float = 0.7) -> list[bytes]:
    """Give each period to a random share of the series, so that their models are of different ages."""
    rng = random.Random(seed)
    return [
        element(period, [(series, float(rng.randint(15, 25))) for series in SERIES if rng.random() < share])
        for period in range(periods)
    ]


def lines_of(scorer: BucketScorer, elements: Iterable[bytes]) -> list[bytes]:
    return [value for payload in elements for _, value in decode_results(scorer.score(payload).block)]


def test_results_are_the_librarys_own_numbers() -> None:
    rng = random.Random(3)
    values = [float(rng.randint(15, 25)) if period not in (60, 61) else 94.0 for period in range(100)]
    scorer = scorer_on(MemoryState())
    detector = Detector(detector_config(SETTINGS))
    found: list[Result] = []

    for period, value in enumerate(values):
        scored = scorer.score(element(period, [(SERIES[0], value)]))
        [(key, line)] = decode_results(scored.block)
        expected = detector.process(value, period * 60.0)

        assert key.decode() == timeseries_id(SERIES[0])
        assert line == encode(result_of(SERIES[0], period * MINUTE, (period + 1) * MINUTE, value, expected))
        assert (scored.points, scored.anomalies, scored.alerts) == (1, int(expected.is_anomaly), int(expected.alert))
        found.append(decode(line))

    assert sum(result.alert for result in found) == sum(result.recovered for result in found) == 1
    assert {result.model_stage for result in found} == {"LEARNING", "INFERENCE"}
    [reason] = [result.reason for result in found if result.alert]
    assert reason is not None
    assert reason.startswith("94, ")


def test_series_of_a_period_are_scored_in_the_order_of_their_keys() -> None:
    records = records_of(scorer_on(MemoryState()).score(element(0, [(series, 1.0) for series in reversed(SERIES)])))

    assert [record.dimension_list[0].value for record in records] == [f"item-{number}" for number in range(6)]


def test_series_do_not_influence_each_other() -> None:
    elements = noisy_elements(60)
    together = [decode(line) for line in lines_of(scorer_on(MemoryState()), elements)]

    rng = random.Random(1)
    alone: list[Result] = []
    scorer = scorer_on(MemoryState())
    for period in range(60):
        values = [(series, float(rng.randint(15, 25))) for series in SERIES if rng.random() < 0.7]
        alone += records_of(scorer.score(element(period, [pair for pair in values if pair[0] == SERIES[2]])))

    assert [record for record in together if record.dimension_list[0].value == "item-2"] == alone


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([0.2, 0.7, 1.0]))
def test_after_any_crashes_output_and_state_are_those_of_an_undisturbed_run(seed: int, share: float) -> None:
    """Crash at random moments, go back to the last checkpoint, and continue."""
    rng = random.Random(seed)
    elements = noisy_elements(rng.randint(1, 3 * PHASES), seed=seed, share=share)
    undisturbed_state = MemoryState()
    undisturbed = lines_of(scorer_on(undisturbed_state), elements)

    state, position = MemoryState(), 0
    checkpoint = (MemoryState(), 0)
    scorer = scorer_on(state)
    lines: list[bytes] = []
    while position < len(elements):
        lines += lines_of(scorer, [elements[position]])
        position += 1
        event = rng.random()
        if event < 0.15:
            checkpoint = (MemoryState(state), position)
        elif event < 0.25:
            state, position = MemoryState(checkpoint[0]), checkpoint[1]
            scorer = scorer_on(state)

    assert list(dict.fromkeys(lines)) == undisturbed
    assert state == undisturbed_state


@given(st.integers(1, 40))
@settings(max_examples=10)
def test_a_repeated_element_changes_nothing(periods: int) -> None:
    elements = noisy_elements(periods)
    state = MemoryState()
    scorer = scorer_on(state)
    lines_of(scorer, elements)
    before = MemoryState(state)

    for repeated in elements[-3:]:
        scored = scorer.score(repeated)

        assert (scored.points, decode_results(scored.block)) == (0, [])
    assert state == before


def test_a_second_element_of_the_same_period_with_other_series_is_scored() -> None:
    state = MemoryState()
    scorer = scorer_on(state)
    scorer.score(element(0, [(SERIES[0], 1.0)]))
    second = element(0, [(SERIES[0], 1.0), (SERIES[1], 2.0)])

    assert [record.aggregated_measure_value for record in records_of(scorer.score(second))] == [2.0]
    assert lines_of(scorer_on(state), [second]) == []


def test_an_interrupted_second_element_of_a_period_is_restored_as_well() -> None:
    elements = [element(0, [(SERIES[0], 1.0)]), element(0, [(SERIES[1], 2.0)]), *noisy_elements(20)[1:]]
    state = MemoryState()
    first = lines_of(scorer_on(state), elements[:2])

    assert first + lines_of(scorer_on(state), elements[2:]) == lines_of(scorer_on(MemoryState()), elements)


def test_the_log_stays_short_and_each_series_has_one_snapshot() -> None:
    state = MemoryState()
    lines_of(scorer_on(state), noisy_elements(3 * PHASES, share=1.0))

    assert sum(key.startswith("L") for key in state) == PHASES - 1
    assert sum(key.startswith("S") for key in state) == len(SERIES)


def test_a_series_that_fell_silent_is_not_snapshotted_again() -> None:
    state = MemoryState()
    scorer = scorer_on(state)
    lines_of(scorer, noisy_elements(PHASES, share=1.0))
    lines_of(scorer, [element(period, [(SERIES[0], 1.0)]) for period in range(PHASES, 2 * PHASES)])
    silent = f"S{timeseries_id(SERIES[1])}"
    del state[silent]
    lines_of(scorer, [element(period, [(SERIES[0], 1.0)]) for period in range(2 * PHASES, 4 * PHASES)])

    assert silent not in state


def test_a_damaged_model_is_refused_before_it_is_used() -> None:
    state = MemoryState()
    lines_of(scorer_on(state), noisy_elements(PHASES + 1, share=1.0))
    key = f"S{timeseries_id(SERIES[0])}"
    framed = bytearray(state[key])
    framed[200] ^= 1
    state[key] = bytes(framed[:3] + zlib.crc32(framed[7:]).to_bytes(4, "big") + framed[7:])

    with pytest.raises(JobStateError, match=r"cannot be read: the state is damaged.*restore an earlier checkpoint"):
        scorer_on(state)


def test_a_bucket_that_goes_back_to_an_earlier_state_forgets_what_it_learned_since() -> None:
    fleet = Fleet(detector_config(SETTINGS))
    elements = noisy_elements(40)
    undisturbed = lines_of(BucketScorer(SETTINGS, fleet, MemoryState()), elements)

    assert lines_of(BucketScorer(SETTINGS, fleet, MemoryState()), elements) == undisturbed


def test_a_new_threshold_takes_over_the_models() -> None:
    state = MemoryState()
    lines_of(scorer_on(state), noisy_elements(PHASES + 1, share=1.0))
    other = ScoringSettings("bookstore", 95, SETTINGS.output_after)

    records = records_of(scorer_on(state, other).score(element(1000, [(series, 1.0) for series in SERIES])))

    assert {record.anomaly_decision_threshold for record in records} == {95}
    assert min(record.processed_data_points for record in records) == PHASES + 2


def test_extreme_values_still_give_strict_json() -> None:
    scorer = scorer_on(MemoryState())
    rng = random.Random(5)
    extremes = [0.0, -0.0, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1.0, 1e300, -1e-300]

    for period in range(200):
        assert len(records_of(scorer.score(element(period, [(SERIES[0], rng.choice(extremes))])))) == 1


def test_a_period_before_the_epoch_and_one_at_the_end_of_time_are_scored() -> None:
    scorer = scorer_on(MemoryState())
    first, last = -62_135_596_800_000 // MINUTE, 253_402_300_740_000 // MINUTE

    assert records_of(scorer.score(element(first, [(SERIES[0], 1.0)])))[0].detection_period_start_time == (
        "0001-01-01 00:00:00"
    )
    assert records_of(scorer.score(element(last, [(SERIES[0], 1.0)])))[0].detection_period_end_time == (
        "9999-12-31 23:59:59"
    )
