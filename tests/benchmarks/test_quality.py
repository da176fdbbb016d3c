"""The scorers of alerts and scores, against cases counted by hand, and our detector on a few labelled series."""

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.__main__ import main
from benchmarks.quality import command, contenders, episodes, made, meaning, pictures, ranking, sets, windows
from benchmarks.quality.contenders import Verdicts
from benchmarks.quality.series import DATA, UNKNOWN, Series, folder, labelled, labels_of, runs


def a_series(rows: int, spans: list[tuple[int, int]], step: float = 60.0) -> Series:
    times = 1.7e9 // 86_400 * 86_400 + step * np.arange(rows)
    return Series("made", times, np.ones(rows), labels_of(rows, spans), tuple(spans))


def alerts_at(rows: int, *at: int) -> np.ndarray:
    alert = np.zeros(rows, dtype=bool)
    alert[list(at)] = True
    return alert


def squashed(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1


# Windows -------------------------------------------------------------------------------------------------------------


def test_no_alert_scores_0_and_one_at_the_first_point_of_every_window_100() -> None:
    series = a_series(100, [(30, 39), (60, 69)])

    silent = windows.Judged(series, alerts_at(100))
    perfect = windows.Judged(series, alerts_at(100, 30, 60))

    assert windows.score([silent], windows.STANDARD) == pytest.approx(0)
    assert windows.score([perfect], windows.STANDARD) == pytest.approx(100)


def test_a_later_alert_in_a_window_earns_less_and_an_alert_far_outside_costs_its_weight() -> None:
    series = a_series(100, [(30, 39)])
    judged = windows.Judged(series, alerts_at(100, 35, 20))

    reward = squashed((35 - 39 - 1) / 10) / squashed(-1)

    assert judged.raw_score(windows.STANDARD) == pytest.approx(reward - 0.11)
    assert judged.raw_score(windows.LOW_FALSE) == pytest.approx(reward - 0.22)
    assert windows.score([judged], windows.STANDARD) == pytest.approx(100 * (reward - 0.11 + 1) / 2)


def test_an_alert_just_after_a_window_costs_little() -> None:
    series = a_series(100, [(30, 39)])

    costs = [windows.Judged(series, alerts_at(100, 30, at)).raw_score(windows.STANDARD) - 1 for at in (40, 48, 90)]

    assert costs == pytest.approx([0.11 * squashed(1 / 9), 0.11 * squashed(1.0), -0.11])


def test_windows_hit_false_runs_and_weeks_are_counted_after_probation() -> None:
    series = a_series(100, [(5, 10), (30, 39), (60, 69)], step=3600)
    #        probation: 15 points;  in the window; a run that touches it; two false runs of which one is two points long
    judged = windows.Judged(series, alerts_at(100, 7, 14, 31, 69, 70, 80, 81, 90))

    assert windows.probation(100) == 15
    assert judged.counts() == windows.WindowCounts(hit=2, missed=0, false=2, weeks=85 / 168)
    assert judged.counts().f1 == pytest.approx(2 * 2 / (2 * 2 + 2 + 0))


# Episodes ------------------------------------------------------------------------------------------------------------

LATE = 3000


def test_an_episode_is_found_from_two_points_before_to_five_after_and_not_false_until_thirty_after() -> None:
    series = a_series(4000, [(LATE, LATE + 9)])

    def counted(at: int) -> tuple[int, int]:
        counts = episodes.count(series, alerts_at(4000, at))
        return counts.found, counts.false

    places = (-3, -2, 0, 9, 14, 15, 39, 40)
    assert [counted(LATE + at) for at in places] == [
        (0, 1), (1, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 1),
    ]  # fmt: skip


def test_what_begins_in_the_first_two_days_counts_neither_way() -> None:
    series = a_series(4000, [(100, 120), (LATE, LATE + 9)])

    counts = episodes.count(series, alerts_at(4000, 50, 110, LATE))

    assert (counts.episodes, counts.found, counts.alerts, counts.false) == (1, 1, 1, 0)
    assert counts.weeks == pytest.approx((4000 - 2880) / 10_080)


def test_the_challenge_counts_an_episode_whole_when_one_of_its_first_8_points_has_an_alert() -> None:
    series = a_series(6000, [(3000, 3019), (4000, 4009), (5000, 5004)])

    #                                                  in time, too late, not at all; one outside
    counts = episodes.count(series, alerts_at(6000, 3007, 4008, 5500))

    assert (counts.caught, counts.length, counts.outside) == (20, 35, 1)
    assert counts.challenge_f1 == pytest.approx(2 * 20 / (20 + 35 + 1))


def test_f1_is_of_the_episodes_found_and_of_the_alerts_that_are_right() -> None:
    counts = episodes.EpisodeCounts(episodes=4, found=3, alerts=10, false=2)

    assert counts.f1 == pytest.approx(2 * 0.75 * 0.8 / (0.75 + 0.8))


def test_coarse_points_are_sums_and_half_labelled_ones_are_labelled() -> None:
    minutes = a_series(30, [(10, 14), (20, 23)])
    values = np.ones(30)
    values[[0, 1]] = np.nan
    values[5:15] = np.nan
    minutes = Series(minutes.name, minutes.times, values, minutes.labels, minutes.windows)

    tens = episodes.coarse(minutes, 10)

    assert tens.labels.tolist() == [0, 1, UNKNOWN]
    assert np.isnan(tens.values[0])  # 7 of 10 are missing
    assert tens.values[1:].tolist() == [10.0, 10.0]
    assert (tens.times - tens.times[0]).tolist() == [0.0, 600.0, 1200.0]


def test_a_series_of_five_minutes_is_summed_by_its_own_rows() -> None:
    fives = a_series(24, [], step=300)

    assert episodes.coarse(fives, 5) is fives
    assert episodes.coarse(fives, 30).values.tolist() == [6.0] * 4


def test_an_alert_at_a_doubtful_point_counts_neither_way() -> None:
    series = a_series(700, [], step=600)
    series.labels[500] = UNKNOWN

    counts = episodes.count(series, alerts_at(700, 500, 600), step=10)

    assert (counts.alerts, counts.false) == (1, 1)


# Ranking -------------------------------------------------------------------------------------------------------------


def test_average_precision_is_the_mean_precision_at_each_labelled_point_and_ties_are_one_step() -> None:
    labels = np.array([True, False, True, False])

    assert ranking.auc_pr(np.array([4.0, 3.0, 2.0, 1.0]), labels) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert ranking.auc_pr(np.array([1.0, 1.0, 1.0, 1.0]), labels) == pytest.approx(0.5)


def test_the_volume_is_1_for_a_perfect_ranking_without_a_buffer_and_falls_with_a_wrong_one() -> None:
    labels = np.zeros(200, dtype=bool)
    labels[100:110] = True
    score = np.where(labels, 2.0, 1.0) + np.arange(200) / 1e6

    assert ranking.vus_pr(score, labels, buffer=0, levels=200) == pytest.approx(1.0)
    assert ranking.vus_pr(-score, labels, buffer=0, levels=200) < 0.1


def test_a_score_that_is_late_keeps_some_of_the_volume_when_there_is_a_buffer() -> None:
    labels = np.zeros(400, dtype=bool)
    labels[200:210] = True
    late = np.zeros(400)
    late[210:220] = 1.0

    # Without a buffer no labelled point is ranked above another: what is left is the base rate.
    assert ranking.vus_pr(late, labels, buffer=0) < 0.05
    assert ranking.vus_pr(late, labels, buffer=100) > 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_volume_is_what_its_definition_says_threshold_by_threshold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.zeros(120, dtype=bool)
    for first in (0, 30, 41, 70, 74, 115):  # at the edges, and near enough for their buffers to touch
        labels[first : first + rng.integers(1, 6)] = True
    score = np.round(rng.random(120) + 0.3 * labels, 1)  # with ties

    assert ranking.vus_pr(score, labels, 20, 30) == pytest.approx(vus_pr_slowly(score, labels, 20, 30), rel=1e-12)


def vus_pr_slowly(score: np.ndarray, labels: np.ndarray, buffer: int, levels: int) -> float:
    cuts = np.sort(score)[::-1][np.linspace(0, len(score) - 1, levels).astype(int)]
    return float(np.mean([area_slowly(score, labels, width, cuts) for width in range(buffer + 1)]))


def area_slowly(score: np.ndarray, labels: np.ndarray, width: int, cuts: np.ndarray) -> float:
    weight = labels.astype(float)
    for first, last in runs(labels):
        for i in range(len(score)):
            distance = max(first - i, i - last, 0)
            if 0 < distance <= width // 2 and not labels[i]:
                weight[i] = min(1.0, weight[i] + math.sqrt(1 - distance / width))
    ranges = joined(runs(labels), width // 2, len(score))
    area = before = 0.0
    for cut in cuts:
        over = score >= cut
        faded = weight[over & ~labels].sum()
        found = labels[over].sum() + faded
        hit = np.mean([over[a : b + 1].any() for a, b in ranges])
        recall = min(found / (labels.sum() + faded / 2), 1.0) * hit
        area += (recall - before) * found / over.sum()
        before = recall
    return area


def joined(spans: list[tuple[int, int]], half: int, points: int) -> list[tuple[int, int]]:
    """Ranges grown by half a width, one where they share a point."""
    ranges: list[tuple[int, int]] = []
    for first, last in spans:
        left, right = max(first - half, 0), min(last + half, points - 1)
        if ranges and left <= ranges[-1][1]:
            left = ranges.pop()[0]
        ranges.append((left, right))
    return ranges


# Contenders and what is made -----------------------------------------------------------------------------------------


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
            raise RuntimeError("takes no books")

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
