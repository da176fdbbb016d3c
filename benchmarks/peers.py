"""The detectors and forests of others that ours stand beside, each set up as its own users set it up.

All forests have 50 trees of 256 points, a shingle of 8 and fade over 2,560 points. A peer that is not installed is
reported as such, and nothing else is lost.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

TREES = 50
SAMPLE = 256
SHINGLE = 8
FADE = 1 / 2560

_RRCF_TREES = 40
"""As its own documentation has it."""
_JVM_OPTIONS = "-XX:+UseSerialGC -Xmx2g"


@dataclass(frozen=True)
class Judgement:
    """What a peer says of points, each array as long as they are.

    `raw` ranks, higher is more anomalous; `alert` is None where the peer leaves the threshold to its users.
    """

    raw: FloatArray
    alert: BoolArray | None = None


Feed = Callable[[FloatArray, FloatArray], Judgement]
"""Takes the next times (epoch seconds) and finite values of one series; scores each before learning it."""


@dataclass(frozen=True)
class Peer:
    """A peer: `start` loads it and returns a maker of feeds, one for each series."""

    name: str
    requirement: str
    start: Callable[[], Callable[[], Feed]]

    def load(self) -> Callable[[], Feed]:
        """Return a maker of feeds.

        Raises
        ------
        PeerMissingError
            When it is not installed, or its JVM is not; the message says what to do.
        """
        try:
            return self.start()
        except ImportError as error:
            msg = f"not installed: pip install '{self.requirement}'"
            raise PeerMissingError(msg) from error
        except ValueError as error:  # what JPype raises without a JVM
            msg = f"cannot start: {error}"
            raise PeerMissingError(msg) from error


class PeerMissingError(Exception):
    """A peer cannot be measured here."""


def krcf_feed(seed: int = 1) -> Feed:
    """Begin a series with krcf, AWS's forest in Rust: its bare score of the last 8 values."""
    forest = importlib.import_module("krcf").RandomCutForest(
        {
            "dimensions": 1,
            "shingle_size": SHINGLE,
            "num_trees": TREES,
            "sample_size": SAMPLE,
            "lambda": FADE,
            "random_seed": seed,
            "output_after": 1,
            "initial_accept_fraction": 1.0,
            "internal_shingling": True,
            "parallel_execution_enabled": False,
        }
    )
    learned = 0

    def feed(_times: FloatArray, values: FloatArray) -> Judgement:
        nonlocal learned
        scores = np.zeros(len(values))
        for i, value in enumerate(values.tolist()):
            if learned >= SHINGLE:
                scores[i] = forest.score(forest.shingled_point([value]))
            forest.update([value])
            learned += 1
        return Judgement(scores)

    return feed


def rcf3_feed(seed: int = 1) -> Feed:
    """Begin a series with rcf3, another forest in Rust: its bare score of the last 8 values."""
    forest = importlib.import_module("rcf3").Forest(
        1, SHINGLE, TREES, SAMPLE, time_decay=FADE, output_after=1, initial_accept_fraction=1.0, seed=seed
    )

    def feed(_times: FloatArray, values: FloatArray) -> Judgement:
        return Judgement(np.array([forest.update_and_score([value]) for value in values.tolist()]))

    return feed


def rrcf_feed(seed: int = 1) -> Feed:
    """Begin a series with rrcf, the forest in plain Python: the collusive displacement of the last 8 values.

    Its trees are those of its documentation: all hold the same last 256 points, the oldest is forgotten.
    """
    rrcf = importlib.import_module("rrcf")
    forest = [rrcf.RCTree(random_state=seed + i) for i in range(_RRCF_TREES)]
    last: list[float] = []
    learned = 0

    def one(value: float) -> float:
        nonlocal learned
        last.append(value)
        if len(last) < SHINGLE:
            return 0.0
        point = np.array(last[-SHINGLE:])
        del last[:-SHINGLE]
        total = 0.0
        for tree in forest:
            if learned >= SAMPLE:
                tree.forget_point(learned - SAMPLE)
            tree.insert_point(point, index=learned)
            total += float(tree.codisp(learned))
        learned += 1
        return total / len(forest)

    def feed(_times: FloatArray, values: FloatArray) -> Judgement:
        return Judgement(np.array([one(value) for value in values.tolist()]))

    return feed


def half_space_trees_feed(seed: int = 1) -> Feed:
    """Begin a series with river's HalfSpaceTrees, values scaled online to 0..1 as its documentation asks."""
    scaler = importlib.import_module("river.preprocessing").MinMaxScaler()
    trees = importlib.import_module("river.anomaly").HalfSpaceTrees(seed=seed)

    def one(value: float) -> float:
        scaler.learn_one({"value": value})
        scaled = scaler.transform_one({"value": value})
        score = float(trees.score_one(scaled))
        trees.learn_one(scaled)
        return score

    def feed(_times: FloatArray, values: FloatArray) -> Judgement:
        return Judgement(np.array([one(value) for value in values.tolist()]))

    return feed


