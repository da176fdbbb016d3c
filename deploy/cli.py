"""The command line: `package`, `cost`, `up`, `update`, `diff`, `status`, `down`, `template`, `roles` and `inputs`."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy import status
from deploy.blueprint import Blueprint, make_blueprint
from deploy.costs.command import add_cost_command
from deploy.deployment import Clients, Deployment, Prepared
from deploy.errors import DeployError
from deploy.package.command import add_package_command
from deploy.parameters import read_parameters
from deploy.progress import Progress
from deploy.spec import DetectorSpec
from deploy.tables import input_table, role_table
from deploy.template import detector_template, foundation_template, parse, quicksight_template

_FAILED = 1
_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    The exit code: 0 done, 1 failed or refused (and for `status`: not all is well), 2 wrong usage, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.run(options))
    except DeployError as error:
        _say(f"deploy: {error}")
    except ClientError as error:
        _say(f"deploy: AWS refuses {error.operation_name}: {error.response['Error']['Message']}")
    except (BotoCoreError, OSError) as error:
        _say(f"deploy: {error}")
    except KeyboardInterrupt:
        _say("deploy: interrupted; what CloudFormation has begun goes on, see python -m deploy status")
        return _INTERRUPTED
    return _FAILED


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with an option."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m deploy", description="Detectors on AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_package_command(commands)
    add_cost_command(commands)
    described = _Parser(add_help=False)
    described.add_argument(
        "--parameters", type=Path, required=True, metavar="FILE", help="JSON, such as deploy/bookstore.json"
    )
    where = _Parser(add_help=False, parents=[described])
    where.add_argument("--region", help="default: AWS_REGION, or the profile's")
    where.add_argument("--profile", help="default: AWS_PROFILE")
    where.add_argument("--packages", type=Path, default=Path("dist"), metavar="DIR", help="default: %(default)s")
    acting = _Parser(add_help=False, parents=[where])
    acting.add_argument("--yes", action="store_true", help="do not ask before acting")

    up = commands.add_parser("up", parents=[acting], help="create a detector, or change it, and start it")
    up.set_defaults(run=lambda options: _up(options, must_exist=False))
    update = commands.add_parser("update", parents=[acting], help="change a detector that exists, a snapshot first")
    update.set_defaults(run=lambda options: _up(options, must_exist=True))
    diff = commands.add_parser("diff", parents=[where], help="show what `up` would do, and do nothing")
    diff.set_defaults(run=_diff)
    state = commands.add_parser("status", parents=[where], help="stacks, application and alarms")
    state.set_defaults(run=_status)
    down = commands.add_parser("down", parents=[acting], help="stop and remove a detector; its data stays")
    down.add_argument("--delete-data", action="store_true", help="delete the data as well")
    down.add_argument("--foundation", action="store_true", help="remove the foundation instead, after its detectors")
    down.set_defaults(run=_down)

    template = commands.add_parser("template", help="write a template, to read it or to deploy it by hand")
    template.add_argument(
        "name",
        choices=["foundation", "detector", "quicksight"],
        nargs="?",
        default="detector",
        help="default: detector",
    )
    template.add_argument("--parameters", type=Path, metavar="FILE", help="gives the detector's dimensions columns")
    template.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    template.set_defaults(run=_template)
    roles = commands.add_parser("roles", help="write the documentation's table of roles and permissions")
    roles.set_defaults(run=_roles)
    inputs = commands.add_parser("inputs", help="write the documentation's tables of parameters")
    inputs.set_defaults(run=_inputs)
    return parser


def _up(options: argparse.Namespace, *, must_exist: bool) -> int:
    deployment, blueprint = _checked(options)
    prepared = deployment.prepare_up(blueprint, must_exist=must_exist)
    return _act(options, prepared, lambda plan: deployment.carry_out_up(blueprint, plan), deployment.discard)


def _diff(options: argparse.Namespace) -> int:
    deployment, blueprint = _checked(options)
    prepared = deployment.prepare_up(blueprint, must_exist=False)
    deployment.discard(prepared)
    print("\n".join(prepared.plan.lines))
    return 0


def _down(options: argparse.Namespace) -> int:
    spec = _spec(options)
    deployment = Deployment(_clients(_session(options)), spec, Progress(_say, time.sleep))
    prepared = deployment.prepare_down(foundation=options.foundation, delete_data=options.delete_data)
    return _act(options, prepared, deployment.carry_out_down, deployment.discard)


def _act(
    options: argparse.Namespace,
    prepared: Prepared,
    carry_out: Callable[[Prepared], None],
    discard: Callable[[Prepared], None],
) -> int:
    print("\n".join(prepared.plan.lines), flush=True)
    if not prepared.plan.steps:
        discard(prepared)
        return 0
    if not options.yes and not _agreed():
        discard(prepared)
        _say("Nothing was done.")
        return _FAILED
    carry_out(prepared)
    _say("Done.")
    return 0


def _agreed() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _status(options: argparse.Namespace) -> int:
    spec, session = _spec(options), _session(options)
    well, lines = status.report(_clients(session), session.client("cloudwatch"), spec)
    print("\n".join(lines))
    return 0 if well else _FAILED


def _template(options: argparse.Namespace) -> int:
    spec = _spec(options) if options.parameters else DetectorSpec({})
    if options.name == "detector":
        text = detector_template(spec.dimensions)
    else:
        text = foundation_template() if options.name == "foundation" else quicksight_template()
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, "utf-8")
    return 0


def _roles(_: argparse.Namespace) -> int:
    print(role_table([parse(detector_template()), parse(foundation_template())]), end="")
    return 0


def _inputs(_: argparse.Namespace) -> int:
    print(input_table(parse(detector_template())), end="")
    return 0


def _checked(options: argparse.Namespace) -> tuple[Deployment, Blueprint]:
    spec = _spec(options)
    blueprint = make_blueprint(spec, options.packages)
    session = _session(options)
    region = blueprint.region
    if session.region_name != region:
        msg = f"ClusterArn is in {region}, the session in {session.region_name}: give --region {region}"
        raise DeployError(msg)
    return Deployment(_clients(session), spec, Progress(_say, time.sleep)), blueprint


def _spec(options: argparse.Namespace) -> DetectorSpec:
    return DetectorSpec(read_parameters(options.parameters))


def _session(options: argparse.Namespace) -> boto3.Session:
    session = boto3.Session(profile_name=options.profile, region_name=options.region)
    if not session.region_name:
        msg = "no region is set: give --region, or set AWS_REGION"
        raise DeployError(msg)
    return session


def _clients(session: boto3.Session) -> Clients:
    config = Config(retries={"mode": "standard", "total_max_attempts": 5})
    return Clients(
        cloudformation=session.client("cloudformation", config=config),
        s3=session.client("s3", config=config),
        flink=session.client("kinesisanalyticsv2", config=config),
        kms=session.client("kms", config=config),
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
