"""Lets tests import what they share, opens a browser, takes time out of property tests and the first kernel call."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from browsing import Browsing
    from playwright.sync_api import Browser

    from devstack.stack import Stack

sys.path.insert(0, str(Path(__file__).parent))

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _kernels_are_compiled() -> None:
    """Compile the kernels before any test: programs that tests start then say nothing of it, and wait for nothing."""
    from anomaly.cli.warm_up_command import warm_up  # imports numba, which a run of other tests need not wait for

    warm_up()


Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def eventually() -> Wait:
    """Wait for the thing itself, for a minute at most."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = monotonic() + 60
        while not condition():
            assert monotonic() < deadline, "did not happen within a minute"
            sleep(0.05)

    return wait


Refusal = Callable[..., str]


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Refusal:
    """What a command line says when it is called in a wrong way."""

    def call(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> str:
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        return capsys.readouterr().err

    return call


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Stack]":
    from devstack.stack import running_stack  # imports Kafka's client, which a run of other tests need not wait for

    with running_stack(tmp_path_factory.mktemp("broker")) as stack:
        yield stack


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    from browsing import launched_chromium  # imports Playwright, which a run of other tests need not wait for

    with launched_chromium() as browser:
        yield browser


@pytest.fixture
def browsing(chromium: "Browser") -> "Iterator[Browsing]":
    """Opens pages; at the end, no page may have asked for anything else or complained."""
    from browsing import Browsing

    with Browsing(chromium) as browsing:
        yield browsing
        browsing.check()
