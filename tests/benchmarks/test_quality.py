"""The scorers of alerts and scores, against cases counted by hand, and our detector on a few labelled series."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.__main__ import main
from benchmarks.quality import command, contenders, made, meaning, pictures, sets
from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import DATA, Series, folder, labelled, labels_of, runs


def a_series(rows: int, spans: list[tuple[int, int]], step: float = 60.0) -> Series:
    times = 1.7e9 // 86_400 * 86_400 + step * np.arange(rows)
    return Series("made", times, np.ones(rows), labels_of(rows, spans), tuple(spans))


def test_a_bare_score_alerts_at_its_first_point_over_the_threshold_after_ten_without() -> None:
    raw = np.zeros(40)
    raw[[3, 4, 14, 30]] = 1.0

    assert np.flatnonzero(contenders.onsets(raw, 0.5)).tolist() == [3, 30]


def test_the_rule_alerts_beyond_four_deviations_of_the_last_day_and_not_in_a_constant_series() -> None:
    series = a_series(3000, [])
    values = np.random.default_rng(1).normal(size=3000)
    values[2500] = 6.0
    values[10] = np.nan

    found = contenders.rolling_sigma(Series("made", series.times, values, series.labels, ()))

    past = values[2500 - 1440 : 2500]
    assert found.alert is not None
    assert found.alert[2500]
    assert found.raw[2500] == pytest.approx((6.0 - past.mean()) / past.std())
    assert not contenders.rolling_sigma(series).raw.any()


def test_an_unknown_detector_is_an_error_that_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no detector 'nobody'; there are anomaly, .*rrcf"):
        contenders.judge("nobody")


def test_a_twin_keeps_the_ends_of_its_windows_and_drops_three_points_in_a_hundred() -> None:
    rows = 5000
    series = Series(
        "made", 300.0 * np.arange(rows), np.arange(rows) + 0.5, labels_of(rows, [(900, 950)]), ((900, 950),)
    )

    twin = made.twin(series, np.random.default_rng(3))

    [(first, last)] = twin.windows
    assert (twin.times[first], twin.times[last]) == (900 * 300.0, 950 * 300.0)
    assert 0.92 * rows < len(twin.values) < 0.98 * rows
    assert np.abs(twin.values / (twin.times / 300 + 0.5) - 1).max() < 0.3


def test_the_bookstore_sells_half_in_odd_hours_and_its_events_are_where_its_windows_say() -> None:
    [item_a, item_b] = made.bookstore()
    outside = (item_a.labels == 0) & (item_a.times < item_a.times[0] + 2 * 86_400)
    odd = item_a.times // 3600 % 2 == 1

    assert (len(item_a.windows), len(item_b.windows)) == (25, 25)
    assert item_a.values[outside & ~odd].mean() == pytest.approx(20, rel=0.02)
    assert item_a.values[outside & odd].mean() == pytest.approx(10, rel=0.02)
    assert made.bookstore()[0].values.tolist() == item_a.values.tolist()


def test_shares_and_coverage_are_of_ordinary_points_after_two_days() -> None:
    labelled = a_series(2880 + 1000, [(3040, 3059)])
    series = Series("made", labelled.times, labelled.values, labelled.labels, ((3000, 3099),))  # a wider window
    score = np.zeros(3880)
    score[2880 : 2880 + 90] = 45.0  # 90 of the 900 ordinary points
    score[3000:3100] = 99.0
    upper = np.ones(3880)
    upper[3200:3209] = 0.5  # nine of them leave the band
    verdicts = Verdicts(score, score=score, lower=np.zeros(3880), upper=upper)

    assert meaning.shares([(series, verdicts)]) == {"share_20": 0.1, "share_40": 0.1, "share_60": 0.0}
    assert meaning.coverage([(series, verdicts)]) == pytest.approx({"coverage": 0.99, "coverage_tenth": 0.99})


# The sets ------------------------------------------------------------------------------------------------------------


def test_the_sets_that_ship_are_whole_and_bring_their_licences() -> None:
    by_name = {one.name: one.series() for one in sets.shipped() if one.name in {"NAB", "cloud"}}

    assert {name: (len(each), sum(len(one.windows) for one in each)) for name, each in by_name.items()} == {
        "NAB": (29, 58),
        "cloud": (30, 116),
    }
    assert len(list((DATA / "kpi").glob("*.csv.gz"))) == 15
    for name in ("nab", "cloud", "kpi"):
        assert "Permission is hereby granted, free of charge" in (DATA / name / "LICENSE.txt").read_text()


def test_a_folder_of_csv_files_is_read_with_empty_values_and_iso_times(tmp_path: Path) -> None:
    text = "timestamp,value,label\n2024-01-01T00:00:00,1.5,0\n2024-01-01T00:01:00,,1\n1704067320,2,1\n"
    (tmp_path / "one.csv").write_text(text)

    [series] = folder(tmp_path)

    assert series.name == "one"
    assert (series.times - series.times[0]).tolist() == [0.0, 60.0, 120.0]
    assert np.isnan(series.values).tolist() == [False, True, False]
    assert series.windows == ((1, 2),)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "time,value\n1,2\n", "needs the columns timestamp, value and label, it has time, value"),
        ("a.txt", "", "has no .csv or .csv.gz file"),
    ],
)
def test_a_folder_that_cannot_be_read_is_an_error_that_says_why(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(ValueError, match=message):
        folder(tmp_path)


def test_runs_closer_than_the_gap_are_one() -> None:
    mask = np.array([0, 1, 1, 0, 1, 0, 0, 1], dtype=bool)

    assert runs(mask) == [(1, 2), (4, 4), (7, 7)]
    assert runs(mask, gap=2) == [(1, 4), (7, 7)]


# Our detector: a guard against doing worse ---------------------------------------------------------------------------


def five_minutes() -> list[Series]:
    return [labelled(DATA / "kpi" / f"{name}.csv.gz") for name in ("54350a12", "ab216663", "e0747cad")]


def test_the_detector_finds_what_it_found_when_these_floors_were_set() -> None:
    wanted = {one.name: one for one in sets.shipped()}

    bookstore = sets.reach(contenders.OURS, wanted["bookstore"])
    nab = sets.reach(contenders.OURS, wanted["NAB"])

    small = sets.Set("kpi of five minutes", 5, False, five_minutes)
    kpi = sets.reach(contenders.OURS, small)

    assert bookstore["found"] >= 46
    assert bookstore["false"] <= 1
    assert nab["found"] >= 50
    assert nab["false"] <= 75
    assert nab["nab_standard"] >= 74
    assert nab["coverage"] >= 0.97
    assert kpi["found"] >= 12
    assert kpi["false"] <= 8
    assert kpi["challenge_f1"] >= 0.8


def test_the_table_names_every_set_and_detector_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    figures = command.measure(
        [one for one in sets.shipped() if one.name == "bookstore"], [contenders.RULE], quiet=False
    )

    text = command.table({**figures, "missing": {"krcf": "not installed: pip install krcf"}})

    assert "bookstore, 2 series" in text
    assert contenders.RULE in text
    assert "krcf: not installed: pip install krcf" in text
    with pytest.raises(SystemExit, match="no set begins with nothing"):
        main(["quality", "--set", "nothing"])
    assert capsys.readouterr().out == ""


def test_a_peer_that_fails_loses_its_own_figures_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> peers.Feed:
        def feed(_times: np.ndarray, _values: np.ndarray) -> peers.Judgement:
            msg = "takes no books"
            raise RuntimeError(msg)

        return feed

    monkeypatch.setitem(contenders.PEERS, "rcf3", peers.Peer("rcf3", "rcf3", lambda: refuse))
    bookstore = sets.Set("bookstore", None, True, made.bookstore)

    figures = command.measure([bookstore], [contenders.RULE, "rcf3"], quiet=False)

    assert [row["detector"] for row in figures["sets"]] == [contenders.RULE]
    assert figures["missing"] == {"rcf3, bookstore": "failed: RuntimeError: takes no books"}


def test_the_page_of_pictures_shows_hits_misses_and_false_alerts_with_their_reasons() -> None:
    page = pictures.page([sets.Set("bookstore", None, True, made.bookstore)])

    assert page.startswith("<!doctype html>")
    assert "bookstore: found, " in page
    assert "bookstore: nobody labelled, " in page
    assert page.count("<figure>") >= 12
    assert page.count("<span class=why>") >= 12
    assert "http" not in page
