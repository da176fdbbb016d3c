from aws_doubles import CF, CW, KA, MISSING, Aws, application, clients, stack
from stacks_under_test import SPEC

from deploy.status import report


def test_the_status_names_what_rings(aws: Aws) -> None:
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(CF, "DescribeStacks", stack(), None)
    aws.answer(KA, "DescribeApplication", application("RUNNING"), None)
    aws.answer(KA, "ListApplicationSnapshots", {"SnapshotSummaries": []}, None)
    alarms = [
        {"AlarmName": "anomaly-bookstore-alerts-unsent", "AlarmDescription": "Look.", "StateValue": "ALARM"},
        {"AlarmName": "anomaly-bookstore-delivery-late", "AlarmDescription": "x", "StateValue": "OK"},
    ]
    aws.answer(CW, "DescribeAlarms", {"MetricAlarms": alarms}, {"AlarmNamePrefix": "anomaly-bookstore-"})

    well, lines = report(clients(aws), aws.client(CW), SPEC)

    assert not well
    assert lines[-2:] == ["alarms       1 of 2 ringing", "  anomaly-bookstore-alerts-unsent: Look."]


def test_the_status_of_nothing_is_not_well(aws: Aws) -> None:
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(CF, "DescribeStacks", *MISSING)
    aws.refuse(KA, "DescribeApplication", "ResourceNotFoundException", "none")

    well, lines = report(clients(aws), aws.client(CW), SPEC)

    assert not well
    assert lines[-1] == "application  none"
