"""``compare``: a place with and without a mix, on the same random numbers.

Cohort twins: the mix runs for its term from each of several dates on the reference path; both
worlds are followed for 36 months more. Effects are sums over groups fixed in the month before the
mix starts, as means over replications with the interval of the mean. Direct effects come from the
lottery inside the mix world. See ``docs/outcomes.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from scenarios import ScenarioError, Site
from scenarios.costs import Costs, check_events, load_costs
from scenarios.measures import Dose, Measure, Mix
from scenarios.surroundings import Surroundings
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import Outcome, series, window
from simulator.policy import Policy, lay_out_mix
from simulator.scale import check_scale
from simulator.town import Town
from simulator.world import Count, Enrolment
from simulator.world import Measure as Row

DATES = (0, 12, 24)  # months of the reference path at which cohorts start
TERM = 12  # months that a cohort's mix recruits
FOLLOWED = 36  # months that both worlds are followed after the term
HORIZON = TERM + FOLLOWED
WINDOWS = (12, 24, 36, 48)
THIRD_YEAR = (24, 36)  # months in which an additional placement counts
YEARS_SHOWN = (1, 2, 4, 10)
STRENGTHS = ("none", "assumed", "top")
LEVEL = 0.90
FIRST_PAIRS = 16
# Below this the spread itself is known to some 30 % at best, and Student's interval is more
# than a sixth wider than with many pairs: nothing is told then, neither an effect nor none.
ENOUGH_PAIRS = 8
SEED_STEP = 10_000  # replications of different seeds never share a seed


@dataclass(frozen=True)
class Estimate:
    """A mean over replications with its interval (simulation error)."""

    mean: float
    low: float
    high: float
    replications: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough pairs for an interval."""
        return self.replications >= ENOUGH_PAIRS

    @property
    def is_told(self) -> bool:
        """Whether there are enough pairs and the interval excludes zero."""
        return self.is_enough and (self.low > 0 or self.high < 0)

    def flipped(self) -> Estimate:
        """Return the same with the other sign."""
        return Estimate(-self.mean, -self.high, -self.low, self.replications)

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate times a positive constant."""
        return Estimate(
            self.mean * factor, self.low * factor, self.high * factor, self.replications
        )


def estimate(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high of a 90 % interval over the first axis (replications)."""
    n = len(values)
    mean = values.mean(0)
    if n < 2:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    half = stdtrit(n - 1, 0.5 + LEVEL / 2) * values.std(0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class Arm:
    """One mix at one strength, as compared."""

    mix: Mix
    strength: str
    scale: float = 1.0

    @property
    def key(self) -> tuple[str, str]:
        """Mix id and strength."""
        return self.mix.id, self.strength


@dataclass
class Pair:
    """One replication of one arm under one closure and design: sums over cohorts.

    Attributes
    ----------
    reference, scenario : ndarray, shape (outcomes, months)
        Monthly values, means over the cohorts.
    enrolments : ndarray, shape (enrolments, 7)
        Measure (among those of the mix that recruit), loser, workplace, months in work in 12 and
        in 24 months (-1: not known), person was in the target group, months since the mix started.
    taken_in : ndarray, shape (2, measures, years)
        People or workplaces that each measure of :attr:`Comparison.bought` took in, in the
        reference and in the scenario; means over the cohorts.
    """

    reference: np.ndarray
    scenario: np.ndarray
    enrolments: np.ndarray
    taken_in: np.ndarray


Key = tuple[str, str, str, str]  # closure, mix, strength, design


def _follow(world, months: int, start: int, cells: np.ndarray):  # noqa: ANN001, ANN202
    world.lay_out(start, months, cells, target_cells())
    world.advance(months)
    return series(world)


def enrolment_rows(world, start: int, running: Iterable[str] = ()) -> np.ndarray:  # noqa: ANN001
    """Return the enrolments since a month, shape (enrolments, 7); see :class:`Pair`.

    Enrolments in ``running`` measures, which the reference has too, are left out.
    """
    from simulator.columns import Person

    w = world.columns
    n = int(w.counts[Count.ENROLMENTS])
    rows = w.enrolments[:, :n]
    rows = rows[:, rows[Enrolment.START] >= start]
    own = np.array([name not in running for name in world.policy.names], dtype=bool)
    rows = rows[:, own[rows[Enrolment.MEASURE]]]
    measure = rows[Enrolment.MEASURE]
    # a policy that follows another one counts the measures of both; the mix knows only its own
    mine = recruiting(world.policy.mix)
    at = np.array([mine.index(n) if n in mine else -1 for n in world.policy.names], np.int64)
    on_workplace = w.measures[measure, Row.APPLIES_TO] == 1.0
    who = np.where(on_workplace, 0, rows[Enrolment.WHO])
    target = w.cell_is_target[w.people[Person.CELL, who]] == 1
    return np.column_stack(
        [
            at[measure],
            rows[Enrolment.LOSER],
            on_workplace,
            rows[Enrolment.WORK_12],
            rows[Enrolment.WORK_24],
            target & ~on_workplace,
            rows[Enrolment.START] - start,
        ]
    ).astype(np.int64)


def recruiting(mix: Mix) -> list[str]:
    """Return the measures of a mix that recruit people or workplaces, in its order."""
    return [measure.id for measure, _ in mix.entries if measure.recruits != "place"]


def in_force(mix: Mix, theirs: dict[str, Dose], months: int | None) -> dict[str, Dose]:
    """Return the doses of a mix as they run beside a reference.

    What the reference has too runs on as there; a service of the reference that the mix changes
    stays changed; the rest runs for the term. Without ``months`` all run to the end.
    """
    doses = {}
    for name, dose in mix.measures.items():
        if theirs.get(name) == dose:
            doses[name] = dose
        elif months is None:
            doses[name] = dose.model_copy(update={"months": None})
        elif name in theirs:
            doses[name] = dose
        else:
            term = min(dose.months or months, months)
            doses[name] = dose.model_copy(update={"months": term})
    return doses


def taken_in(world, start: int, names: Sequence[str], years: int) -> np.ndarray:  # noqa: ANN001
    """Return how many people or workplaces measures took in since a month, (measures, years).

    Those who lost the lottery cost nothing and are left out; of a scaled place each stands for
    several.
    """
    found = np.zeros((len(names), years))
    if world.policy is None:
        return found
    w = world.columns
    rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
    rows = rows[:, (rows[Enrolment.START] >= start) & (rows[Enrolment.LOSER] == 0)]
    at = np.array([names.index(n) if n in names else -1 for n in world.policy.names], np.int64)
    measure = at[rows[Enrolment.MEASURE]]
    year = np.minimum((rows[Enrolment.START] - start) // 12, years - 1)
    np.add.at(found, (measure[measure >= 0], year[measure >= 0]), 1.0)
    return found


class Comparison:
    """Mixes compared with a reference: estimates, tables, files.

    Attributes
    ----------
    town : Town
    against : Mix
    arms : list of Arm
    closures : tuple of str
    outcomes : list of Outcome
    pairs : dict
        By (closure, mix, strength, design), one :class:`Pair` per replication.
    costs : Costs
        Prices and payers.
    plain : dict
        With surroundings: the same pairs without them, at the assumed strength, main design.
    given : list of Mix
        Reference and mixes as their files say, before surroundings change a service of them.
    """

    def __init__(self, town: Town, against: Mix, arms: list[Arm], closures: tuple[str, ...],
                 years: int, seed: int, costs: Costs | None = None) -> None:  # fmt: skip
        self.town = town
        self.against = against
        self.arms = arms
        self.closures = closures
        self.years = years
        self.seed = seed
        self.costs = load_costs(town.id, town.id) if costs is None else costs
        self.outcomes: list[Outcome] = []
        self.pairs: dict[Key, list[Pair]] = {}
        self.placebo: dict[str, list[Pair]] = {}
        self.plain: dict[Key, list[Pair]] = {}
        self.given: list[Mix] = [against, *self.mixes]
        self.seeds: list[int] = []
        self.stopped: str = ""

    # ---- estimates ---------------------------------------------------------------------------

    @property
    def replications(self) -> int:
        """Pairs of worlds per arm."""
        return len(self.seeds)

    @property
    def mixes(self) -> list[Mix]:
        """The mixes compared, each once."""
        return list({arm.mix.id: arm.mix for arm in self.arms}.values())

    def against_plain(
        self, key: Key, outcome: tuple[str, str, str], first: int, last: int
    ) -> tuple[Estimate, Estimate, Estimate] | None:
        """Return an effect under the surroundings, without them, and the paired difference.

        None where the arm was not run without surroundings.
        """
        if key not in self.plain:
            return None
        own = self.values(key, outcome, first, last, "difference")
        at = self.at(*outcome)
        mean = self.outcomes[at].how == "mean"
        change = [(p.scenario[at] - p.reference[at])[first:last].sum() for p in self.plain[key]]
        without = np.array(change) / ((last - first) if mean else 1)

        def told(values: np.ndarray) -> Estimate:
            return Estimate(*(float(x) for x in estimate(values)), len(values))

        return told(own), told(without), told(own - without)

    @property
    def bought(self) -> list[str]:
        """Measures of the mixes and of the reference, those that act on the place too."""
        names = [name for mix in (*self.mixes, self.against) for name in mix.measures]
        return list(dict.fromkeys(names))

    def bought_by(self, mix: Mix) -> list[Measure]:
        """Return the measures that a mix or its reference runs, those of the mix first."""
        names = dict.fromkeys([*mix.measures, *self.against.measures])
        return [mix.files.get(name) or self.against.files[name] for name in names]

    @property
    def years_shown(self) -> list[int]:
        """Years after which the whole horizon is shown, its end included."""
        return sorted({years for years in YEARS_SHOWN if years < self.years} | {self.years})

    def at(self, outcome: str, breakdown: str = "all", group: str = "all") -> int:
        """Return the position of an outcome.

        Raises
        ------
        KeyError
            When there is no such outcome.
        """
        for i, known in enumerate(self.outcomes):
            if (known.outcome, known.breakdown, known.group) == (outcome, breakdown, group):
                return i
        raise KeyError(f"no outcome {outcome} by {breakdown} for {group}")

    def values(
        self, key: Key, outcome: tuple[str, str, str], first: int, last: int, what: str
    ) -> np.ndarray:
        """Return one outcome over a window, one number per replication.

        ``what`` is ``reference``, ``scenario`` or ``difference``.
        """
        at = self.at(*outcome)
        mean = self.outcomes[at].how == "mean"
        found = []
        for pair in self.pairs[key]:
            if what == "difference":
                values = pair.scenario[at] - pair.reference[at]
            else:
                values = getattr(pair, what)[at]
            total = values[first:last].sum()
            found.append(total / (last - first) if mean else total)
        return np.array(found)

    def estimate(
        self,
        key: Key,
        outcome: str,
        breakdown: str = "all",
        group: str = "all",
        *,
        months: int | None = None,
        first: int = 0,
        what: str = "difference",
    ) -> Estimate:
        """Return the mean difference of an outcome with its 90 % interval."""
        last = self.horizon(key) if months is None else months
        values = self.values(key, (outcome, breakdown, group), first, last, what)
        mean, low, high = estimate(values)
        return Estimate(float(mean), float(low), float(high), len(values))

    def horizon(self, key: Key) -> int:
        """Return the months that a design follows."""
        return self.pairs[key][0].reference.shape[1]

    def served(self, key: Key) -> float:
        """Return the mean number of people served by a cohort (or by the whole run)."""
        return float(
            np.mean(
                [
                    ((pair.enrolments[:, 1] == 0) & (pair.enrolments[:, 2] == 0)).sum()
                    for pair in self.pairs[key]
                ]
            )
        ) / self.cohorts(key)

    def workplaces_served(self, key: Key) -> float:
        """Return the mean number of workplaces that took part."""
        return float(
            np.mean([(pair.enrolments[:, 2] == 1).sum() for pair in self.pairs[key]])
        ) / self.cohorts(key)

    def cohorts(self, key: Key) -> float:
        """Return the cohorts per person served: of a scaled place each stands for several."""
        return (len(DATES) if key[3] == "cohorts" else 1) / self.town.scale

    def direct(
        self, key: Key, months: int = 24, target_only: bool = False
    ) -> dict[str, Estimate | float]:
        """Return the direct effect by lottery: served against losers, months in work.

        Returns
        -------
        dict
            ``per_person`` (Estimate), ``total`` (Estimate, all served of a cohort),
            ``served_mean``, ``losers_mean``, ``served``, ``losers`` (numbers of people).
        """
        column = 3 if months == 12 else 4
        n_measures = 1 + max(
            (int(pair.enrolments[:, 0].max()) for pair in self.pairs[key] if len(pair.enrolments)),
            default=0,
        )
        reps = self.pairs[key]
        # per replication and measure: sum and number of served and of losers
        sums = np.zeros((len(reps), n_measures, 2))
        numbers = np.zeros((len(reps), n_measures, 2))
        for r, pair in enumerate(reps):
            rows = pair.enrolments
            rows = rows[(rows[:, 2] == 0) & (rows[:, column] >= 0)]
            if target_only:
                rows = rows[rows[:, 5] == 1]
            np.add.at(sums, (r, rows[:, 0], rows[:, 1]), rows[:, column])
            np.add.at(numbers, (r, rows[:, 0], rows[:, 1]), 1)

        def effect(keep: np.ndarray) -> tuple[float, float]:
            s, n = sums[keep].sum(0), numbers[keep].sum(0)
            both = (n[:, 0] > 0) & (n[:, 1] > 0)
            gap = np.zeros(n_measures)
            gap[both] = s[both, 0] / n[both, 0] - s[both, 1] / n[both, 1]
            total = (gap * n[:, 0]).sum()
            served = n[:, 0].sum()
            return total / max(served, 1.0), total / keep.sum() / self.cohorts(key)

        everyone = np.ones(len(reps), bool)
        per_person, total = effect(everyone)
        if len(reps) > 1:
            left_out = np.array([effect(everyone & (np.arange(len(reps)) != r))
                                 for r in range(len(reps))])  # fmt: skip
            n = len(reps)
            spread = np.sqrt((n - 1) / n * ((left_out - left_out.mean(0)) ** 2).sum(0))
            half = stdtrit(n - 1, 0.5 + LEVEL / 2) * spread
        else:
            half = np.array([np.inf, np.inf])
        s, n = sums.sum((0, 1)), numbers.sum((0, 1))
        return {
            "per_person": Estimate(
                per_person, per_person - half[0], per_person + half[0], len(reps)
            ),
            "total": Estimate(total, total - half[1], total + half[1], len(reps)),
            "served_mean": s[0] / max(n[0], 1),
            "losers_mean": s[1] / max(n[1], 1),
            "served": n[0] / len(reps) / self.cohorts(key),
            "losers": n[1] / len(reps) / self.cohorts(key),
        }

    def placements_per_100(self, key: Key) -> Estimate:
        """Return additional people of the target group at work in the third year per 100 served."""
        effect = self.estimate(
            key, "at_work", "group", "target_jobseekers", first=THIRD_YEAR[0], months=THIRD_YEAR[1]
        )
        served = self.served(key)
        return effect.scaled(100.0 / served) if served > 0 else effect

    def multiplier(self, mix: str, closure: str) -> tuple[str, float | None]:
        """Return at which multiple of the assumed strength one more person per 100 is at work.

        Returns
        -------
        (verdict, number)
            ``"already"`` (with no effect at all), ``"needs"`` and the multiple of the assumed
            strength, ``"never"`` (not within the stated range), or ``"unknown"`` when the
            strengths were not run.
        """
        points = []
        for at, strength in enumerate(STRENGTHS):
            key = (closure, mix, strength, "cohorts")
            if key not in self.pairs:
                return "unknown", None
            points.append((float(at), self.placements_per_100(key).mean))
        if points[0][1] >= 1.0:
            return "already", 0.0
        top = self.top_multiple(mix)
        multiples = (0.0, 1.0, top)
        for (low, a), (high, b) in zip(
            zip(multiples, [p[1] for p in points], strict=True),
            list(zip(multiples, [p[1] for p in points], strict=True))[1:],
            strict=False,
        ):
            if a < 1.0 <= b:
                return "needs", low + (high - low) * (1.0 - a) / (b - a)
        return "never", None

    def top_multiple(self, mix: str) -> float:
        """Return the top of the stated range of promotion support as a multiple of the assumed."""
        chosen = next(m for m in self.mixes if m.id == mix)
        for measure, _ in chosen.entries:
            if measure.kind != "worker":
                continue
            for lever in measure.levers:
                if lever.lever == measure.primary_lever and lever.strength.assumed:
                    return lever.strength.top / lever.strength.assumed
        return 2.0

    # ---- tables ------------------------------------------------------------------------------

    def summary(self) -> pd.DataFrame:
        """Return every outcome of every arm: reference, scenario, difference with interval."""
        from simulator.runs import summary_frame

        frames = []
        for key, pairs in self.pairs.items():
            closure, mix, strength, design = key
            shown = WINDOWS if design == "cohorts" else [12 * years for years in self.years_shown]
            for months in shown:
                reference = np.array([window(self.outcomes, p.reference, 0, months) for p in pairs])
                scenario = np.array([window(self.outcomes, p.scenario, 0, months) for p in pairs])
                frames.append(
                    summary_frame(
                        self.outcomes, reference.mean(0), scenario.mean(0),
                        estimate(scenario - reference),
                        mix=mix, against=self.against.id, closure=closure, strength=strength,
                        design=design, months=months, replications=len(pairs),
                    )
                )  # fmt: skip
        return pd.concat(frames, ignore_index=True)

    def monthly(self) -> pd.DataFrame:
        """Return monthly means by arm and of the reference: cohorts, else the whole horizon."""
        from simulator.runs import monthly_frame

        frames = []
        main = "cohorts" if any(key[3] == "cohorts" for key in self.pairs) else "whole"
        for key, pairs in self.pairs.items():
            closure, mix, strength, design = key
            if design != main:
                continue
            mean, low, high = estimate(np.array([p.scenario for p in pairs]))
            frames.append(
                monthly_frame(
                    self.outcomes, mean, low, high, mix=mix, closure=closure, strength=strength
                )
            )
        for closure in self.closures:
            key = next(k for k in self.pairs if k[0] == closure and k[3] == main)
            mean, low, high = estimate(np.array([p.reference for p in self.pairs[key]]))
            frames.append(
                monthly_frame(
                    self.outcomes, mean, low, high,
                    mix=self.against.id, closure=closure, strength="assumed",
                )
            )  # fmt: skip
        frame = pd.concat(frames, ignore_index=True)
        return frame.replace([np.inf, -np.inf], np.nan)

    def answer(self, lang: str = "en") -> str:
        """Return the short answer for the screen."""
        from simulator.answer import short_answer

        return short_answer(self, lang)

    def write(self, folder: str | Path, lang: str = "en", force: bool = False) -> Path:
        """Write tables, figures and the report into a folder, whole or not at all.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        from simulator.report import write_comparison

        return write_comparison(self, folder, lang, force)


@dataclass
class _Job:
    """What one replication has to do."""

    town: Town
    against: Policy | None
    arms: list[Arm]
    closures: tuple[str, ...]
    designs: tuple[str, ...]
    years: int
    bought: list[str] = field(default_factory=list)
    dates: tuple[int, ...] = DATES
    placebo: bool = True
    outcomes: list[Outcome] = field(default_factory=list)

    def running(self, mix: Mix) -> dict[str, Dose]:
        """Return the measures of the reference that a mix leaves as they are."""
        theirs = {} if self.against is None else self.against.mix.measures
        return {name: dose for name, dose in mix.measures.items() if theirs.get(name) == dose}

    def policy(self, arm: Arm, start: int, months: int | None) -> Policy:
        """Lay out an arm as it runs beside the reference, see :func:`in_force`."""
        theirs = {} if self.against is None else self.against.mix.measures
        doses = {}
        for name, dose in in_force(arm.mix, theirs, months).items():
            # services of the reference keep the strength that they have there
            kept = name in theirs and (months is not None or name in self.running(arm.mix))
            doses[name] = dose if kept else dose.model_copy(update={"strength": arm.strength})
        mix = arm.mix.model_copy(update={"measures": doses})
        return lay_out_mix(mix, self.town.site, self.town.place, start=start, scale=arm.scale)

    def run(self, seed: int) -> tuple[dict[Key, Pair], dict[str, Pair]]:
        """Run all arms of one replication."""
        found: dict[Key, Pair] = {}
        placebo: dict[str, Pair] = {}
        for closure in self.closures:
            if "cohorts" in self.designs:
                self._cohorts(seed, closure, found, placebo)
            if "whole" in self.designs:
                self._whole(seed, closure, found)
        return found, placebo

    def _path(self, seed: int, closure: str):  # noqa: ANN202
        path = self.town.begin(seed, closure=closure)
        if self.against is not None:
            self.against.install(path)
        return path

    def _cohorts(self, seed: int, closure: str, found: dict, placebo: dict) -> None:
        path = self._path(seed, closure)
        sums: dict[tuple[str, str], list] = {arm.key: [0.0, []] for arm in self.arms}
        base = 0.0
        fake = 0.0
        years = HORIZON // 12
        theirs = np.zeros((len(self.bought), years))
        ours = {arm.key: theirs.copy() for arm in self.arms}
        for date in self.dates:
            if path.month < date:
                path.lay_out(path.month, date - path.month)
                path.advance(date - path.month)
            cells = assign_cells(path, self.town.site)
            world = path.copy()
            names, values = _follow(world, HORIZON, date, cells)
            self.outcomes[:] = names
            base = base + values
            theirs += taken_in(world, date, self.bought, years)
            for arm in self.arms:
                world = path.copy()
                self.policy(arm, date, TERM).install(world)
                sums[arm.key][0] = sums[arm.key][0] + _follow(world, HORIZON, date, cells)[1]
                sums[arm.key][1].append(enrolment_rows(world, date, self.running(arm.mix)))
                ours[arm.key] += taken_in(world, date, self.bought, years)
            if self.placebo and closure == self.closures[0]:
                world = path.copy()
                first = self.arms[0]
                running = self.running(first.mix)
                self.policy(first, date, TERM).install(world, placebo=True, running=running)
                fake = fake + _follow(world, HORIZON, date, cells)[1]
        n = len(self.dates)
        for arm in self.arms:
            total, rows = sums[arm.key]
            key = (closure, *arm.key, "cohorts")
            people = np.array([theirs, ours[arm.key]]) * self.town.scale / n
            found[key] = Pair(base / n, total / n, np.concatenate(rows), people)
        if self.placebo and closure == self.closures[0]:
            none = np.zeros((2, 0, years))
            placebo[closure] = Pair(base / n, fake / n, np.zeros((0, 7), np.int64), none)

    def _whole(self, seed: int, closure: str, found: dict) -> None:
        months = 12 * self.years
        path = self._path(seed, closure)
        cells = assign_cells(path, self.town.site)
        world = path.copy()
        names, base = _follow(world, months, 0, cells)
        self.outcomes[:] = names
        theirs = taken_in(world, 0, self.bought, self.years)
        for arm in self.arms:
            if arm.strength != "assumed":
                continue
            world = path.copy()
            self.policy(arm, 0, None).install(world)
            values = _follow(world, months, 0, cells)[1]
            rows = enrolment_rows(world, 0, self.running(arm.mix))
            ours = taken_in(world, 0, self.bought, self.years)
            people = np.array([theirs, ours]) * self.town.scale
            found[closure, *arm.key, "whole"] = Pair(base, values, rows, people)


def compare(
    site: str | Path | Site | Town,
    mixes: Sequence[str | Path | Mix] | None = None,
    against: str | Path | Mix | None = None,
    years: int = 10,
    replications: int | None = None,
    until: float | None = None,
    design: str = "cohorts",
    closure: str = "both",
    seed: int = 1,
    threads: int | None = None,
    scale: int | None = None,
    strengths: Sequence[str] = STRENGTHS,
    parameters: dict[str, float] | None = None,
    costs: str | Path | Costs | None = None,
    surroundings: str | Path | Surroundings | None = None,
    progress: Callable[[float, float], None] | None = None,
    placebo: bool = True,
) -> Comparison:
    """Compare a place with and without one or more mixes.

    Parameters
    ----------
    site : str, Path, Site or Town
    mixes : sequence, optional
        Mixes to try; default: the place's default mix.
    against : optional
        Reference mix; default: ``today`` where the place has one, else the empty mix.
    years : int
        Length of the whole-horizon comparison.
    replications : int, optional
        Pairs of worlds (default 16).
    until : float, optional
        Add pairs (at least 16) until the 90 % half-widths of the direct and the net effect on the
        target group are at most this many person-months.
    design : {"cohorts", "whole"}
        ``cohorts`` also follows the whole horizon at the assumed strength.
    closure : {"R", "E", "both"}
    seed : int
        Replication r uses the seed ``seed * 10000 + r``.
    scale : int, optional
        Simulate one person in so many; results are multiplied back.
    threads : int, optional
        Default: all processors.
    strengths : sequence of str
        Strengths of levers that nobody has measured.
    parameters : dict, optional
        Values by name that replace those of the files, in both worlds of every pair.
    placebo : bool
        Also run a twin whose measures do nothing.
    costs : str, Path or Costs, optional
        Prices and payers; default: the place's shipped table.
    surroundings : str, Path or Surroundings, optional
        What happens anyway, with and without the mixes alike (of a Town: that of the town). The
        same pairs are then also run without them, to tell where a mix does better.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        When a scenario file is wrong or a mix is for another place.
    """
    if not isinstance(site, Town):
        site = Town(site, parameters, scale=scale, surroundings=surroundings)
    town = site
    check_scale(town.site.margins.filled_posts.value, town.scale)
    names = list(mixes) if mixes else [town.site.default_mix]
    given = [town.reference(against)]
    given += [town.mix(name) for name in names]
    reference, *chosen = (town.under(mix) for mix in given)
    if len({mix.id for mix in chosen}) != len(chosen):
        raise ScenarioError(["two mixes to compare have the same id; give each its own."])
    if design == "whole" and years < 3:
        raise ScenarioError(
            [f"--design whole follows {years} years, but the headline is the third year; "
             "use --years 3 or more, or --design cohorts."]
        )  # fmt: skip
    closures = ("R", "E") if closure == "both" else (closure,)
    arms = [Arm(mix, strength) for mix in chosen for strength in strengths]
    designs = ("cohorts", "whole") if design == "cohorts" else ("whole",)
    prices = costs
    if not isinstance(prices, Costs):
        priced = {name for mix in (*chosen, reference) for name in mix.measures}
        prices = load_costs(town.id if costs is None else costs, town.id, priced)
    files = {name: measure for mix in (reference, *chosen) for name, measure in mix.files.items()}
    check_events(prices, files.values())
    comparison = Comparison(town, reference, arms, closures, years, seed, prices)
    comparison.given = given
    base = lay_out_mix(reference, town.site, town.place) if reference.entries else None
    job = _Job(town, base, arms, closures, designs, years, comparison.bought, placebo=placebo)
    plain = _plain_job(town, given, closures, designs[0], years, strengths)
    workers = threads or os.cpu_count() or 1

    def both(number: int) -> tuple[dict[Key, Pair], dict[str, Pair], dict[Key, Pair]]:
        return *job.run(number), {} if plain is None else plain.run(number)[0]

    wanted = replications or FIRST_PAIRS
    if until is not None:
        wanted = max(wanted, FIRST_PAIRS)
    with ThreadPoolExecutor(workers) as pool:
        done = 0
        while True:
            seeds = [seed * SEED_STEP + r for r in range(done, wanted)]
            for s, (found, fakes, without) in zip(seeds, pool.map(both, seeds), strict=True):
                comparison.seeds.append(s)
                for key, pair in found.items():
                    comparison.pairs.setdefault(key, []).append(pair)
                for key, pair in without.items():
                    comparison.plain.setdefault(key, []).append(pair)
                for name, pair in fakes.items():
                    comparison.placebo.setdefault(name, []).append(pair)
                done += 1
                if progress is not None:
                    progress(done, wanted)
            comparison.outcomes = job.outcomes
            if until is None or _narrow(comparison, until):
                break
            wanted = done + max(workers * 2, done // 4)
    return comparison


def _plain_job(
    town: Town, given: list[Mix], closures: tuple[str, ...], design: str, years: int,
    strengths: Sequence[str],
) -> _Job | None:  # fmt: skip
    """Return the job of the same town without its surroundings, or None when it has none."""
    if town.surroundings is None:
        return None
    plain = Town(town.whole, town.changed, town.place.rounds, scale=town.scale)
    strength = "assumed" if "assumed" in strengths else strengths[0]
    arms = [Arm(mix, strength) for mix in given[1:]]
    base = lay_out_mix(given[0], plain.site, plain.place) if given[0].entries else None
    return _Job(plain, base, arms, closures, (design,), years, placebo=False)


def _narrow(comparison: Comparison, until: float) -> bool:
    """Return whether direct and net effects are known within ``until`` person-months."""
    for key in _headline_keys(comparison):
        net = comparison.estimate(key, "work_months", "side", "target_jobseekers")
        direct = comparison.direct(key)["total"]
        if max(net.high - net.mean, direct.high - direct.mean) > until:
            return False
    return True


def _headline_keys(comparison: Comparison) -> Iterable[Key]:
    designs = {key[3] for key in comparison.pairs}
    design = "cohorts" if "cohorts" in designs else "whole"
    return [key for key in comparison.pairs if key[2] == "assumed" and key[3] == design]