class _Java:
    """AWS's ThresholdedRandomCutForest in a JVM inside this process, set up as OpenSearch's anomaly detection does."""

    def __init__(self) -> None:
        os.environ.setdefault("JAVA_OPTS", _JVM_OPTIONS)
        importlib.import_module("jrcf")  # starts the JVM
        self._jpype = importlib.import_module("jpype")
        self._forest = self._jpype.JClass("com.amazon.randomcutforest.parkservices.ThresholdedRandomCutForest")
        config = "com.amazon.randomcutforest.config."
        self._choices = {
            setting: self._jpype.JClass(config + kind).valueOf(value)
            for setting, kind, value in (
                ("precision", "Precision", "FLOAT_32"),
                ("transformMethod", "TransformMethod", "NORMALIZE"),
                ("forestMode", "ForestMode", "STREAMING_IMPUTE"),
                ("imputationMethod", "ImputationMethod", "PREVIOUS"),
            )
        }
        # A function that keeps every result, made in Java: one in Python would be called for each point.
        handles = self._jpype.JClass("java.lang.invoke.MethodHandles")
        anything = self._jpype.JClass("java.lang.Object")
        yes = handles.constant(anything, self._jpype.JClass("java.lang.Boolean").TRUE)
        self._always = self._jpype.JClass("java.lang.invoke.MethodHandleProxies").asInterfaceInstance(
            self._jpype.JClass("java.util.function.Function"), handles.dropArguments(yes, 0, [anything.class_])
        )

    def batch_feed(self, seed: int = 1) -> Feed:
        """Begin a series that is fed in batches, for which the forest keeps its bounding boxes."""
        forest = self._new(seed)

        def feed(times: FloatArray, values: FloatArray) -> Judgement:
            rows = self._jpype.JDouble[:, :](np.ascontiguousarray(values[:, None]))
            seconds = self._jpype.JLong[:](times.astype(np.int64))
            results = forest.processSequentially(rows, seconds, self._always)
            raw = np.array([float(result.getRCFScore()) for result in results])
            grades = np.array([float(result.getAnomalyGrade()) for result in results])
            return Judgement(raw, grades > 0)

        return feed

    def live_feed(self, seed: int = 1) -> Feed:
        """Begin a series that is fed a point at a time, as in OpenSearch's live detectors: boxes are not kept."""
        forest = self._new(seed)

        def feed(times: FloatArray, values: FloatArray) -> Judgement:
            seconds = times.astype(np.int64).tolist()
            points = self._jpype.JDouble[:]
            results = [forest.process(points([v]), t) for t, v in zip(seconds, values.tolist(), strict=True)]
            raw = np.array([float(result.getRCFScore()) for result in results])
            return Judgement(raw, np.array([float(result.getAnomalyGrade()) > 0 for result in results]))

        return feed

    def _new(self, seed: int) -> Any:  # noqa: ANN401 # a Java object
        builder = (
            self._forest.builder()
            .dimensions(SHINGLE)
            .shingleSize(SHINGLE)
            .sampleSize(SAMPLE)
            .numberOfTrees(TREES)
            .timeDecay(FADE)
            .transformDecay(FADE)
            .outputAfter(32)
            .initialAcceptFraction(32 / SAMPLE)
            .parallelExecutionEnabled(False)
            .compact(True)
            .boundingBoxCacheFraction(0.0)
            .internalShinglingEnabled(True)
            .anomalyRate(0.005)
            .alertOnce(True)
            .autoAdjust(True)
            .randomSeed(seed)
        )
        for setting, value in self._choices.items():
            builder = getattr(builder, setting)(value)
        return builder.build()


def _of(module: str, feed: Callable[[], Feed]) -> Callable[[], Callable[[], Feed]]:
    def start() -> Callable[[], Feed]:
        importlib.import_module(module)
        return feed

    return start


_JRCF = "jrcf>=0.5,<0.6"
KRCF = Peer("krcf", "krcf>=0.4,<0.5", _of("krcf", krcf_feed))
RCF3 = Peer("rcf3", "rcf3>=0.5,<0.6", _of("rcf3", rcf3_feed))
RRCF = Peer("rrcf", "rrcf>=0.4.4,<0.5", _of("rrcf", rrcf_feed))
TRCF = Peer("TRCF (Java), in batches", _JRCF, lambda: _Java().batch_feed)
TRCF_LIVE = Peer("TRCF (Java), point by point", _JRCF, lambda: _Java().live_feed)
HALF_SPACE_TREES = Peer("river HalfSpaceTrees", "river>=0.24,<0.30", _of("river.anomaly", half_space_trees_feed))
