"""Randomised trials inside the model, and the lever size that reproduces a published effect.

All who are eligible draw a keyed lot: a share is served from month 0, the others are the control
arm. Both arms are fixed where the worlds are still equal, so the arms' gap in a world without the
measure is taken off: chance differences between arms drop out. Draws are the same for every
size of a lever, so the simulated effect is a smooth enough function of it for bisection.

A *virtual trial* looks for the size of one lever at which the trial gives the published effect.
The host is the place itself when its control arm agrees with the study's control rate; otherwise
the people of both arms search more or less, by one factor, until it does (``host_effort``).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from scenarios import ScenarioError, Site
from scenarios.measures import Dose, Lever, Measure, load_measure, mix_of, shipped_measures
from scenarios.trials import Study, studies
from simulator.chance import Stream, stream_base, unit, word
from simulator.codes import RUNGS, Status
from simulator.columns import Person, Post, Trait
from simulator.comparison import Estimate
from simulator.compile import kernel
from simulator.engine import World
from simulator.enrolment import enrol, meets_condition, workplace_meets
from simulator.files import write_study
from simulator.handle import handle
from simulator.policy import Policy, clause_row, lay_out_mix, workplace_clause_row
from simulator.town import Town
from simulator.world import ClauseColumn, Count, Enrolment, Help
from simulator.world import Measure as Row

STARTS = 12  # settled worlds; each is followed on several sets of draws
REPLICATIONS = 24
SHARE = 0.2  # of the eligible who are served: few, so that they hardly displace the others
AGREES = 0.15  # a host agrees with the study when its control rate is within this share of it
SEARCHED = 3.0  # sizes up to so many times the stated range are looked at
POINTS = (0.0, 1 / 6, 1 / 3, 2 / 3, 1.0)  # of the range looked at
HALVINGS = 2  # of the bracket of the centre, before a straight line is drawn
HOST_STEPS = 8
HOST_RANGE = 2.5  # log factor on search up to which hosts are made
SEED_STEP = 10_000
FUTURES = 97  # step between the keys of futures of one start
DEFAULT_HORIZON = 12
POWER, SIGNIFICANCE = 0.8, 0.05
_Z = 1.959964 + 0.841621  # two-sided 5 %, 80 % power


@kernel
def _draw_arms(w, first, last, on_workplaces, share, arm):
    base = stream_base(w.counts[Count.SEED], Stream.LOTTERY, 1)
    if on_workplaces:
        for workplace in range(w.workplaces.shape[1]):
            if workplace_meets(w, workplace, first, last):
                lot = unit(word(w.workplace_hash[workplace], base, 1))
                arm[workplace] = 1 if lot < share else 0
        return
    for person in range(w.counts[Count.PEOPLE]):
        if w.people[Person.STATUS, person] <= Status.N and meets_condition(w, person, first, last):
            arm[person] = 1 if unit(word(w.person_hash[person], base, 1)) < share else 0


@kernel
def _enrol_arm(w, arm):
    for who in range(arm.shape[0]):
        if arm[who] == 1:
            enrol(w, who, 0, 0)


@dataclass(frozen=True)
class Solution:
    """The size of a lever at which the trial gives the published effect.

    Attributes
    ----------
    verdict : str
        ``"found"``; ``"beyond"``: only outside the stated range; ``"never"``: not up to
        ``SEARCHED`` times the range; ``"none"``: the published effect is none and so is the size.
    low, high : float
        Sizes at the ends of the simulation interval of the effect (nan when not found).
    best : float
        Largest effect met on the way.
    """

    lever: str
    wanted: str
    target: float
    size: float
    low: float
    high: float
    verdict: str
    best: float
    stated_low: float
    stated_high: float


@dataclass
class Trial:
    """Result of a trial; see :func:`trial`."""

    site: str
    measure: Measure
    study: Study
    published: bool
    control: float
    control_wanted: float | None
    host_effort: float
    simulated: Estimate
    treated: float
    per_arm: tuple[float, float]
    curve: list[tuple[str, float, Estimate]] = field(default_factory=list)
    solutions: list[Solution] = field(default_factory=list)
    power: dict[str, float] = field(default_factory=dict)
    seed: int = 1
    scenario_hash: str = ""

    @property
    def host_agrees(self) -> bool:
        """Whether the place itself could be the host."""
        return self.host_effort == 0.0

    def solution(self, wanted: str = "centre", second: bool = False) -> Solution | None:
        """Return the solution of one lever for the ``centre``, ``low`` or ``high`` effect."""
        lever = self.measure.second_lever if second else self.measure.primary_lever
        found = [s for s in self.solutions if s.lever == lever and s.wanted == wanted]
        return found[0] if found else None

    def frame(self) -> pd.DataFrame:
        """Return published and simulated effect and the solutions as one table."""
        rows = [
            {
                "measure": self.measure.id,
                "study": self.study.study if self.published else "",
                "quantity": "effect at the assumed size",
                "lever": "",
                "published": self.study.centre if self.published else math.nan,
                "value": self.simulated.mean,
                "ci_low": self.simulated.low,
                "ci_high": self.simulated.high,
                "verdict": "",
            }
        ]
        rows += [
            {
                "measure": self.measure.id,
                "study": self.study.study,
                "quantity": f"size for the {s.wanted} effect",
                "lever": s.lever,
                "published": s.target,
                "value": s.size,
                "ci_low": s.low,
                "ci_high": s.high,
                "verdict": s.verdict,
            }
            for s in self.solutions
        ]
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Return the result for the screen."""
        study = self.study
        outcome = _OUTCOMES[study.outcome].format(h=study.horizon_months)
        host = "the place itself"
        if not self.host_agrees:
            host = f"the place with search of both arms times {math.exp(self.host_effort):.2f}"
        lines = [
            f"Trial of {self.measure.names.en} in {self.site}: {outcome} ({study.compare})",
            f"Control mean {self.control:.3f}"
            + ("" if self.control_wanted is None else f" (study: {self.control_wanted:.2f})")
            + f"; host: {host}; per world {self.per_arm[0]:.0f} served and "
            f"{self.per_arm[1]:.0f} controls",
        ]
        if self.published:
            lines.append(
                f"Published ({study.study}): {study.centre:g} ({study.low:g} to {study.high:g})"
            )
        elif self.measure.effect_published:
            effects = {e for lever in self.measure.levers if lever.published for e in lever.effects}
            lines.append(
                f"Sizes rest on {', '.join(sorted(effects))}, which no trial here can imitate; "
                "its own outcome is shown."
            )
        else:
            lines.append("No effect of this measure is published; its own outcome is shown.")
        now = self.simulated
        lines.append(
            f"Simulated with assumed sizes: {now.mean:.3f} ({now.low:.3f} to {now.high:.3f})"
        )
        if self.solutions:
            lines.append("Size of one lever alone at which the trial gives the published effect:")
            lines += [_told(found) for found in self.solutions]
        if self.power:
            lines.append("People per arm for 80 % power (5 %, two-sided):")
            lines += [
                f"  {name} effect: {_people(self.power[f'per_arm_{name}'])}"
                for name in ("published", "simulated")
                if f"per_arm_{name}" in self.power
            ]
            lines.append(f"Eligible in the place now: {self.power['eligible_now']:.0f}")
        return "\n".join(lines)

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``trial.csv``, ``curve.csv``, the answer and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        curve = pd.DataFrame(
            [(lever, size, e.mean, e.low, e.high) for lever, size, e in self.curve],
            columns=["lever", "size", "effect", "ci_low", "ci_high"],
        )
        return write_study(
            folder,
            force,
            {"trial": self.frame(), "curve": curve},
            self.text(),
            command=f"trial({self.site!r}, {self.measure.id!r})",
            seeds=[self.seed],
            scenario_hash=self.scenario_hash,
            site=self.site,
            measure=self.measure.id,
        )


