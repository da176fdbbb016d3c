"""How a detector is: its stacks, its application, its alarms."""

from collections.abc import Sequence
from typing import Any

from deploy.application import Application
from deploy.deployment import Clients
from deploy.progress import Progress
from deploy.spec import DetectorSpec
from deploy.stacks import Stacks


def report(clients: Clients, cloudwatch: Any, spec: DetectorSpec) -> tuple[bool, Sequence[str]]:  # noqa: ANN401
    """Look, and tell.

    Parameters
    ----------
    clients
        boto3's.
    cloudwatch
        boto3's client of CloudWatch.
    spec
        The detector.

    Returns
    -------
    Whether all is well, and lines for people.
    """
    nothing_to_tell = Progress(lambda _: None, lambda _: None)
    stacks = Stacks(clients.cloudformation, nothing_to_tell)
    application = Application(clients.flink, spec.application, nothing_to_tell)
    lines, well = [], True
    for title, name in (("foundation", spec.foundation), ("detector", spec.stack)):
        stack = stacks.find(name)
        lines.append(f"{title:12} {'no stack' if stack is None else stack.status.lower()}  {name}")
        well = well and stack is not None and stack.status.endswith("_COMPLETE")
    state = application.find()
    if state is None:
        return False, [*lines, f"{'application':12} none"]
    snapshot = application.newest_snapshot() or "none"
    lines.append(f"{'application':12} {state.status.lower()}  version {state.version}, newest snapshot {snapshot}")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"anomaly-{spec.name}-")
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    ringing = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    lines.append(f"{'alarms':12} {len(ringing)} of {len(alarms)} ringing")
    lines += [f"  {alarm['AlarmName']}: {alarm['AlarmDescription']}" for alarm in ringing]
    return well and state.status == "RUNNING" and not ringing, lines
