"""The scorers of alerts and of rankings, against their definitions."""

import math

import numpy as np
import pytest

from benchmarks.quality import episodes, ranking, windows
from benchmarks.quality.series import UNKNOWN, Series, labels_of, runs


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
