"""``optimise``: which mixes of named levels do most under a budget, and what each one gives up.

The space is every combination of named levels of the priced measures on top of what runs today.
What fits the budget when every place is filled is simulated, all mixes on the same random numbers
and the same draws of what nobody knows; where there are too many, the sum of the effects of the
measures alone says which. The mixes that no other beats are run again on new random numbers, and
only these are told: numbers that chose a mix flatter it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.draws import drawn_mix, draws_path, load_draws
from experiments.levels import levels, mix_text
from scenarios import ScenarioError, Site
from scenarios.costs import PAYERS, Costs, MeasureCost, check_events, load_costs
from scenarios.measures import (
    BASELINE,
    Dose,
    Measure,
    Mix,
    based_on,
    check_mix_fits,
    load_measure,
)
from scenarios.schema import Names
from simulator.comparison import (
    LEVEL,
    SEED_STEP,
    TERM,
    THIRD_YEAR,
    Comparison,
    Estimate,
    compare,
    estimate,
)
from simulator.files import output_folder, program_version, write_manifest
from simulator.headline import SIDES
from simulator.money import bought, money
from simulator.town import Town

SHOWN = 12  # mixes told at most
BEST = 3  # ranks that count as best
SIMULATED = 64  # mixes simulated at most
PAIRS = 16  # pairs of worlds that choose, and as many new ones that tell
LARGEST = 2_000_000  # combinations looked at
RESAMPLES = 4000
DRAWN = "drawn"
STRENGTHS = (DRAWN, "none", "assumed", "top")
TARGET = SIDES[0]
EVERYBODY = "everybody"
COLUMNS = (
    *SIDES, EVERYBODY, "placed", "served",
    *(f"cost_{payer}" for payer in PAYERS), *(f"saved_{payer}" for payer in PAYERS),
)  # fmt: skip
WORK = COLUMNS.index(TARGET)
GRADES = "ABCDE"

Plan = tuple[tuple[str, str], ...]  # (measure, level) of a mix, in the order of the measures


# ---- the space ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """Measures that may be bought, at named levels, and what they cost with every place filled.

    Attributes
    ----------
    measures : dict
        Measures by id, in the order in which a mix runs them.
    doses : dict
        Dose by measure and level.
    euros : dict
        Cost of a year by measure and level, when every place is filled.
    costs : dict
        Price, fixed costs and payers by measure.
    unpriced : tuple of str
        Measures left out because nobody has given a price.
    """

    measures: dict[str, Measure]
    doses: dict[tuple[str, str], Dose]
    euros: dict[tuple[str, str], float]
    costs: dict[str, MeasureCost]
    unpriced: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Named levels, without none."""
        return tuple(dict.fromkeys(level for _, level in self.doses))

    @property
    def size(self) -> int:
        """Combinations, the empty one included."""
        return (len(self.names) + 1) ** len(self.measures)

    def cost(self, plan: Plan) -> float:
        """Return what a mix costs when every place is filled, EUR."""
        return float(sum(self.euros[part] for part in plan))

    def cost_by_payer(self, plan: Plan) -> dict[str, float]:
        """Return the same by payer."""
        paid = dict.fromkeys(PAYERS, 0.0)
        for part in plan:
            for payer, share in (self.costs[part[0]].paid_by or {"unknown": 1.0}).items():
                paid[payer] += share * self.euros[part]
        return paid

    def affordable(self, budget: float) -> list[Plan]:
        """Return every mix that fits the budget, but the empty one; cheapest first.

        Raises
        ------
        ScenarioError
            When there are more combinations than can be looked at.
        """
        if self.size > LARGEST:
            raise ScenarioError(
                f"{len(self.measures)} measures at {len(self.names)} levels make {self.size:,} "
                f"mixes, more than {LARGEST:,}; name fewer with --measures."
            )
        choices = [
            [(), *(((name, level),) for level in self.names)] for name in self.measures
        ]  # fmt: skip
        found = [sum(parts, ()) for parts in itertools.product(*choices)]
        fitting = [plan for plan in found if plan and self.cost(plan) <= budget]
        return sorted(fitting, key=lambda plan: (self.cost(plan), plan))

    def mix(self, plan: Plan, town: Town, running: Mix, name: str) -> Mix:
        """Return the mix of a plan on top of the services that run."""
        doses = {measure: self.doses[measure, level] for measure, level in plan}
        files = {measure: self.measures[measure] for measure in doses}
        made = Mix(
            id=name,
            site=town.id,
            names=Names(en=words_of(plan)),
            summary="Found by optimise.",
            hypothetical=[measure for measure in doses if files[measure].hypothetical],
            measures=doses,
            files=files,
        )
        return based_on(made, running) if running.entries else made


