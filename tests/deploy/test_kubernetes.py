"""The manifest for the Kubernetes operator, as far as it can be checked without a cluster.

`SPEC` lists the fields that the operator's definition of a FlinkDeployment (v1beta1) knows and the manifest may use.
"""

import re
from pathlib import Path
from typing import Any

import pyflink
import yaml

from flink_job.properties import parse_properties

CONTAINERS = Path(__file__).parents[2] / "deploy" / "containers"
PROPERTIES, DEPLOYMENT = yaml.safe_load_all((CONTAINERS / "kubernetes.yaml").read_text())
SPEC: dict[str, Any] = DEPLOYMENT["spec"]
KNOWN = {
    "": {
        "flinkConfiguration",
        "flinkVersion",
        "image",
        "imagePullPolicy",
        "ingress",
        "job",
        "jobManager",
        "logConfiguration",
        "mode",
    }
    | {"podTemplate", "restartNonce", "serviceAccount", "taskManager"},
    "job": {
        "allowNonRestoredState",
        "args",
        "entryClass",
        "initialSavepointPath",
        "jarURI",
        "parallelism",
        "state",
        "upgradeMode",
    },
    "jobManager": {"podTemplate", "replicas", "resource"},
    "taskManager": {"podTemplate", "replicas", "resource"},
}
POD = SPEC["podTemplate"]["spec"]
CONTAINER = POD["containers"][0]


def dockerfile() -> str:
    return (CONTAINERS / "flink.Dockerfile").read_text()


def test_the_deployment_is_one_that_the_operator_knows() -> None:
    assert (DEPLOYMENT["apiVersion"], DEPLOYMENT["kind"]) == ("flink.apache.org/v1beta1", "FlinkDeployment")
    for name, known in KNOWN.items():
        assert set(SPEC[name] if name else SPEC) <= known
    assert SPEC["flinkVersion"] == "v2_2"
    assert SPEC["job"]["upgradeMode"] in {"savepoint", "last-state", "stateless"}
    assert SPEC["job"]["state"] in {"running", "suspended"}
    assert all(isinstance(value, str) for value in SPEC["flinkConfiguration"].values())


def test_the_properties_are_accepted_and_reach_the_job() -> None:
    (mount,) = CONTAINER["volumeMounts"]
    (volume,) = POD["volumes"]
    name = "application_properties.json"

    assert parse_properties(PROPERTIES["data"][name]).topics.output == "results"
    assert (mount["name"], volume["configMap"]["name"]) == (volume["name"], PROPERTIES["metadata"]["name"])
    assert SPEC["job"]["args"][-2:] == ["--properties", f"{mount['mountPath']}/{name}"]


def test_flink_and_the_image_are_of_one_version() -> None:
    version = re.search(r"FLINK_IMAGE=flink:([\d.]+)-", dockerfile())

    assert version is not None
    assert SPEC["job"]["jarURI"] == f"local:///opt/flink/opt/flink-python-{version[1]}.jar"
    assert CONTAINER["env"][0]["value"] == f"flink-s3-fs-hadoop-{version[1]}.jar"
    assert f"v{'_'.join(version[1].split('.')[:2])}" == SPEC["flinkVersion"]


def test_what_the_image_bakes_in_is_told_to_the_operator_too() -> None:
    baked = dict(re.findall(r"-D([a-z0-9.-]+)=(\S+)", dockerfile()))
    set_by_place = {"execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "taskmanager.rpc.port"}

    # How many checkpoints are kept matters where a script looks for the newest; the operator keeps account itself.
    for key in baked.keys() - set_by_place - {"execution.checkpointing.num-retained"}:
        assert SPEC["flinkConfiguration"][key] == baked[key]
    for path in ("/opt/python", "/opt/job", "usrlib"):
        assert path in dockerfile()


def test_java_gets_the_options_that_flink_gives_it_by_default() -> None:
    default = (Path(pyflink.__file__).parent / "conf" / "config.yaml").read_text()
    options = re.search(r"^ +all: (--add.*)$", default, re.MULTILINE)

    assert options is not None
    assert SPEC["flinkConfiguration"]["env.java.opts.all"].split() == options[1].split()


def test_state_outlives_the_pods() -> None:
    configuration = SPEC["flinkConfiguration"]
    places = ("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "high-availability.storageDir")

    assert all(configuration[key].startswith("s3://EXAMPLE-bucket/") for key in places)
    assert configuration["high-availability.type"] == "kubernetes"


def test_a_pod_may_do_as_little_as_it_needs() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["name"] == "flink-main-container"
    assert CONTAINER["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
