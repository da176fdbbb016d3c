from anomaly import DetectorConfig
from contracts.series import encode_series
from flink_job.models import LiveModels, Model

CONFIG = DetectorConfig(trees=2, sample_size=8, shingle_size=1, output_after=1)
PERIOD = 60_000


def run_periods(live: LiveModels, models: list[Model], periods: range) -> None:
    for period in periods:
        for model in models:
            live.wake(model).process(float(period), period * 60.0)
            model.end = (period + 1) * PERIOD
            live.settle(model, period * PERIOD)


def new_models(number: int) -> list[Model]:
    return [Model(encode_series("quantity", {"product": str(index)})) for index in range(number)]


def test_no_more_models_are_live_than_the_bound() -> None:
    live = LiveModels(CONFIG, 3)
    models = new_models(10)

    run_periods(live, models, range(4))

    assert len(live) == 3
    assert sum(model.detector is not None for model in models) == 3


def test_more_series_than_the_bound_in_turn_do_not_throw_each_other_out() -> None:
    live = LiveModels(CONFIG, 6)
    models = new_models(10)
    run_periods(live, models, range(2))
    kept = {id(model.detector) for model in models if model.detector}

    run_periods(live, models, range(2, 6))

    assert {id(model.detector) for model in models if model.detector} == kept


def test_a_silent_series_makes_room() -> None:
    live = LiveModels(CONFIG, 2)
    silent, *busy = new_models(3)
    run_periods(live, [silent], range(1))

    run_periods(live, busy, range(1, 4))

    assert silent.detector is None
    assert all(model.detector is not None for model in busy)


def test_a_frozen_model_continues_where_it_was() -> None:
    live = LiveModels(CONFIG, 1)
    models = new_models(2)
    run_periods(live, models, range(5))

    assert live.wake(models[0]).processed_points == 5
    assert live.wake(models[1]).processed_points == 5


def test_the_bytes_of_a_live_model_are_made_anew_after_it_has_learned() -> None:
    live = LiveModels(CONFIG, 1)
    [model] = new_models(1)
    run_periods(live, [model], range(5))
    before = live.bytes_of(model)

    run_periods(live, [model], range(5, 6))

    assert live.bytes_of(model) != before