def words_of(plan: Plan) -> str:
    """Return a mix in words.

    >>> words_of((("taite", "city"), ("coalition", "full")))
    'taite city, coalition full'
    """
    return ", ".join(f"{measure} {level}" for measure, level in plan)


def planned(measure: Measure, cost: MeasureCost, dose: Dose) -> float:
    """Return what a measure costs in a year when every place is filled, EUR.

    Raises
    ------
    ScenarioError
        When its price counts participants, but it recruits nobody.
    """
    assert cost.price is not None
    if measure.recruits == "place" and cost.price.unit != "EUR per year":
        raise ScenarioError(
            f"{measure.id} recruits nobody, so its price cannot be in '{cost.price.unit}'; "
            "give it in 'EUR per year'."
        )
    capacity = dose.capacity or measure.capacity
    per_year = 12.0 if measure.recruits == "person" else 1.0
    places = 0.0 if capacity is None else dose.dose * capacity.value * per_year
    units, _ = bought(measure, cost, np.array([[places]]), np.ones(1))
    return float(units[0, 0] * cost.price.value + (cost.fixed.value if cost.fixed else 0.0))


def space_of(town: Town, running: Mix, costs: Costs, measures: Sequence[str] | None) -> Space:
    """Return the measures, levels and costs among which is chosen.

    Parameters
    ----------
    running : Mix
        The reference; what it runs is not chosen again.
    measures : sequence of str, optional
        Default: what the mix of the place adds to the reference.

    Raises
    ------
    ScenarioError
        When a measure is unknown, does not fit, runs already, or none has a price.
    """
    site = town.site
    own = town.mix(site.default_mix)
    wanted = [name for name in own.measures if name not in running.measures]
    if measures:
        wanted = list(dict.fromkeys(measures))
    named = {level: dose for level, dose in levels()["levels"].items() if dose > 0}
    found: dict[str, Measure] = {}
    doses, euros, prices, unpriced = {}, {}, {}, []
    for name in wanted:
        if name in running.measures:
            raise ScenarioError(
                f"--measures names '{name}', which runs in {site.name.en} already; optimise "
                "chooses what to add. Compare a mix file that changes it instead."
            )
        one = own.files[name] if not measures else load_measure(name)
        alone = Mix(id=name, site=site.id, names=one.names, files={name: one})
        employers = [employer.id for employer in site.employers]
        problems = check_mix_fits(alone, site.barrier_ids, site.sector_ids, employers)
        if problems:
            raise ScenarioError(problems)
        cost = costs.of(one)
        if cost.price is None:
            unpriced.append(name)
            continue
        check_events(costs, [one])
        found[one.id], prices[one.id] = one, cost
        sized = own.measures[one.id].capacity if one.id in own.measures else None
        for level, share in named.items():
            dose = Dose(dose=share, months=TERM, capacity=sized)
            doses[one.id, level] = dose
            euros[one.id, level] = planned(one, cost, dose)
    if not found:
        names = ", ".join(unpriced) or "none"
        raise ScenarioError(
            f"Nobody has given a price for any measure that could be added in {site.name.en} "
            f"({names}); give your own with --costs FILE.toml."
        )
    return Space(found, doses, euros, prices, tuple(unpriced))


# ---- numbers -----------------------------------------------------------------------------------


def front(euros: np.ndarray, work: np.ndarray) -> np.ndarray:
    """Return which mixes no other beats: none costs no more and does as much; nothing costs none.

    Parameters
    ----------
    euros, work : ndarray, shape (mixes,)

    Examples
    --------
    The third costs more than the second and does less; the last does less than nothing at all.

    >>> front(np.array([1.0, 2.0, 3.0, 0.5]), np.array([5.0, 9.0, 8.0, -1.0])).tolist()
    [0, 1]
    """
    kept, best = [], 0.0
    for i in np.lexsort((-work, euros)):
        if work[i] > best:
            kept.append(int(i))
            best = float(work[i])
    return np.array(sorted(kept), dtype=np.int64)


