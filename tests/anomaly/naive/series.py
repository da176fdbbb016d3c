"""The twins put together: a row's way through the components, up to its score and the strength of its alert."""

import math
from typing import NamedTuple

import numpy as np

from anomaly.kernels.clock import BREAK, Pace
from naive import clock, forecaster, forests
from naive.clock import Clock, moment
from naive.decision import Decision
from naive.hold import Hold
from naive.hour_residual import HourResidual
from naive.outage import Outage
from naive.recurrence import Recurrence
from naive.residual import Residual
from naive.runs import Runs
from naive.score import Score
from naive.sparse import Sparse
from naive.start import start_origin
from naive.sums import Sums


class Expected(NamedTuple):
    shown: float
    now: float
    low: float
    high: float


class Series:
    def __init__(self) -> None:
        self.first: list[tuple[float, float]] = []
        self.origin, self.points = 0.0, 0
        self.clock, self.hold, self.residual, self.hours = Clock(), Hold(), Residual(), HourResidual()
        self.memory, self.profile, self.mixture = forecaster.Memory(), forecaster.Profile(), forecaster.Mixture()
        self.sums, self.outage, self.runs, self.sparse = Sums(), Outage(), Runs(), Sparse()
        self.forests, self.recurrence, self.decision, self.score = forests.Forests(), Recurrence(), Decision(), Score()
        self.skipped = False

    def row(self, time: float, value: float) -> dict[str, float]:
        """Return what is found; nothing before the 13th value."""
        if len(self.first) == 12:
            return self.step(time, value)
        self.clock.rows.append(time)
        if math.isnan(value):
            return {}
        self.first.append((time, value))
        if len(self.first) == 12:
            self.origin, values = start_origin([value for _, value in self.first])
            for (then, _), tamed in zip(self.first, values, strict=True):
                self.step(then, tamed)
        return {}

    def expect(self, usual: float, sh: float, *, sparse: bool) -> Expected:
        if self.points == 0:
            return Expected(*[math.nan] * 4)
        bottom, top = self.residual.walls(self.origin)
        found = []
        for memory in (self.hold.clean or self.memory, self.memory):
            said = memory.predictions(self.profile, usual)
            found.append(min(max(memory.median() if sparse else self.mixture.of(said), bottom), top))
        if self.points < 12:
            return Expected(*found, math.nan, math.nan)
        below, above = self.residual.band(sh) if self.residual.scale > 0 else (0.0, 0.0)
        return Expected(*found, max(found[0] - below, bottom), min(found[0] + above, top))

    def step(self, time: float, value: float) -> dict[str, float]:
        n, hour = self.points, moment(time).hour
        self.clock.rows.append(time)
        age, before = time - self.clock.first(), pace_of(self.clock.step)
        if not self.profile.ready and age >= 86400 and n > 3:
            self.profile.begin()
        usual, sparse = self.profile.at(time), self.sparse.is_sparse(n)
        sh = self.residual.hour_scale(hour, before, sparse=sparse)
        outlook = self.expect(usual, sh, sparse=sparse)
        found = {name: getattr(outlook, name) + self.origin for name in ("shown", "low", "high")}
        if math.isnan(value):
            return found
        exact = min(max(value - self.origin, -1e18), 1e18)
        x = np.float32(exact)
        extreme, gap = self.residual.extremes(exact), self.clock.look(time)
        pace = pace_of(self.clock.step)
        if gap > BREAK * pace.step:
            self.sums.gap()
            self.runs.gap()

        few = self.forests.few()
        silent = few or sparse
        mean = np.float32(self.forests.mean(x))
        shape = np.float32(forests.shape_distance([*map(float, self.forests.values[-290:]), float(x)]))
        f_v, f_m, f, share, weight = self.forests.look(x, mean, shape, extreme=extreme, sparse=sparse)
        tamed = self.mixture.tame(self.memory, self.profile.points, n, float(x)) if n else float(x)
        e_s, e_x = self.hours.look(time, pace.step, n, tamed, skipped=self.skipped, silent=silent)
        judged = self.judge(time, age, pace, usual, sh, outlook, x, tamed, few=few, sparse=sparse)
        e_run = self.runs.look(n, float(x), share, weight, lowest=exact == min(self.residual.values))

        xv, xm = f_v * math.sqrt(f) / forests.bar(pace.bar_step), f_m / forests.bar(pace.bar_step)
        e_v = max(xv, xm) * (1 if silent else min(1, judged["e0"]) ** (2 / judged["rho"] ** 2))
        weeks = clock.weeks(age)
        rare, e_rare = self.sparse.rare(n, self.decision.weekly(weeks), off=judged["off"])
        point, lasting = max(judged["e_l"], e_s, e_rare), max(e_x, judged["e_10"], e_run, judged["e_out"])
        e = max(e_v, point, lasting)
        event = np.float32(judged["rc"]) if e >= 0.8 and n >= 60 and e_run < e else None
        known, e_absent = self.recurrence.look(age, gap, pace.step, n, event)
        e, lasting = max(e, e_absent), max(lasting, e_absent)
        alert = self.decision.look(pace, n, weeks, e_v, point, lasting, rare=rare, known=known)
        self.hold.suspicious = judged["flagged"] or alert > 0
        found |= {"raw": self.score.ranked(judged["e0"], xv), "held": float(judged["flagged"])}
        found |= {"score": 0.0, "evidence": 0.0, "alert": 0.0}
        if n >= pace.grown:
            found |= {"score": self.score.of(e), "evidence": e, "alert": alert}
            self.score.learn(e)
        elif n >= 20 and judged["e_l"] >= 1:
            found |= {"score": self.score.of(judged["e_l"]), "evidence": judged["e_l"]}
            found["alert"] = min(alert, judged["e_l"])
        self.forests.learn(x, mean, shape, few=few)
        self.points += 1
        parts = {"forest": e_v, "hour": e_s, "hour_sum": e_x, "sum": judged["e_10"]}
        parts |= {"run": e_run, "rare": e_rare, "absence": e_absent, "outage": judged["e_out"]}
        if n < pace.grown:  # not for them to call yet
            parts = dict.fromkeys(parts, 0.0)
        return found | parts | {"residual": judged["e_l"]}

    def judge(
        self, time: float, age: float, pace: Pace, usual: float, sh: float, outlook: Expected, x: np.float32,
        tamed: float, *, few: bool, sparse: bool,
    ) -> dict[str, float]:  # fmt: skip
        """What the residual says, and what is learnt at once."""
        n, value = self.points, float(x)
        if n == 0:
            self.memory.push(x)
            self.profile.slots[int(moment(time).quarters)] = value
            self.profile.first_day(time, value, pace.per_day)
            self.residual.learn_spread(pace, n, value)
            return {"rc": 0, "e0": 0, "rho": 1, "e_l": 0, "e_10": 0, "e_out": 0, "off": False, "flagged": False}
        rc, ra = value - outlook.shown, value - outlook.now
        rl = (min(rc, ra, key=abs) if rc * ra > 0 else 0.0) if self.hold.clean else rc
        off = value != self.memory.median()
        sizes = self.residual.look(pace, n, sh, rc, rl, sparse=sparse)
        e_l = 0.0 if few else sizes.evidence
        if self.profile.ready and not sparse and rl != 0:
            e_l *= min(1, max(0, (value - usual) / rl) / 0.75)
        may_skip = n > pace.grown and not few and not sparse
        flagged, skip = self.hold.look(pace.step, sizes.surprise, may_skip=may_skip)
        self.skipped = skip
        self.sparse.learn(n, off=off)
        e_10 = 0.0
        if self.residual.scale > 0 and self.residual.q2 > 0:
            q = self.residual.q[0], self.residual.q[1]
            e_10 = self.sums.look(q, pace, n, sizes.shown, skip=skip, sparse=sparse)
        possible = may_skip and self.profile.ready and min(self.residual.values) + self.origin >= 0
        ls = self.profile.deviation
        e_out = self.outage.look(pace.step, n, value, usual, ls, self.origin, possible=possible)
        spread = self.memory.spread()
        if not skip:
            said = (self.hold.clean or self.memory).predictions(self.profile, usual)
            self.mixture.learn(said, value, rl, spread, n, pace.per_day)
            self.residual.learn(moment(time).hour, pace, n, sizes, rl, spread, flagged=flagged, sparse=sparse)
        self.residual.learn_spread(pace, n, tamed)
        clean = self.hold.clean
        over = self.hold.learn(self.memory, pace.step, value, outlook.shown, flagged=flagged)
        if self.profile.ready:
            dev, count = tamed - usual, self.profile.points + 1
            self.memory.deviate(pace.step, count, dev)
            if self.hold.clean:
                self.hold.clean.deviate(pace.step, count, outlook.shown - usual if flagged else dev)
            self.profile.learn(time, pace, age, dev, spread, flagged=flagged)
        else:
            self.profile.first_day(time, tamed, pace.per_day)
        if over:  # without a trace
            self.memory.hour, self.memory.six_hours = clean.hour, clean.six_hours
        return {
            "rc": rc, "e0": sizes.surprise, "rho": sizes.noise, "e_l": e_l, "e_10": e_10, "e_out": e_out, "off": off,
            "flagged": flagged,
        }  # fmt: skip


def pace_of(step: float) -> Pace:
    """A step of 0, of the first value, is taken for a minute."""
    per_day = 86400 / step if step > 0 else 1440.0
    return Pace(step, per_day, min(max(1.5 * per_day, 48), 300), min(max(step, 60), 900))
