"""Alerts and scores against what people labelled, beside the peers and a rolling 4-sigma rule.

All run as they are by default. A peer that leaves the threshold to its users (krcf, rcf3, HalfSpaceTrees, rrcf) gets
the one threshold for all series that has the best F1 on this very set, found with the labels in sight: more than its
users could do. The sets that ship with the project are what our detector was tuned on; see docs/benchmarks.md.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.peers import PeerMissingError
from benchmarks.quality import contenders, pictures, sets

_COLUMNS = (
    ("F1", "f1", ".3f"),
    ("false/wk", "false_a_week", ".2f"),
    ("found", "found", ".0f"),
    ("of", "events", ".0f"),
    ("NAB std", "nab_standard", ".1f"),
    ("low FP", "nab_low_false", ".1f"),
    ("challenge", "challenge_f1", ".3f"),
    ("VUS-PR", "vus_pr", ".3f"),
    ("AUC-PR", "auc_pr", ".3f"),
    ("≥20", "share_20", ".3f"),
    ("≥40", "share_40", ".4f"),
    ("≥60", "share_60", ".5f"),
    ("in band", "coverage", ".3f"),
    ("tenth", "coverage_tenth", ".3f"),
)
_QUIET = "quiet streams"
_FAILED = "failed"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say which detectors, which sets, and whether pictures are wanted."""
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="adds its CSV files: timestamp, value, label")
    parser.add_argument(
        "--pictures", type=Path, metavar="FILE.html", help="writes hits, misses and false alerts, drawn"
    )
    parser.add_argument(
        "--detector",
        action="append",
        metavar="NAME",
        help=f"only {', '.join(contenders.NAMES)}, or MODULE:FUNCTION of your own; several times for several",
    )
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help="only sets that begin so")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="processes (default: all cores)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the sets that the options name; draw the pictures if they want them."""
    labelled = sets.shipped() + (sets.of_folder(options.data) if options.data else [])
    names = [one.name for one in labelled] + [_QUIET]
    wanted = [name for name in names if _is_wanted(name, options.sets)]
    if not wanted:
        msg = f"no set begins with {', '.join(options.sets)}; there are {', '.join(dict.fromkeys(names))}"
        raise SystemExit(msg)
    labelled = [one for one in labelled if one.name in wanted]
    if options.pictures:
        options.pictures.write_text(pictures.page(labelled), encoding="utf-8")
    return measure(
        labelled,
        options.detector or contenders.BY_DEFAULT,
        quiet=_QUIET in wanted,
        jobs=options.jobs,
    )


def measure(
    labelled: Sequence[sets.Set], detectors: Sequence[str], *, quiet: bool = True, jobs: int | None = 1
) -> dict[str, Any]:
    """Return `sets`: a row for each set and detector; `quiet`: alerts where nothing happens; `missing`: who, and why.

    Parameters
    ----------
    labelled
        The sets.
    detectors
        Names of contenders.
    quiet
        Whether to count alerts on the streams in which nothing happens.
    jobs
        Processes; None for as many as there are cores.
    """
    missing, present = {}, []
    for name in detectors:
        try:
            contenders.judge(name)
        except PeerMissingError as error:
            missing[name] = str(error)
        else:
            present.append(name)
    tasks: list[tuple[str, sets.Set | None]] = [
        (name, one) for one in labelled for name in present if _is_of_use(name, one)
    ]
    if quiet:
        tasks += [(name, None) for name in present if name in contenders.ALERTING]
    rows: list[dict[str, Any]] = []
    streams: dict[str, Any] = {}
    for (name, one), figures in zip(tasks, _results(tasks, jobs), strict=True):
        if _FAILED in figures:
            missing[f"{name}, {one.name if one else _QUIET}"] = figures[_FAILED]
        elif one is None:
            streams[name] = figures
        else:
            rows.append(figures)
            if sys.stderr.isatty():
                print(f"{_title(figures)}, {name}: F1 {figures['f1']:.3f}", file=sys.stderr)
    return {"sets": _with_mean_twin(rows), "quiet": streams, "missing": missing}


def table(figures: dict[str, Any]) -> str:
    """Lay out what `measure` returned."""
    width = max(len(name) for name in (*contenders.NAMES, *(row["detector"] for row in figures["sets"]))) + 2
    lines = []
    title = ""
    if figures["sets"]:
        lines.append(" " * width + "".join(f"{heading:>10}" for heading, _, _ in _COLUMNS))
    for row in figures["sets"]:
        if _title(row) != title:
            title = _title(row)
            lines.append(f"{title}, {row['series']} series")
        cells = [format(row[key], spec) if key in row else "" for _, key, spec in _COLUMNS]
        lines.append(f"  {row['detector']:<{width - 2}}" + "".join(f"{cell:>10}" for cell in cells))
    lines += _quiet_lines(figures["quiet"])
    lines += [f"{name}: {why}" for name, why in figures["missing"].items()]
    return "\n".join(line.rstrip() for line in lines)


def _quiet_lines(quiet: dict[str, dict[str, list[float]]]) -> list[str]:
    if not quiet:
        return []
    lines = ["", "Nothing happens: alerts in the first week / a week later on"]
    lines.append(" " * 18 + "".join(f"{name:>26}" for name in quiet))
    for kind in next(iter(quiet.values())):
        cells = ["{:.1f} / {:.1f}".format(*by_kind[kind]) for by_kind in quiet.values()]
        lines.append(f"{kind:<18}" + "".join(f"{cell:>26}" for cell in cells))
    return lines


def _is_of_use(name: str, labelled: sets.Set) -> bool:
    """Whether figures say something: changed copies of what was tuned, a lower threshold by the challenge's rule."""
    if labelled.name.startswith(sets.TWIN):
        return name not in contenders.PEERS and name != contenders.OURS_RAW
    return not labelled.windowed or name != contenders.OURS_RAW


def _is_wanted(name: str, wanted: Sequence[str] | None) -> bool:
    return not wanted or any(name.lower().startswith(start.lower()) for start in wanted)


def _results(tasks: Sequence[tuple[str, sets.Set | None]], jobs: int | None) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from map(_one, tasks)
        return
    # Not forked: a JVM does not survive it.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_one, tasks)


def _one(task: tuple[str, sets.Set | None]) -> dict[str, Any]:
    name, labelled = task
    try:
        return sets.quiet(name) if labelled is None else sets.reach(name, labelled)
    except Exception as error:
        if name not in contenders.PEERS:
            raise
        # Half an hour of figures is not lost to what one peer does not take.
        return {_FAILED: f"failed: {type(error).__name__}: {error}"}


def _title(row: dict[str, Any]) -> str:
    return f"{row['set']}, {row['step']} min" if row["step"] else str(row["set"])


def _with_mean_twin(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace each detector's rows of twins by one of their means, behind the originals."""
    twins = [row for row in rows if row["set"].startswith(sets.TWIN)]
    means = []
    for name in dict.fromkeys(row["detector"] for row in twins):
        mine = [row for row in twins if row["detector"] == name]
        numbers = {
            key: sum(row[key] for row in mine) / len(mine)
            for key, value in mine[0].items()
            if isinstance(value, int | float)
        }
        means.append({**mine[0], **numbers, "set": "NAB, mean of three changed copies", "series": mine[0]["series"]})
    others = [row for row in rows if row not in twins]
    after = sum(row["set"] == "NAB" for row in others)
    return [*others[:after], *means, *others[after:]]