def chance_among_best(work: np.ndarray, seed: int, best: int = BEST) -> np.ndarray:
    """Return the chance of each mix to be among the best, luck of the pairs taken off.

    The pairs are resampled, for all mixes alike, so that noise that all share blurs nothing. The
    means are drawn together by the share of their spread that noise explains (the usual
    empirical-Bayes factor): without that, the luckiest of many equal mixes would look chosen.

    Parameters
    ----------
    work : ndarray, shape (mixes, pairs)
    seed : int
        Of the resampling.

    Returns
    -------
    ndarray, shape (mixes,)
        They sum to ``best``, or to the number of mixes where there are fewer.

    Notes
    -----
    C. N. Morris, Parametric empirical Bayes inference, JASA 78 (1983): mixes as groups, with one
    common variance of their true means.
    """
    mixes, pairs = work.shape
    equal = np.full(mixes, min(best, mixes) / mixes)
    if mixes <= best or pairs < 2:
        return equal
    apart = work - work.mean(0)  # what all share does not order them
    means = apart.mean(1)
    noise = float(apart.var(1, ddof=1).sum() / (mixes - 1) / pairs)
    spread = float(means.var(ddof=1))
    if spread <= noise:
        return equal
    kept = 1.0 - noise / spread
    rng = np.random.default_rng([seed, mixes, pairs])
    weights = rng.multinomial(pairs, np.full(pairs, 1.0 / pairs), size=RESAMPLES) / pairs
    error = (weights @ apart.T - means) * np.sqrt(pairs / (pairs - 1))
    drawn = kept * means + np.sqrt(kept) * error  # (resamples, mixes)
    order = np.argsort(-drawn, axis=1, kind="stable")[:, :best]
    return np.bincount(order.ravel(), minlength=mixes) / RESAMPLES


def _told(values: np.ndarray) -> Estimate:
    mean, low, high = estimate(values)
    return Estimate(float(mean), float(low), float(high), len(values))


def _reduced(comparison: Comparison, closure: str, mix: str) -> np.ndarray:
    """Return the numbers of one pair of worlds, see ``COLUMNS``."""
    key = (closure, mix, "assumed", "cohorts")
    horizon = comparison.horizon(key)

    def change(outcome: tuple[str, str, str], first: int = 0, last: int = horizon) -> float:
        return float(comparison.values(key, outcome, first, last, "difference")[0])

    euros = money(comparison, key).by_payer.groupby("payer")[["cost", "saved"]].sum()
    return np.array(
        [
            *(change(("work_months", "side", side)) for side in SIDES),
            change(("work_months", "all", EVERYBODY)),
            change(("at_work", "group", "target_jobseekers"), *THIRD_YEAR),
            comparison.served(key),
            *euros["cost"].reindex(PAYERS, fill_value=0.0),
            *euros["saved"].reindex(PAYERS, fill_value=0.0),
        ]
    )


@dataclass
class Laboratory:
    """Simulates mixes on common random numbers and common draws of what nobody knows.

    Attributes
    ----------
    strength : str
        ``drawn``: every pair draws the size of each lever from its range; else that strength.
    posterior : DataFrame or None
        Draws of parameters, one for each pair, where the place ships them.
    sizes : dict
        Uniform draws by measure and lever, shape (pairs,): the same for every mix.
    """

    town: Town
    running: Mix
    costs: Costs
    closure: str
    seed: int
    strength: str
    posterior: pd.DataFrame | None
    sizes: dict[tuple[str, str], np.ndarray]
    threads: int

    def seed_of(self, pair: int) -> int:
        """Return the seed of ``compare`` for one pair, never one of a plain comparison."""
        return self.seed * SEED_STEP + pair

    def _pair(self, mixes: Sequence[Mix], pair: int) -> np.ndarray:
        town, reference, tried = self.town, self.running, list(mixes)
        if self.strength == DRAWN:
            u = {key: float(values[pair]) for key, values in self.sizes.items()}
            reference = drawn_mix(reference, u)[0]
            tried = [drawn_mix(mix, u)[0] for mix in mixes]
        elif self.strength != "assumed":
            tried = [self._at_strength(mix) for mix in mixes]
        if self.posterior is not None:
            row = self.posterior.iloc[pair % len(self.posterior)]
            values = {name: float(value) for name, value in row.items()}
            town = Town(town.whole, town.changed | values, scale=town.scale, starts_kept=1)
        found = compare(
            town, tried, reference, years=1, replications=1, closure=self.closure,
            seed=self.seed_of(pair), threads=1, strengths=("assumed",), costs=self.costs,
            placebo=False,
        )  # fmt: skip
        return np.array([_reduced(found, self.closure, mix.id) for mix in mixes])

    def _at_strength(self, mix: Mix) -> Mix:
        """Return a mix whose new measures have the chosen strength as their assumed one."""
        files = dict(mix.files)
        for name in mix.measures.keys() - self.running.measures.keys():
            own = [
                lever.model_copy(
                    update={
                        "strength": lever.strength.model_copy(
                            update={"assumed": lever.at(self.strength)}
                        )
                    }
                )
                for lever in files[name].levers
            ]
            files[name] = files[name].model_copy(update={"levers": own})
        return mix.model_copy(update={"files": files})

    def run(
        self, mixes: Sequence[Mix], pairs: Iterable[int], done: Callable[[], None]
    ) -> np.ndarray:
        """Simulate mixes; return numbers, shape (mixes, pairs, ``COLUMNS``)."""
        found = []
        with ThreadPoolExecutor(self.threads) as pool:
            for values in pool.map(lambda pair: self._pair(mixes, pair), pairs):
                found.append(values)
                done()
        return np.array(found).transpose(1, 0, 2)