def _people(number: float) -> str:
    return "no number is enough" if math.isinf(number) else f"{math.ceil(number):,}"


_OUTCOMES = {
    "in_work": "in work in month {h}",
    "ever": "ever in work by month {h}",
    "months": "share of {h} months in work",
    "hires": "hires per workplace in {h} months",
    "hires_migrant": "hires with migrant background per workplace in {h} months",
    "higher_rung": "on a higher rung in month {h}",
}


def _told(found: Solution) -> str:
    if found.verdict == "none":
        return f"  {found.lever}, {found.wanted} effect {found.target:g}: none is needed"
    if found.verdict == "never":
        return (
            f"  {found.lever}, {found.wanted} effect {found.target:g}: no size up to {SEARCHED:g} "
            f"times the stated range gives it (largest effect met: {found.best:.3f})"
        )
    where = "within" if found.verdict == "found" else "beyond"
    return (
        f"  {found.lever}, {found.wanted} effect {found.target:g}: {found.size:.3f} "
        f"({found.low:.3f} to {found.high:.3f}), {where} the stated range "
        f"{found.stated_low:g} to {found.stated_high:g}"
    )


def _default_study(measure: Measure) -> Study:
    """Return what a trial of a measure without published effect would look at."""
    at_work = {"worker": "higher_rung"}.get(measure.kind, "in_work")
    outcome = at_work if measure.recruits == "person" else "hires"
    compare = "ratio" if outcome == "hires" else "difference"
    none = 0.0 if compare == "difference" else 1.0
    return Study.model_construct(
        measure=measure.id, study="", outcome=outcome, compare=compare,
        horizon_months=DEFAULT_HORIZON, centre=none, low=none, high=none, range_source="",
        horizon_source="", discount=1.0, control_rate=None, statuses=None, age_min=None,
        register_months_min=None, register_months_max=None,
    )  # fmt: skip


