import pytest
from stacks_under_test import BOOKSTORE, CASES, EXPORTS, PLACE

from deploy.checks import check_settings
from deploy.errors import DeployError
from deploy.intrinsics import Resolver
from deploy.parameters import complete_parameters
from deploy.template import detector_template, parse

TEMPLATE = parse(detector_template())


def check(given: dict[str, str]) -> None:
    check_settings(TEMPLATE, Resolver(TEMPLATE, complete_parameters(TEMPLATE, given), EXPORTS, PLACE))


@pytest.mark.parametrize("case", CASES)
def test_every_part_accepts_what_the_template_gives_it(case: str) -> None:
    check(dict(CASES[case]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"MeasureField": ""}, "MeasureField is empty, which only MeasureAggregation COUNT allows"),
        ({"SourceTable": ""}, "SourceTable must be given"),
        ({"OperationsEmail": ""}, "With MonthlyBudget, OperationsEmail must be given"),
        ({"DetectionPeriod": "90 fortnights"}, 'the job would not start: group "detector", key "detection.period"'),
        ({"DetectionPeriod": "8 d"}, "from 1 s to 7 d"),
        ({"OutputAfter": "11"}, "the job would not start: output_after must be"),
        ({"LateTopic": "sales"}, 'the topic of "input" is taken'),
        ({"DimensionFields": "a,a"}, "different names"),
        ({"ProgressTopic": "sales"}, "the ingest function would not start: PROGRESS_TOPIC is 'sales' like INPUT_TOPIC"),
        ({"SourceColumns": "a,,b"}, "the ingest function would not start: SOURCE_COLUMNS"),
        ({"DashboardUrl": "https://user:hunter2@example.org/"}, "the notify function would not start: DASHBOARD_URL"),
    ],
)
def test_a_part_that_would_not_start_is_found_before_anything_is_deployed(changed: dict[str, str], said: str) -> None:
    with pytest.raises(DeployError) as caught:
        check({**BOOKSTORE, **changed})

    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