# ---- the answer --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """One mix that is told, from pairs that did not choose it.

    Attributes
    ----------
    mix : Mix
    plan : tuple
    euros : float
        Cost when every place is filled.
    values : ndarray, shape (pairs, ``COLUMNS``)
    chance : float
        That it is among the best three, by the pairs that chose.
    chosen_on : float
        Additional months of work by the pairs that chose it.
    lost : Estimate
        Months of work given up against the first mix, pair by pair.
    """

    mix: Mix
    plan: Plan
    euros: float
    values: np.ndarray
    chance: float
    chosen_on: float
    lost: Estimate

    def of(self, column: str) -> Estimate:
        """Return the mean of a column of ``COLUMNS`` with its 90 % interval."""
        return _told(self.values[:, COLUMNS.index(column)])

    @property
    def work(self) -> Estimate:
        """Additional months of work of the target group."""
        return self.of(TARGET)

    @property
    def ties(self) -> bool:
        """Whether it cannot be told apart from the first."""
        return not self.lost.is_told

    @property
    def losers(self) -> dict[str, Estimate]:
        """Groups whose months of work fall, where that can be told from none."""
        found = {side: self.of(side) for side in SIDES}
        return {side: one for side, one in found.items() if one.is_told and one.mean < 0}


@dataclass
class Optimised:
    """Mixes that no other beats under a budget.

    Attributes
    ----------
    found : list of Found
        Told, at most twelve, the most additional work for the target group first.
    plans : list of Plan
        All mixes simulated, with ``choosing``, their numbers: (mixes, pairs, ``COLUMNS``).
    affordable : int
        Mixes that fit the budget.
    fell_back : list of (plan, float, Estimate)
        Mixes chosen that others, or nothing, beat on new random numbers: months of work by the
        pairs that chose and by the new ones. They are not told.
    """

    town: Town
    running: Mix
    space: Space
    budget: float
    closure: str
    strength: str
    seed: int
    found: list[Found]
    plans: list[Plan]
    choosing: np.ndarray
    affordable: int
    fell_back: list[tuple[Plan, float, Estimate]]
    over_posterior: bool
    seeds: list[int]

    @property
    def grade(self) -> dict[str, str]:
        """Worst grade of levers by measure."""
        return {name: measure.grade for name, measure in self.space.measures.items()}

    def grades(self, plan: Plan) -> tuple[str, str]:
        """Return the worst grade of the levers of a mix and of its prices."""
        prices = [self.space.costs[name].price for name, _ in plan]
        return (
            max((self.grade[name] for name, _ in plan), default="-"),
            max((price.grade for price in prices if price is not None), default="-"),
        )

    # ---- tables ------------------------------------------------------------------------------

    def frame(self) -> pd.DataFrame:
        """Return the mixes that are told (``optimise.csv``)."""
        rows = []
        for rank, one in enumerate(self.found, 1):
            lever_grade, price_grade = self.grades(one.plan)
            row = {
                "rank": rank, "mix": one.mix.id, "against": self.running.id,
                "measures": words_of(one.plan), "closure": self.closure,
                "strength": self.strength, "planned_eur": one.euros,
                "months_of_work": one.work.mean, "ci_low": one.work.low,
                "ci_high": one.work.high, "ci_level": LEVEL,
                "months_when_chosen": one.chosen_on, "chance_among_best": one.chance,
                "given_up": one.lost.mean, "given_up_low": one.lost.low,
                "given_up_high": one.lost.high, "cannot_be_told_from_first": one.ties,
                "in_work_third_year": one.of("placed").mean,
                "in_work_third_year_low": one.of("placed").low,
                "in_work_third_year_high": one.of("placed").high,
                "served": one.of("served").mean,
            }  # fmt: skip
            for side in (*SIDES[1:], EVERYBODY):
                told = one.of(side)
                row |= {side: told.mean, f"{side}_low": told.low, f"{side}_high": told.high}
            row |= {"grade": lever_grade, "price_grade": price_grade,
                    "pairs": one.work.replications}  # fmt: skip
            rows.append(row)
        return pd.DataFrame(rows, columns=[name for name, *_ in CODEBOOK["optimise.csv"]])

    def payers(self) -> pd.DataFrame:
        """Return who pays and who saves by mix (``payers.csv``)."""
        rows = []
        for one in self.found:
            plan = self.space.cost_by_payer(one.plan)
            for payer in PAYERS:
                spent, saved = one.of(f"cost_{payer}"), one.of(f"saved_{payer}")
                if plan[payer] or spent.mean or saved.mean:
                    rows.append(
                        (one.mix.id, payer, plan[payer], spent.mean, spent.low, spent.high,
                         saved.mean, saved.low, saved.high)
                    )  # fmt: skip
        return pd.DataFrame(rows, columns=[name for name, *_ in CODEBOOK["payers.csv"]])

    def simulated(self) -> pd.DataFrame:
        """Return every mix simulated, with the numbers that chose (``simulated.csv``)."""
        work = self.choosing[:, :, WORK]
        mean, low, high = estimate(work.T)
        euros = np.array([self.space.cost(plan) for plan in self.plans])
        told = {one.plan for one in self.found}
        unbeaten = np.zeros(len(self.plans), bool)
        unbeaten[front(euros, mean)] = True
        return pd.DataFrame(
            {
                "measures": [words_of(plan) for plan in self.plans],
                "planned_eur": euros,
                "months_of_work": mean,
                "ci_low": low,
                "ci_high": high,
                "ci_level": LEVEL,
                "chance_among_best": chance_among_best(work, self.seed),
                "unbeaten": unbeaten,
                "told": [plan in told for plan in self.plans],
                "pairs": work.shape[1],
            }
        ).replace([np.inf, -np.inf], np.nan)

    @property
    def _all_equal(self) -> bool:
        """Whether noise explains all differences between the mixes, or there are three at most."""
        chances = chance_among_best(self.choosing[:, :, WORK], self.seed)
        return bool(np.ptp(chances) == 0)

    # ---- words -------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the answer for the screen."""
        pairs = self.choosing.shape[1]
        drawn = {
            DRAWN: "the size of every lever drawn from its range",
            "none": "new measures with levers that do nothing",
            "assumed": "levers as assumed",
            "top": "levers at the favourable end",
        }[self.strength]
        if self.over_posterior:
            drawn += ", parameters from the posterior of the place"
        lines = [
            f"{self.town.site.name.en}: mixes of named levels on top of {self.running.id} for at "
            f"most {self.budget:,.0f} EUR",
            f"(closure {self.closure}; {drawn}; {pairs} pairs chose, {pairs} new ones tell; "
            "90 % intervals)",
            "",
            f"Measures considered: {', '.join(self.space.measures)}.",
        ]
        if self.space.unpriced:
            lines.append(
                f"Left out, since nobody has given a price: {', '.join(self.space.unpriced)} "
                "(give your own with --costs FILE.toml)."
            )
        if len(self.plans) == self.affordable:
            lines.append(
                f"{self.affordable} mixes fit the budget when every place is filled; all were "
                "simulated."
            )
        else:
            lines.append(
                f"{self.affordable} mixes fit the budget when every place is filled; "
                f"{len(self.plans)} were simulated. The sum of what the measures do alone said "
                "which: what they do to each other could hide a better one among the rest."
            )
        lines.append("")
        if not self.found:
            lines += ["No mix does more for the target group than what runs today, by these "
                      "numbers.", *self._nearest()]  # fmt: skip
        for rank, one in enumerate(self.found, 1):
            lines += self._lines(rank, one)
        if self.fell_back:
            lines.append("Chosen, but beaten on the new numbers (months of work):")
            lines += [
                f"  {words_of(plan)}: {old:+.1f} when chosen, {new.mean:+.1f} ({new.low:.1f} to "
                f"{new.high:.1f}) on the new ones"
                for plan, old, new in self.fell_back
            ]
        if not any(one.work.is_told for one in self.found):
            _, low, high = estimate(self.choosing[:, :, WORK].T)
            half = float(np.median(high - low) / 2)
            lines.append(
                f"With {pairs} pairs the interval of a mix is some {half:.0f} months either way, "
                "so that no choice is told; four times the --replications halve it."
            )
        return "\n".join(lines)

    def _nearest(self) -> list[str]:
        """Return the mixes with the most work by the pairs that chose, as lines."""
        mean, low, high = estimate(self.choosing[:, :, WORK].T)
        return [
            f"  {words_of(self.plans[i])}: {mean[i]:+.1f} months ({low[i]:.1f} to {high[i]:.1f}) "
            "by the pairs that chose"
            for i in np.argsort(-mean, kind="stable")[:BEST]
        ]

    def _lines(self, rank: int, one: Found) -> list[str]:
        work, lost = one.work, one.lost
        sure = "" if work.is_told else "; cannot be told from none"
        lines = [
            f"{rank:>3}. {words_of(one.plan)}   [{one.mix.id}]",
            f"     more work for the target group: {work.mean:+.1f} months ({work.low:.1f} to "
            f"{work.high:.1f}){sure}",
            f"     cost: {one.euros:,.0f} EUR with every place filled ({self._payers(one)})",
        ]
        if one.losers:
            who = ", ".join(f"{_plain(k)} {e.mean:+.1f} months" for k, e in one.losers.items())
        else:
            side = min(SIDES, key=lambda side: one.of(side).mean)
            most = one.of(side)
            who = (
                f"no group that can be told from none; lowest: {_plain(side)} {most.mean:+.1f} "
                f"months ({most.low:.1f} to {most.high:.1f})"
            )
        lever_grade, price_grade = self.grades(one.plan)
        lines += [
            f"     who loses: {who}",
            f"     grade of evidence: levers {lever_grade}, prices {price_grade} (A best, E "
            "assumed)",
            f"     chance that it is among the best three: {100 * one.chance:.0f} %"
            + (", as any of those simulated" if self._all_equal else ""),
        ]
        if rank == 1:
            others = [other for other in self.found[1:] if other.ties]
            cheapest = min(others, key=lambda other: other.euros, default=None)
            if cheapest is None:
                lines.append("     choosing it gives up: nothing of the work; the most money")
            else:
                lines.append(
                    f"     choosing it gives up: {one.euros - cheapest.euros:,.0f} EUR against "
                    f"{cheapest.mix.id}, which cannot be told apart from it"
                )
        else:
            told = "cannot be told apart from the first" if one.ties else "against the first"
            lines.append(
                f"     choosing it gives up: {lost.mean:.1f} months of work ({lost.low:.1f} to "
                f"{lost.high:.1f}; {told}) and keeps {self.found[0].euros - one.euros:,.0f} EUR"
            )
        return [*lines, ""]

    def _payers(self, one: Found) -> str:
        paid = {k: v for k, v in self.space.cost_by_payer(one.plan).items() if v}
        if set(paid) == {"unknown"}:
            return "payer unknown"
        return ", ".join(f"{payer} {euros:,.0f}" for payer, euros in paid.items()) or "nobody"

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write tables, codebook, the mixes as files for ``compare``, answer and manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        about = (
            f"Found by optimise {program_version()} for a budget of {self.budget:,.0f} EUR.",
            "Doses are shares of the capacity in the files of the measures.",
        )
        tables = {
            "optimise.csv": self.frame(),
            "payers.csv": self.payers(),
            "simulated.csv": self.simulated(),
        }
        with output_folder(folder, force) as made:
            for name, table in tables.items():
                table.to_csv(made / name, index=False, lineterminator="\n", float_format="%.6g")
            rows = [(file, *row) for file, columns in CODEBOOK.items() for row in columns]
            names = ["file", "column", "type", "unit", "meaning"]
            pd.DataFrame(rows, columns=names).to_csv(
                made / "codebook.csv", index=False, lineterminator="\n"
            )
            (made / "mixes").mkdir()
            for one in self.found:
                doses = {name: self.space.doses[name, level] for name, level in one.plan}
                text = mix_text(one.mix, doses, about)
                (made / "mixes" / f"{one.mix.id}.toml").write_text(text, encoding="utf-8")
            (made / "answer.txt").write_text(self.text() + "\n", encoding="utf-8")
            write_manifest(
                made,
                command=f"optimise({self.town.id!r}, budget={self.budget:g})",
                seeds=self.seeds,
                scenario_hash=self.town.scenario_hash([self.running, *(f.mix for f in self.found)]),
                site=self.town.id,
                arguments={
                    "budget": self.budget,
                    "measures": list(self.space.measures),
                    "against": self.running.id,
                    "replications": self.choosing.shape[1],
                    "simulated": len(self.plans),
                    "closure": self.closure,
                    "strength": self.strength,
                    "scale": self.town.scale,
                    "seed": self.seed,
                },
            )
        return Path(folder)


