"""The confidence formula against what AWS's own library prints."""

import pytest

from anomaly.confidence import confidence

AWS = {
    300: 0,
    301: 0.3520710484017197,
    500: 42.357205661134245,
    1000: 73.98427905876953,
    1260: 80.44786653018791,
    1261: 80.4674989791107,
    1262: 80.48709968874658,
    2000: 89.50091735209013,
    5000: 97.9451882013411,
    10000: 99.74476564489129,
    51200: 100,
    10**12: 100,
}


@pytest.mark.parametrize("points", AWS)
def test_confidence_equals_the_value_that_aws_prints(points: int) -> None:
    assert confidence(points, 300) == pytest.approx(AWS[points], rel=1e-14, abs=1e-12)


def test_the_published_record_has_the_confidence_of_1261_points_to_the_last_digit() -> None:
    assert repr(confidence(1261, 300)) == "80.4674989791107"


def test_confidence_is_zero_before_the_first_point_and_while_learning() -> None:
    assert [confidence(n, 300) for n in (0, 1, 299, 300)] == [0.0] * 4


def test_confidence_rises_with_every_point_and_falls_with_missing_ones() -> None:
    values = [confidence(n, 300) for n in range(300, 3000)]

    assert values == sorted(values)
    assert confidence(1261, 300, quality=0.5) == pytest.approx(confidence(1261, 300) / 2)