def lever_of(measure: Measure, name: str) -> Lever:
    """Return a lever of a measure; for a second lever that its file lacks, one like it.

    The stand-in has the widest range of that lever among the shipped measures and the timing of
    the measure's primary lever.
    """
    for lever in measure.levers:
        if lever.lever == name:
            return lever
    primary = next(lever for lever in measure.levers if lever.lever == measure.primary_lever)
    others = [
        lever
        for other in shipped_measures()
        for lever in load_measure(other).levers
        if lever.lever == name and lever.applies_to == primary.applies_to
    ]
    if not others:
        raise ScenarioError(
            [f"no shipped measure has the lever '{name}' of {measure.id} on a "
             f"{primary.applies_to}, so it has no range; name another second_lever."]
        )  # fmt: skip
    widest = max(others, key=lambda lever: abs(lever.strength.top))
    timing = {
        key: getattr(primary, key) for key in ("onset_months", "months_to_half", "months_to_zero")
    }
    return widest.model_copy(update={**timing, "published": False, "by_flag": None})


class Host:
    """Worlds at month 0 with their arms, and the outcome of both arms for any lever sizes."""

    def __init__(self, town: Town, measure: Measure, study: Study, *, replications: int,
                 share: float, seed: int, threads: int,
                 prepare: Callable[[World], World] | None = None) -> None:  # fmt: skip
        # as in the studies: nobody is in another measure
        town = town.without_services()
        self.town, self.measure, self.study = town, measure, study
        self.share, self.threads = share, threads
        self.effort = 0.0
        self.on_workplaces = measure.recruits == "workplace"
        starts = min(STARTS, replications)
        self.cluster = np.arange(replications) % starts
        base = [town.begin(seed * SEED_STEP + s) for s in range(starts)]
        if prepare is not None:
            base = [prepare(world) for world in base]
        self.worlds = []
        for r in range(replications):
            world = base[r % starts].copy()
            world.columns.counts[Count.SEED] += FUTURES * (r // starts)
            self.worlds.append(world)
        self.arms = [self._arm(world) for world in self.worlds]
        if not any((arm == 1).any() and (arm == 0).any() for arm in self.arms):
            raise ScenarioError(
                [f"nobody in {town.id} is eligible for {measure.id}; choose another place."]
            )
        self.untreated: np.ndarray | None = None

    def _arm(self, world: World) -> np.ndarray:
        w = world.columns
        place, study, measure = self.town.place, self.study, self.measure
        n = w.workplaces.shape[1] if self.on_workplaces else int(w.counts[Count.PEOPLE])
        arm = np.full(n, -1, np.int8)
        w.counts[Count.MONTH] = world.month
        if self.on_workplaces:
            rows = [
                workplace_clause_row(clause, place, self.town.site)
                for clause in measure.workplaces or ()
            ]
        else:
            rows = [clause_row(c, place) for c in study.clauses or measure.eligibility or ()]
        clauses = np.array(rows, np.int64).reshape(-1, len(ClauseColumn))
        columns = w._replace(clauses=clauses)
        with np.errstate(over="ignore"):
            _draw_arms(handle(columns), 0, len(rows), self.on_workplaces, self.share, arm)
        if study.register_months_max is not None:
            registered = world.month - w.people[Person.REGISTER_SINCE, :n]
            arm[registered > study.register_months_max] = -1
        w.counts[Count.MONTH] = world.month - 1
        return arm

    def _begin(self, at: int, policy: Policy | None) -> World:
        """Return a world at the start of the trial, its treated arm enrolled."""
        world = self.worlds[at].copy()
        arm = self.arms[at]
        n = len(arm)
        w = world.columns
        if self.effort and not self.on_workplaces:
            w.traits[Trait.EFFORT, :n][arm >= 0] *= math.exp(self.effort)
            w.counts[Count.SCREENED_UNTIL] = world.month  # bounds depend on effort
        if policy is not None:
            policy.install(world)
        # before anybody is enrolled: substitutes' posts count in the first month's arrays
        world.lay_out(world.month, self.study.horizon_months)
        if policy is not None:
            room = int((arm == 1).sum()) + 10
            world._replace(
                enrolments=np.zeros((len(Enrolment), room), np.int32),
                helps=np.zeros((len(Help), room)),
            )
            world.make_room_for_posts(room)  # of substitutes
            w = world.columns
            w.counts[Count.MONTH] = world.month
            with np.errstate(over="ignore"):
                _enrol_arm(handle(w), arm)
        return world

    def _run(self, at: int, policy: Policy | None) -> np.ndarray:
        """Return mean, variance and number of treated and of control, shape (2, 3)."""
        world = self._begin(at, policy)
        arm = self.arms[at]
        horizon = self.study.horizon_months
        values = self._follow(world, arm, horizon)
        rows = []
        for which in (1, 0):
            found = values[arm == which]
            rows.append((found.mean(), found.var(), len(found)) if len(found) else (0.0, 0.0, 0))
        return np.array(rows)

    def _follow(self, world: World, arm: np.ndarray, horizon: int) -> np.ndarray:
        n = len(arm)
        outcome = self.study.outcome
        w = world.columns
        total = np.zeros(n)
        migrant = 0
        if outcome == "hires_migrant":
            migrant = 1 << self.town.site.barrier_ids.index("migrant")
        first_rung = _rungs(world, n) if outcome == "higher_rung" else None
        for month in range(horizon):
            world.advance(1)
            w = world.columns
            now = world.month - 1
            if outcome in ("hires", "hires_migrant"):
                everybody = int(w.counts[Count.PEOPLE])
                posts = w.people[Person.POST, :everybody]
                new = (posts >= 0) & (w.people[Person.EMPLOYER_SINCE, :everybody] == now)
                if migrant:
                    new &= (w.people[Person.BARRIERS, :everybody] & migrant) > 0
                total += np.bincount(w.posts[Post.WORKPLACE][posts[new]], minlength=n)[:n]
            elif outcome in ("ever", "months") or month == horizon - 1:
                at_work = w.people[Person.STATUS, :n] <= Status.EMPLOYED_ELSEWHERE
                if outcome == "ever":
                    total = np.maximum(total, at_work)
                elif outcome == "months":
                    total += at_work / horizon
                elif outcome == "higher_rung":
                    total = (_rungs(world, n) > first_rung).astype(float)
                else:
                    total = at_work.astype(float)
        return total

    def policy_of(self, levers: Sequence[Lever], sizes: dict) -> Policy:
        """Return the measure with these levers laid out; only the arm is served."""
        measure = self.measure.model_copy(update={"levers": list(levers)})
        mix = mix_of([]).model_copy(
            update={"measures": {measure.id: Dose(dose=0.0)}, "files": {measure.id: measure}}
        )
        start = self.worlds[0].month
        policy = lay_out_mix(mix, self.town.site, self.town.place, sizes=sizes, start=start)
        policy.measures[:, Row.END] = policy.measures[:, Row.START]
        return policy

    def totals(self, policy: Policy | None) -> np.ndarray:
        """Return months in work of the served and of all other residents, shape (worlds, 2)."""

        def one(at: int) -> tuple[float, float]:
            world = self._begin(at, policy)
            arm = self.arms[at]
            served = others = 0.0
            for _ in range(self.study.horizon_months):
                world.advance(1)
                people = world.columns.people[:, : int(world.columns.counts[Count.PEOPLE])]
                works = people[Person.STATUS] <= Status.EMPLOYED_ELSEWHERE
                works &= people[Person.RESIDENT] == 1
                mine = float(works[: len(arm)][arm == 1].sum())
                served += mine
                others += float(works.sum()) - mine
            return served, others

        with ThreadPoolExecutor(self.threads) as pool:
            return np.array(list(pool.map(one, range(len(self.worlds)))))

    def all(self, levers: Sequence[Lever], sizes: dict, served: bool = True) -> np.ndarray:
        """Return the outcome of all worlds, shape (worlds, 2, 3)."""
        policy = self.policy_of(levers, sizes) if served else None
        with ThreadPoolExecutor(self.threads) as pool:
            return np.array(
                list(pool.map(lambda at: self._run(at, policy), range(len(self.worlds))))
            )

    def control(self) -> float:
        """Return the control mean without the measure (all eligible, since nobody is served)."""
        self.untreated = self.all((), {}, served=False)
        weights = self.untreated[:, :, 2]
        return float((self.untreated[:, :, 0] * weights).sum() / weights.sum())

    def effect(self, found: np.ndarray) -> Estimate:
        """Return the effect with its 90 % interval, by leaving out one start at a time."""
        if self.untreated is None:
            raise RuntimeError("the control mean is needed before an effect: call control()")
        untreated = self.untreated
        clusters = np.unique(self.cluster)

        def value(keep: np.ndarray) -> float:
            means = [
                [
                    (f[keep, arm, 0] * f[keep, arm, 2]).sum() / f[keep, arm, 2].sum()
                    for arm in (0, 1)
                ]
                for f in (found, untreated)
            ]
            (t, c), (t0, c0) = means
            if self.study.compare == "difference":
                return (t - c) - (t0 - c0)
            if self.study.compare == "hazard":
                t, c, t0, c0 = (-math.log(max(1.0 - x, 1e-9)) for x in (t, c, t0, c0))
            return (t / c) / (t0 / c0) if c > 0 and c0 > 0 and t0 > 0 else math.nan

        mean = value(np.ones(len(found), bool))
        n = len(clusters)
        if n < 2:
            return Estimate(mean, -math.inf, math.inf, len(found))
        out = np.array([value(self.cluster != cluster) for cluster in clusters])
        half = stdtrit(n - 1, 0.95) * math.sqrt((n - 1) / n * ((out - out.mean()) ** 2).sum())
        return Estimate(mean, mean - half, mean + half, len(found))

    def effect_of(self, lever: Lever, size: float) -> Estimate:
        """Return the effect of one lever alone at a size."""
        return self.effect(self.all([lever], {(self.measure.id, lever.lever): size}))

    def agree(self, wanted: float) -> float:
        """Make the control arm agree with a rate by a common factor on search; return the rate."""
        rate = self.control()
        if abs(rate - wanted) <= AGREES * wanted:
            return rate
        low, high = -HOST_RANGE, HOST_RANGE
        for _ in range(HOST_STEPS):
            self.effort = 0.5 * (low + high)
            rate = self.control()
            if rate < wanted:
                low = self.effort
            else:
                high = self.effort
        return rate


def _rungs(world: World, n: int) -> np.ndarray:
    posts = world.columns.people[Person.POST, :n]
    return np.where(posts >= 0, world.columns.posts[Post.RUNG][posts], -1 - RUNGS * (posts < 0))


def _search(
    host: Host,
    lever: Lever,
    wanted: dict[str, float],
    curve: list,
    step: Callable[[], None] = lambda: None,
) -> list[Solution]:
    """Find the sizes of a lever at which the trial gives each wanted effect."""
    s = lever.strength
    end = s.high if abs(s.high) >= abs(s.low) else s.low
    share = lever.unit.startswith("share")
    far = end * SEARCHED
    if share:
        far = math.copysign(min(abs(far), 1.0), far)
    points = []
    for at in POINTS:
        size = at * far
        points.append((size, host.effect_of(lever, size)))
        curve.append((lever.lever, *points[-1]))
        step()
    none = host.study.no_effect
    solutions = []
    for name, target in wanted.items():
        best = max((e.mean for _, e in points), default=math.nan)
        solution = partial(
            Solution, lever=lever.lever, wanted=name, target=target, best=best,
            stated_low=s.low, stated_high=s.high,
        )  # fmt: skip
        if target == none:
            solutions.append(solution(size=0.0, low=0.0, high=0.0, verdict="none"))
            continue
        bracket = next(
            (
                (a, b)
                for a, b in zip(points, points[1:], strict=False)
                if (a[1].mean - target) * (b[1].mean - target) <= 0
            ),
            None,
        )
        if bracket is None:
            verdict = "never"
            solutions.append(solution(size=math.nan, low=math.nan, high=math.nan, verdict=verdict))
            continue
        (x, a), (y, b) = bracket
        if name == "centre":
            for _ in range(HALVINGS):
                middle = 0.5 * (x + y)
                found = host.effect_of(lever, middle)
                curve.append((lever.lever, middle, found))
                step()
                if (found.mean - target) * (a.mean - target) <= 0:
                    y, b = middle, found
                else:
                    x, a = middle, found
        size = _between(x, a.mean, y, b.mean, target)
        half = 0.5 * ((a.high - a.mean) + (b.high - b.mean))
        # the slope of the whole curve: that of a short bracket is mostly noise
        slope = (points[-1][1].mean - points[0][1].mean) / (points[-1][0] - points[0][0])
        spread = abs(half / slope) if slope else math.inf
        verdict = "found" if min(s.low, 0) <= size <= max(s.high, 0) else "beyond"
        solutions.append(
            solution(size=size, low=size - spread, high=size + spread, verdict=verdict)
        )
    return solutions


def _between(x: float, a: float, y: float, b: float, target: float) -> float:
    return x if a == b else x + (y - x) * (target - a) / (b - a)


def sample_size(mean_t: float, mean_c: float, var_t: float, var_c: float) -> float:
    """Return people per arm needed to see a difference of means with 80 % power (5 %, two-sided).

    Examples
    --------
    >>> round(sample_size(0.52, 0.50, 0.2496, 0.25))
    9803
    """
    gap = mean_t - mean_c
    return math.inf if gap == 0 else _Z**2 * (var_t + var_c) / gap**2


def trial(
    site: str | Path | Site | Town,
    measure: str | Path | Measure,
    *,
    study: int = 0,
    solve: bool = True,
    power: bool = False,
    replications: int = REPLICATIONS,
    share: float = SHARE,
    seed: int = 1,
    threads: int | None = None,
    parameters: dict[str, float] | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Trial:
    """Run a randomised trial of one measure inside the model.

    Parameters
    ----------
    site : str, Path, Site or Town
    measure : str, Path or Measure
    study : int
        Which of the measure's studies (``scenarios/trials.toml``), the main one first.
    solve : bool
        Also find the size of the primary and of the second lever that reproduces the study.
    power : bool
        Also say how many people a trial in the place would need.
    replications : int
        Worlds; several futures of the same start count as one when intervals are formed.
    share : float
        Share of the eligible that is served.

    Returns
    -------
    Trial

    Raises
    ------
    ScenarioError
        When the measure recruits nobody, nobody is eligible, or a file is wrong.
    """
    town = site if isinstance(site, Town) else Town(site, parameters)
    chosen = measure if isinstance(measure, Measure) else load_measure(measure)
    if chosen.recruits == "place" or not chosen.levers:
        raise ScenarioError(
            [f"a trial of {chosen.id} is not possible: it serves no person and no workplace, or "
             "its content is unknown; choose a measure with places and levers."]
        )  # fmt: skip
    known = studies(chosen.id)
    if study and study >= len(known):
        raise ScenarioError(
            [f"study {study + 1} of {chosen.id} does not exist; it has {len(known)}."]
        )
    paper = known[study] if known else _default_study(chosen)
    host = Host(
        town, chosen, paper, replications=max(replications, 2), share=share, seed=seed,
        threads=threads or os.cpu_count() or 1,
    )  # fmt: skip
    levers = [name for name in (chosen.primary_lever, chosen.second_lever) if name]
    solve = solve and bool(known)
    steps = 2 + (len(POINTS) + HALVINGS) * len(levers) * solve
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, steps), steps)

    control = host.agree(paper.control_rate) if paper.control_rate else host.control()
    step()
    assumed = host.all(chosen.levers, {})
    simulated = host.effect(assumed)
    step()
    weights = assumed[:, :, 2]
    treated = float((assumed[:, 0, 0] * weights[:, 0]).sum() / weights[:, 0].sum())
    result = Trial(
        site=town.id, measure=chosen, study=paper, published=bool(known), control=control,
        control_wanted=paper.control_rate, host_effort=host.effort, simulated=simulated,
        treated=treated, per_arm=(float(weights[:, 0].mean()), float(weights[:, 1].mean())),
        seed=seed, scenario_hash=town.scenario_hash(),
    )  # fmt: skip
    if solve:
        wanted = {"centre": paper.centre, "low": paper.low, "high": paper.high}
        for name in levers:
            lever = lever_of(chosen, name)
            result.solutions += _search(host, lever, wanted, result.curve, step)
    if power:
        result.power = _power(result, assumed)
    return result


def _power(result: Trial, found: np.ndarray) -> dict[str, float]:
    """Return the people per arm needed for the published and for the simulated effect."""
    weights = found[:, :, 2]
    mean = (found[:, :, 0] * weights).sum(0) / weights.sum(0)
    within = (found[:, :, 1] * weights).sum(0) / weights.sum(0)
    control = float(mean[1])
    study = result.study

    def needed(effect: float) -> float:
        if study.compare == "difference":
            treated = control + effect
        elif study.compare == "ratio":
            treated = control * effect
        else:
            treated = 1.0 - (1.0 - control) ** effect
        binary = study.outcome in ("in_work", "ever", "higher_rung")
        var_t = treated * (1 - treated) if binary else within[0]
        return sample_size(treated, control, max(var_t, 0.0), within[1])

    sizes = {"eligible_now": float(weights.sum(1).mean()), "control_mean": control}
    sizes["per_arm_simulated"] = needed(result.simulated.mean)
    if result.published:
        sizes["per_arm_published"] = needed(study.centre)
    return sizes


__all__ = ["Solution", "Trial", "lever_of", "sample_size", "trial"]