def _plain(side: str) -> str:
    return side.replace("_", " ")


def _interval(name: str, unit: str, meaning: str, low: str, high: str) -> list[tuple]:
    return [
        (name, "float64", unit, meaning),
        (low, "float64", unit, f"lower end of the 90 % interval of {name}"),
        (high, "float64", unit, f"upper end of the 90 % interval of {name}"),
    ]


CODEBOOK: dict[str, list[tuple]] = {
    "optimise.csv": [
        ("rank", "int64", "number", "order by additional work for the target group"),
        ("mix", "string", "-", "id of the mix; its file lies in mixes/"),
        ("against", "string", "-", "the reference, what runs without the mix"),
        ("measures", "string", "-", "measures with their named levels"),
        ("closure", "string", "-", "demand closure"),
        ("strength", "string", "-", "drawn: levers drawn from their ranges; else the strength"),
        ("planned_eur", "float64", "EUR", "cost of the term when every place is filled"),
        *_interval("months_of_work", "person-months",
                   "additional work of the target group in 48 months, by new pairs",
                   "ci_low", "ci_high"),
        ("ci_level", "float64", "share", "level of the intervals"),
        ("months_when_chosen", "float64", "person-months",
         "the same by the pairs that chose the mix: flattered by choosing"),
        ("chance_among_best", "float64", "share",
         "chance to be among the best three of all simulated, luck of the pairs taken off"),
        *_interval("given_up", "person-months", "work given up against the first, pair by pair",
                   "given_up_low", "given_up_high"),
        ("cannot_be_told_from_first", "bool", "-", "whether that interval holds zero"),
        *_interval("in_work_third_year", "persons",
                   "additional people of the target group at work in the third year",
                   "in_work_third_year_low", "in_work_third_year_high"),
        ("served", "float64", "persons", "people served by a cohort"),
        *(row for side in (*SIDES[1:], EVERYBODY)
          for row in _interval(side, "person-months",
                               f"additional work in 48 months: {_plain(side)}",
                               f"{side}_low", f"{side}_high")),
        ("grade", "string", "-", "worst grade of the levers of the mix, A to E"),
        ("price_grade", "string", "-", "worst grade of its prices, A to E"),
        ("pairs", "int64", "number", "new pairs of worlds"),
    ],
    "payers.csv": [
        ("mix", "string", "-", "id of the mix"),
        ("payer", "string", "-", f"who pays: {', '.join(PAYERS)}"),
        ("planned_eur", "float64", "EUR", "cost of the term when every place is filled"),
        *_interval("spent", "EUR", "spent more than in the reference in 48 months, running "
                   "services included", "spent_low", "spent_high"),
        *_interval("saved", "EUR", "benefits not paid in 48 months", "saved_low", "saved_high"),
    ],
    "simulated.csv": [
        ("measures", "string", "-", "measures with their named levels"),
        ("planned_eur", "float64", "EUR", "cost of the term when every place is filled"),
        *_interval("months_of_work", "person-months",
                   "additional work of the target group in 48 months, by the pairs that choose",
                   "ci_low", "ci_high"),
        ("ci_level", "float64", "share", "level of the intervals"),
        ("chance_among_best", "float64", "share",
         "chance to be among the best three, luck taken off"),
        ("unbeaten", "bool", "-", "no other costs no more and does as much, by these pairs"),
        ("told", "bool", "-", "whether it is in optimise.csv"),
        ("pairs", "int64", "number", "pairs of worlds that choose"),
    ],
}  # fmt: skip


