"""The peers, as the benchmarks set them up: each must see what anybody sees, or its figures would say nothing."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers

ROOT = Path(__file__).parent.parent.parent
POINTS, SPIKE = 340, 300
VALUES = np.random.default_rng(3).normal(100, 5, POINTS)
VALUES[SPIKE] = 200.0
TIMES = 1.7e9 + 60.0 * np.arange(POINTS)
INSTALLED = [
    pytest.param(peer, marks=pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"needs {module}"))
    for peer, module in (
        (peers.KRCF, "krcf"),
        (peers.RCF3, "rcf3"),
        (peers.RRCF, "rrcf"),
        (peers.HALF_SPACE_TREES, "river"),
    )
]


@pytest.mark.parametrize("peer", INSTALLED, ids=lambda peer: peer.name)
def test_a_peer_scores_a_plain_spike_higher_than_all_before_it(peer: peers.Peer) -> None:
    said = peer.load()()(TIMES, VALUES)

    settled = 256
    assert said.raw.shape == (POINTS,)
    assert said.raw[settled:].max() == said.raw[SPIKE : SPIKE + peers.SHINGLE].max()
    assert said.raw[SPIKE] > said.raw[settled:SPIKE].max()


@pytest.mark.parametrize("peer", INSTALLED, ids=lambda peer: peer.name)
def test_a_series_goes_on_where_its_last_part_ended(peer: peers.Peer) -> None:
    whole, parts = peer.load()(), peer.load()()

    at_once = whole(TIMES[:100], VALUES[:100]).raw
    in_parts = [parts(TIMES[part], VALUES[part]).raw for part in (slice(0, 40), slice(40, 100))]

    assert np.concatenate(in_parts).tolist() == at_once.tolist()


@pytest.mark.skipif(importlib.util.find_spec("jrcf") is None, reason="needs jrcf")
def test_the_java_forest_says_the_same_in_batches_and_point_by_point_and_alerts_on_the_spike() -> None:
    # In a process of its own: a JVM handles signals that pytest's fault handler takes for crashes.
    program = (
        "import json, sys; import numpy as np; from benchmarks import peers\n"
        "times, values = (np.array(each) for each in json.load(sys.stdin))\n"
        "said = [peer.load()()(times, values) for peer in (peers.TRCF, peers.TRCF_LIVE)]\n"
        "print(json.dumps([[one.raw.tolist(), np.flatnonzero(one.alert).tolist()] for one in said]))\n"
    )
    both = json.dumps([TIMES.tolist(), VALUES.tolist()])

    done = subprocess.run(
        [sys.executable, "-c", program], input=both, cwd=ROOT, capture_output=True, text=True, check=True
    )

    [batch, live] = json.loads(done.stdout)
    assert batch == live
    assert batch[1] == [SPIKE]
    assert max(batch[0]) == batch[0][SPIKE]


def test_a_peer_that_is_not_installed_says_how_to_get_it() -> None:
    def start() -> None:
        msg = "no module"
        raise ImportError(msg)

    with pytest.raises(peers.PeerMissingError, match="not installed: pip install 'somebody>=1,<2'"):
        peers.Peer("somebody", "somebody>=1,<2", start).load()
