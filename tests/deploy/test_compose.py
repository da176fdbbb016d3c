"""The compose file and its Dockerfiles, as far as they can be checked without a container engine."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flink_job.properties import parse_properties

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "deploy" / "containers"
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"prepare"}
DOCKERFILES = sorted(CONTAINERS.glob("*.Dockerfile"))


def compose_config(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["docker-compose", "--project-directory", ROOT, "-f", FILE, "config"]
    return subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True, check=False
    )


def instructions(dockerfile: Path) -> list[str]:
    lines = re.sub(r"\\\n(?:\s*#.*\n)*", " ", dockerfile.read_text()).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="needs docker-compose")
def test_docker_compose_accepts_the_file_with_a_password_and_refuses_it_without() -> None:
    accepted = compose_config({"POSTGRES_PASSWORD": "of-the-test"})
    refused = compose_config({})

    assert accepted.returncode == 0, accepted.stderr
    assert yaml.safe_load(accepted.stdout)["services"].keys() == SERVICES.keys()
    assert refused.returncode == 1
    assert "put a password into it" in refused.stderr


def test_every_password_must_come_from_outside() -> None:
    given = {
        (service, name): value
        for service, settings in SERVICES.items()
        for name, value in settings.get("environment", {}).items()
        if "PASSWORD" in name
    }

    assert set(given) == {("postgres", "POSTGRES_PASSWORD"), ("prepare", "PGPASSWORD")}
    assert all(re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", value) for value in given.values())
    assert "POSTGRES_PASSWORD=\n" in (CONTAINERS / "sample.env").read_text()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_may_do_as_little_as_it_needs(service: str) -> None:
    settings = SERVICES[service]

    assert settings["user"] not in {"root", "0"}
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in settings
    assert re.fullmatch(r"\d+[mg]", settings["mem_limit"])
    assert settings["logging"]["options"].keys() == {"max-size", "max-file"}
    assert settings.get("read_only") is (True if service != "kafka" else None)


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - ONE_SHOT))
def test_a_service_that_stays_is_started_again_and_says_whether_it_is_well(service: str) -> None:
    assert SERVICES[service]["restart"] == "unless-stopped"
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_waits_for_what_it_needs(service: str) -> None:
    for needed, how in SERVICES[service].get("depends_on", {}).items():
        condition = how["condition"]
        assert condition == "service_completed_successfully" if needed in ONE_SHOT else condition.startswith("service_")
        assert condition != "service_healthy" or "healthcheck" in SERVICES[needed]
        assert service not in SERVICES[needed].get("depends_on", {})


def test_what_others_can_reach_listens_on_this_machine_only() -> None:
    ports = [port for settings in SERVICES.values() for port in settings.get("ports", [])]

    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_image_has_an_exact_tag() -> None:
    images = {settings["image"] for settings in SERVICES.values()}
    for dockerfile in DOCKERFILES:
        images |= set(re.findall(r"^ARG \w+_IMAGE=(\S+)$", dockerfile.read_text(), re.MULTILINE))
        assert all(line.split()[1].startswith("${") for line in instructions(dockerfile) if line.startswith("FROM"))

    assert all(re.fullmatch(r"[a-z0-9./-]+:\d+(?:\.\d+)+(?:-[a-z0-9_.-]+)?", image) for image in images), images


def test_the_images_have_the_versions_that_are_tested_here() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements/flink-runtime.lock").read_text(), re.M))
    kafka = re.search(r"<kafka.broker.version>(.+?)<", (ROOT / "pom.xml").read_text())
    flink = re.search(r"FLINK_IMAGE=flink:([\d.]+)-", (CONTAINERS / "flink.Dockerfile").read_text())

    assert kafka is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    assert flink is not None
    assert flink[1] == locked["apache-flink"]


def test_every_volume_is_declared_and_every_file_that_is_mounted_exists() -> None:
    mounted = [volume.split(":") for settings in SERVICES.values() for volume in settings.get("volumes", [])]
    files = {source for source, *_ in mounted if source.startswith(".")}

    assert {source for source, *_ in mounted} - files == COMPOSE["volumes"].keys()
    assert all((ROOT / file).is_file() for file in files)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_what_a_service_runs_is_there(service: str) -> None:
    settings = SERVICES[service]
    words = [*settings.get("command", []), *settings.get("healthcheck", {}).get("test", [])]
    modules = [words[i + 1] for i, word in enumerate(words) if word == "-m"]
    scripts = [
        word for word in [*settings.get("entrypoint", []), *words] if word.startswith(("/opt/programs/", "/opt/job/"))
    ]

    for module in modules:
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    for script in scripts:
        assert (CONTAINERS / Path(script).name).exists(), script
        assert any(Path(script).name in line for dockerfile in DOCKERFILES for line in instructions(dockerfile))


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_what_a_dockerfile_copies_is_there_and_reaches_the_build(dockerfile: Path) -> None:
    ignore = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text().splitlines()
    kept = [line[1:] for line in ignore if line.startswith("!")]
    copied = [
        source
        for line in instructions(dockerfile)
        if line.startswith("COPY") and "--from=" not in line
        for source in line.split()[1:-1]
    ]

    assert "*" in ignore
    for source in copied:
        assert list(ROOT.glob(source.rstrip("/"))), source
        assert any(source == keep or source.startswith(f"{keep}/") for keep in kept), source
    assert all(any(source == keep or source.startswith(f"{keep}/") for source in copied) for keep in kept)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_installs_what_was_locked_and_ends_as_somebody_without_rights(dockerfile: Path) -> None:
    lines = instructions(dockerfile)
    installs = [part for line in lines for part in line.split("&&") if "pip install" in part]

    assert installs
    assert all("--require-hashes" in install for install in installs)
    assert [line for line in lines if line.startswith("USER")][-1] not in {"USER root", "USER 0"}


def test_the_jobs_properties_fit_the_broker_and_the_topics_of_the_file() -> None:
    settings = parse_properties((CONTAINERS / "application_properties.json").read_text())
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]

    assert f"INSIDE://{settings.kafka['bootstrap.servers']}," in listeners
    assert SERVICES["prepare"]["environment"]["BOOTSTRAP_SERVERS"] == settings.kafka["bootstrap.servers"]


def test_the_jobs_properties_are_those_of_the_bookstore_elsewhere() -> None:
    from bookstore.pipeline.configuration import job_properties

    here = {
        group["PropertyGroupId"]: group["PropertyMap"]
        for group in json.loads((CONTAINERS / "application_properties.json").read_text())
    }
    there = {group["PropertyGroupId"]: group["PropertyMap"] for group in job_properties("kafka:19092", ROOT)}

    assert {name: here[name] for name in ("kafka", "topics", "detector")} == {
        name: there[name] for name in ("kafka", "topics", "detector")
    }