# ---- the search --------------------------------------------------------------------------------


def shortlist(
    plans: Sequence[Plan], alone: dict[tuple[str, str], float], euros: Sequence[float], most: int
) -> list[int]:
    """Return which mixes to simulate when there are too many: by the sum of the parts.

    The mixes that no other beats by that sum come first, layer by layer, so that small budgets
    are looked at too.

    Parameters
    ----------
    alone : dict
        What each measure does alone at each level.
    """
    work = np.array([sum(alone[part] for part in plan) for plan in plans])
    cost = np.asarray(euros, float)
    rest = np.arange(len(plans))
    kept: list[int] = []
    while len(kept) < most and len(rest):
        layer = front(cost[rest], work[rest])
        if not len(layer):  # the rest does no more than nothing
            layer = np.arange(len(rest))
        chosen = rest[layer]
        kept += chosen[np.argsort(-work[chosen], kind="stable")].tolist()
        rest = np.setdiff1d(rest, chosen)
    return sorted(kept[:most])


def optimise(
    site: str | Path | Site | Town,
    budget: float,
    *,
    measures: Sequence[str] | None = None,
    costs: str | Path | Costs | None = None,
    against: str | Path | Mix | None = None,
    replications: int = PAIRS,
    most: int = SIMULATED,
    closure: str = "R",
    strength: str = DRAWN,
    scale: int | None = None,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Optimised:
    """Find mixes of named levels that do most for the target group under a budget.

    Parameters
    ----------
    budget : float
        EUR for the term of a cohort (12 months), when every place is filled.
    measures : sequence of str, optional
        Shipped measures; default: what the mix of the place adds to what runs.
    costs : str, Path or Costs, optional
        Prices and payers; default: the place's shipped table.
    against : optional
        What runs without the mix; default: ``today`` where the place has it, else nothing.
    replications : int
        Pairs of worlds that choose, and as many new ones that tell.
    most : int
        Mixes simulated at most.
    strength : {"drawn", "none", "assumed", "top"}
        ``drawn``: every pair draws each lever from its range (and parameters from the posterior
        of the place, where one is shipped); else one size in all pairs.

    Returns
    -------
    Optimised

    Raises
    ------
    ScenarioError
        When a file or name is wrong, nothing has a price, or nothing fits the budget.
    """
    if not 0 < budget < float("inf"):
        raise ScenarioError(f"--budget is {budget:g}, but must be a positive number of euros.")
    if strength not in STRENGTHS:
        raise ScenarioError(
            f"--strength is '{strength}', but must be one of {', '.join(STRENGTHS)}."
        )
    town = site if isinstance(site, Town) else Town(site, scale=scale, starts_kept=2)
    running = town.reference(against)
    today = town.mix(town.default_against()).id
    if running.id not in (BASELINE, today):
        raise ScenarioError(
            f"--against is '{running.id}', but a mix is added to what runs now or to nothing: "
            f"use {' or '.join(dict.fromkeys((today, BASELINE)))}."
        )
    prices = costs
    if not isinstance(prices, Costs):
        prices = load_costs(town.id if costs is None else costs, town.id, running.measures)
    space = space_of(town, running, prices, measures)
    plans = space.affordable(budget)
    if not plans:
        (name, level), euros = min(space.euros.items(), key=lambda item: item[1])
        raise ScenarioError(
            f"Nothing fits {budget:,.0f} EUR: the cheapest is {name} {level} with {euros:,.0f} EUR."
        )
    named = site if isinstance(site, str | Path) else None
    posterior = None  # where none is shipped, the ranges of the levers alone
    if strength == DRAWN and draws_path(town.whole, named).is_file():
        posterior = load_draws(town.whole, named)
    pairs = 2 * replications
    keys = dict.fromkeys(
        (name, lever.lever)
        for name, measure in (running.files | space.measures).items()
        for lever in measure.levers
    )
    rng = np.random.default_rng(seed)
    # those that choose and those that tell each cover the ranges evenly
    sizes = {
        key: np.concatenate(
            [
                rng.permutation((np.arange(replications) + rng.random(replications)) / replications)
                for _ in range(2)
            ]
        )
        for key in keys
    }
    laboratory = Laboratory(
        town, running, prices, closure, seed, strength, posterior, sizes,
        threads or os.cpu_count() or 1,
    )  # fmt: skip

    def made(wanted: Sequence[Plan], stem: str = "optimised") -> list[Mix]:
        return [
            space.mix(plan, town, running, f"{stem}_{n:02d}") for n, plan in enumerate(wanted, 1)
        ]

    singles = [(part,) for part in space.euros] if len(plans) > most else []
    simulated = min(len(plans), most)
    total = float(replications * (len(singles) + simulated + min(SHOWN, simulated)))
    spent = 0.0

    def step(mixes: int) -> Callable[[], None]:
        def done() -> None:
            nonlocal spent
            spent += mixes
            if progress is not None:
                progress(spent, total)

        return done

    first, second = range(replications), range(replications, pairs)
    if singles:
        values = laboratory.run(made(singles), first, step(len(singles)))[:, :, WORK].mean(1)
        alone = {part: float(value) for (part,), value in zip(singles, values, strict=True)}
        kept = shortlist(plans, alone, [space.cost(plan) for plan in plans], most)
        tried = [plans[i] for i in kept]
    else:
        tried = plans
    choosing = laboratory.run(made(tried), first, step(len(tried)))
    work = choosing[:, :, WORK]
    euros = np.array([space.cost(plan) for plan in tried])
    chosen = front(euros, work.mean(1))
    chosen = chosen[np.argsort(-work.mean(1)[chosen], kind="stable")][:SHOWN]
    found: list[Found] = []
    fell_back = []
    if len(chosen):
        telling = laboratory.run(made([tried[i] for i in chosen]), second, step(len(chosen)))
        new = telling[:, :, WORK]
        kept_now = front(euros[chosen], new.mean(1))
        order = kept_now[np.argsort(-new.mean(1)[kept_now], kind="stable")]
        chances = chance_among_best(work, seed)
        mixes = made([tried[chosen[i]] for i in order])
        found = [
            Found(mix, tried[chosen[i]], float(euros[chosen[i]]), telling[i],
                  float(chances[chosen[i]]), float(work[chosen[i]].mean()),
                  _told(new[order[0]] - new[i]))
            for i, mix in zip(order, mixes, strict=True)
        ]  # fmt: skip
        fell_back = [
            (tried[chosen[i]], float(work[chosen[i]].mean()), _told(new[i]))
            for i in range(len(chosen))
            if i not in kept_now
        ]
    if progress is not None:
        progress(total, total)
    return Optimised(
        town, running, space, budget, closure, strength, seed, found, tried, choosing,
        len(plans), fell_back, posterior is not None,
        [laboratory.seed_of(pair) * SEED_STEP for pair in range(pairs)],
    )  # fmt: skip
