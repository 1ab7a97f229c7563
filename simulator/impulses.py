"""Impulses: what one more promotion does, one vacancy at a time.

One upper vacancy goes to the best ready candidate inside instead of the outsider chosen (kind
``promote``), or is opened to all instead of going to the candidate inside (kind ``open``). Both
worlds are followed; nothing else differs when they part. Thousands of such pairs give the
cleanest picture of the chain that one promotion starts (``docs/planner.md``, *Impulses*).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios import ScenarioError, Site
from simulator.agents.workplace import backfill_share, return_per_month
from simulator.codes import Status
from simulator.columns import Person, Policy, Post, Workplace
from simulator.comparison import Estimate, estimate
from simulator.engine import World
from simulator.groups import assign_cells, target_cells
from simulator.markets import MARKETS, market
from simulator.outcomes import Outcome, series, window
from simulator.scale import check_scale
from simulator.town import Town
from simulator.world import Count, Shift

KINDS = {"promote": 1, "open": 2}
MONTHS = 36
NEAR = (3, 12)  # windows before the two worlds have drifted apart
SEED_STEP = 10_000
# All impulses of a world share the luck of its one base path, so few per world tell more.
PER_WORLD = 2  # impulses of one rung in one world, at most
MOST_WORLDS = 10_000
FRUITLESS = 64  # worlds without any eligible vacancy after which the search ends
DISPLACED = ("jobless", "local_incumbent", "outside")
SIZES = ("1-9", "10-49", "50-249", "250+")
# what a table shows: label, outcome
SHOWN: dict[str, tuple[str, str, str]] = {
    "vacancies advertised, all rungs": ("advertised_vacancies", "all", "all"),
    "entry vacancies advertised": ("advertised_vacancies", "rung", "rung_0"),
    "promotions": ("openings_closed", "fill", "promotion"),
    "work of the target group, months": ("work_months", "side", "target_jobseekers"),
    "work of other jobseekers, months": ("work_months", "side", "other_jobseekers"),
    "work of other residents, months": ("work_months", "side", "other_residents"),
    "work of people living elsewhere, months": ("work_months", "side", "living_elsewhere"),
    "filled posts, months": ("filled_post_months", "all", "all"),
    "vacant posts, months": ("vacant_post_months", "all", "all"),
    "posts never advertised, months": ("not_backfilled_post_months", "all", "all"),
    "posts given up, months": ("given_up_post_months", "all", "all"),
}
VACANCIES, FILLED = "vacancies advertised, all rungs", "filled posts, months"
CLOSED_FORM = {VACANCIES: "vacancies", FILLED: "filled"}  # what a closed form predicts


@dataclass
class Impulses:
    """Differences of impulse worlds from their base world.

    Attributes
    ----------
    outcomes : list of Outcome
    frame : DataFrame
        One row per impulse: ``seed, market, rung, size_class, displaced`` and, for kind
        ``promote``, the rung of the post that the displaced held (-1: none here) and what the
        closed form predicts of it.
    effects : dict
        By window (months): array (impulses, outcomes), impulse minus base; sums of flows over the
        window, means of stocks.
    skipped : int
        Impulses that ended in a sideward move inside, which is no promotion, and were left out.
    """

    site: str
    kind: str
    closure: str
    months: int
    outcomes: list[Outcome]
    frame: pd.DataFrame
    effects: dict[int, np.ndarray]
    skipped: int

    def values(self, outcome: tuple[str, str, str], months: int) -> np.ndarray:
        """Return the effects on one outcome, one number per impulse."""
        names = [(o.outcome, o.breakdown, o.group) for o in self.outcomes]
        return self.effects[months][:, names.index(outcome)]

    def mean(self, values: np.ndarray, rows: np.ndarray) -> Estimate:
        """Return the mean per impulse over some rows, with its interval.

        Impulses of one world are not independent: each world is left out in turn.
        """
        values, seeds = values[rows], self.frame["seed"].to_numpy()[rows]
        worlds, at = np.unique(seeds, return_inverse=True)
        n = len(worlds)
        mean = float(values.mean())
        if n < 2:
            return Estimate(mean, -np.inf, np.inf, n)
        sums, counts = np.bincount(at, values), np.bincount(at)
        left_out = (sums.sum() - sums) / (counts.sum() - counts)
        # pseudo-values give Student's interval of the jackknife
        centre, low, high = estimate(n * mean - (n - 1) * left_out)
        return Estimate(mean, float(low + mean - centre), float(high + mean - centre), n)

    def cells(self) -> list[tuple[str, str, np.ndarray]]:
        """Return the cells of the table: breakdown, group and its rows."""
        frame = self.frame
        out = [("all", "all", np.ones(len(frame), bool))]
        for breakdown in ("rung", "size_class", "market", "displaced"):
            for group in sorted(frame[breakdown].unique(), key=str):
                out.append((breakdown, str(group), (frame[breakdown] == group).to_numpy()))
        return out

    def table(self, wanted: Sequence[tuple[str, str, str]] | None = None) -> pd.DataFrame:
        """Return mean effects per impulse with 90 % intervals, by cell and window."""
        chosen = dict(SHOWN) if wanted is None else {"/".join(key): key for key in wanted}
        rows = []
        for breakdown, group, mask in self.cells():
            for label, outcome in chosen.items():
                for months in self.effects:
                    found = self.mean(self.values(outcome, months), mask)
                    first, closed = (
                        self.frame.loc[mask, name].mean() if name in self.frame else np.nan
                        for kind in ("first", "closed")
                        for name in (f"{kind}_{CLOSED_FORM.get(label, '-')}_{months}",)
                    )
                    rows.append(
                        (breakdown, group, label, months, found.mean, found.low, found.high,
                         first, closed, int(mask.sum()), found.replications)
                    )  # fmt: skip
        names = ["breakdown", "group", "outcome", "months", "mean", "ci_low", "ci_high",
                 "first_link", "closed_form", "impulses", "worlds"]  # fmt: skip
        return pd.DataFrame(rows, columns=names).replace([np.inf, -np.inf], np.nan)


def _backfills(world, workplace: int) -> float:  # noqa: ANN001
    """Return the chance that this workplace advertises an emptied post."""
    w = world.columns
    shift = w.policies[Policy.BACKFILL, workplace] + w.shifts[Shift.BACKFILLING, workplace]
    return float(backfill_share(int(w.workplaces[Workplace.TREND, workplace]), shift, w.par))


def _months_withdrawn(world, workplace: int, months: int) -> float:  # noqa: ANN001
    """Return how long a withdrawn post of a workplace stays away within a window, months."""
    w = world.columns
    back = float(return_per_month(int(w.workplaces[Workplace.TREND, workplace]), w.par))
    return months if back <= 0 else (1.0 - np.exp(-back * months)) / back


def who_got(world, post: int) -> int:  # noqa: ANN001
    """Return the person who has taken a vacancy, whether started or not; -1 nobody known."""
    posts = world.columns.posts
    pending, holder = int(posts[Post.PENDING, post]), int(posts[Post.HOLDER, post])
    return pending if pending != -1 else holder


def with_impulse(base: World, kind: str, rung: int, number: int = 0) -> tuple[World, int]:
    """Return a copy of a world, a month on, in which one vacancy went to somebody else, and which.

    Parameters
    ----------
    kind : {"promote", "open"}
    rung : int
        Rung of the vacancy.
    number : int
        Which of the vacancies of the month that could be changed.

    Returns
    -------
    world : World
    post : int
        Row of the vacancy; -1 when there are not so many, and the worlds are equal.
    """
    world = base.copy()
    counts = world.columns.counts
    counts[Count.IMPULSE_KIND] = KINDS[kind]
    counts[Count.IMPULSE_RUNG] = rung
    counts[Count.IMPULSE_MONTH] = base.month
    counts[Count.IMPULSE_NUMBER] = number
    world.advance(1)
    return world, int(world.columns.counts[Count.IMPULSE_DONE]) - 1


def closed_form(
    base, post: int, chosen: int, months: Sequence[int], chain: float, vacant: float  # noqa: ANN001
) -> dict[str, float | str]:  # fmt: skip
    """Return what ``net_effect_of_one_extra_promotion`` predicts of one impulse.

    The share rescued is zero, since an outsider had been chosen. The promoting employer advertises
    the post left with its own chance b; a displaced local incumbent would have left a post that the
    other employer advertises with chance b_J. Each vacancy costs vacant time; a post that is not
    advertised stays away until it returns. ``first_*`` is the formula, which ends with the first
    link; in ``closed_*`` each vacancy stands for the whole chain behind it, which takes its time.

    Parameters
    ----------
    base : World
        Before the impulse month.
    post, chosen : int
        The vacancy and the outsider who had been chosen for it.
    chain : float
        Vacancies per chain in the base world.
    vacant : float
        Months that a vacancy stays open there.
    """
    w = base.columns
    own = int(w.posts[Post.WORKPLACE, post])
    b = _backfills(base, own)
    who, other, b_other, rung = "outside", -1, 0.0, -1
    if 0 <= chosen < int(w.counts[Count.PEOPLE]):
        status = int(w.people[Person.STATUS, chosen])
        if status == Status.EMPLOYED:
            who, other = "local_incumbent", int(w.people[Person.POST, chosen])
            rung = int(w.posts[Post.RUNG, other])
            other = int(w.posts[Post.WORKPLACE, other])
            b_other = _backfills(base, other)
        elif status in (Status.A, Status.P, Status.S, Status.N):
            who = "jobless"
    row: dict[str, float | str] = {"displaced": who, "displaced_rung": rung, "backfill": b,
                                   "backfill_other": b_other}  # fmt: skip
    first = b - (b_other if other >= 0 else 0.0)
    vacancies = first * chain
    for end in months:
        away = (1.0 - b) * _months_withdrawn(base, own, end)
        if other >= 0:
            away -= (1.0 - b_other) * _months_withdrawn(base, other, end)
        row[f"first_vacancies_{end}"] = first
        row[f"closed_vacancies_{end}"] = vacancies
        row[f"first_filled_{end}"] = -away - first * vacant
        row[f"closed_filled_{end}"] = -away - vacancies * vacant
    return row


def impulses(
    site: str | Path | Site | Town,
    *,
    kind: str = "promote",
    rungs: Sequence[int] = (1, 2, 3),
    markets: Sequence[str] = ("reference",),
    number: int = 600,
    per_world: int = PER_WORLD,
    months: int = MONTHS,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Impulses:
    """Follow many single changes of who gets an upper vacancy.

    Parameters
    ----------
    kind : {"promote", "open"}
        Give it to the best ready candidate inside, or open it to all.
    rungs : sequence of int
        Rungs of the vacancy, 1 to 3.
    markets : sequence of str
        Of ``slack``, ``reference``, ``tight``: new posts in the twelve months before.
    number : int
        Impulses wanted in all, spread evenly over rungs and markets; worlds are added until
        each has its share.
    per_world : int
        Impulses of a rung in one world at most, all in one month.
    months : int
        Months followed; effects are also given after :data:`NEAR` months.

    Returns
    -------
    Impulses
        Only impulses that found an eligible vacancy.

    Raises
    ------
    ScenarioError
        When a market or a rung is unknown, or the place is too small to find any.
    """
    town = site if isinstance(site, Town) else Town(site)
    check_scale(town.site.margins.filled_posts.value, town.scale)
    unknown = [name for name in markets if name not in MARKETS]
    if unknown:
        raise ScenarioError(f"'{unknown[0]}' is no market; there are: {', '.join(MARKETS)}.")
    if any(rung not in (1, 2, 3) for rung in rungs):
        raise ScenarioError("an impulse needs a vacancy above the entry level: rung 1, 2 or 3.")
    ends = sorted({min(near, months) for near in NEAR} | {months})
    outcomes: list[Outcome] = []

    def one_world(job: tuple[str, int]) -> tuple[list[dict], dict[int, list], int]:
        name, replication = job
        base = town.begin(seed * SEED_STEP + replication, closure=closure)
        if name != "reference":
            market(base, MARKETS[name])
        begun = base.month
        base.lay_out(begun, months, assign_cells(base, town.site), target_cells())
        reference = base.copy().advance(1)
        near = reference.copy()
        reference.advance(months - 1)
        names, values = series(reference)
        outcomes[:] = names
        chain, vacant = _chain_of(names, values)
        rows: list[dict] = []
        effects: dict[int, list] = {end: [] for end in ends}
        skipped = 0
        for rung in rungs:
            for at in range(per_world):
                world, post = with_impulse(base, kind, rung, at)
                if post < 0:
                    break
                inside = who_got(world if kind == "promote" else near, post)
                if not is_promotion(base, inside, rung):
                    skipped += 1
                    continue
                world.advance(months - 1)
                after = series(world)[1]
                for end in ends:
                    gap = window(names, after, 0, end) - window(names, values, 0, end)
                    effects[end].append(gap / town.scale)  # of one promotion, not of several
                workplace = int(base.columns.posts[Post.WORKPLACE, post])
                size = int(base.columns.workplaces[Workplace.SIZE_CLASS, workplace])
                row = {"seed": replication, "market": name, "rung": rung,
                       "size_class": SIZES[size], "displaced": "-"}  # fmt: skip
                if kind == "promote":
                    row |= closed_form(base, post, who_got(near, post), ends, chain, vacant)
                rows.append(row)
        return rows, effects, skipped

    rows, effects, skipped = [], {end: [] for end in ends}, 0
    share = -(-number // (len(markets) * len(rungs)))
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for name in markets:
            have = dict.fromkeys(rungs, 0)
            worlds = 0
            while min(have.values()) < share and worlds < MOST_WORLDS:
                jobs = [(name, worlds + k) for k in range(workers)]
                for found, gaps, left in pool.map(one_world, jobs):
                    skipped += left
                    for k, row in enumerate(found):
                        if have[row["rung"]] < share:
                            have[row["rung"]] += 1
                            rows.append(row)
                            for end in ends:
                                effects[end].append(gaps[end][k])
                worlds += workers
                if worlds >= FRUITLESS and not any(have.values()):
                    break
                if progress is not None:
                    progress(len(rows), number)
    if not rows:
        raise ScenarioError(f"{town.id}: no vacancy was found that an impulse could change.")
    return Impulses(
        town.id, kind, closure, months, outcomes, pd.DataFrame(rows),
        {end: np.array(found) for end, found in effects.items()}, skipped,
    )  # fmt: skip


def is_promotion(base, person: int, rung: int) -> bool:  # noqa: ANN001
    """Return whether somebody who gets a post of a rung held a lower one before."""
    if not 0 <= person < int(base.columns.counts[Count.PEOPLE]):
        return False
    held = int(base.columns.people[Person.POST, person])
    return held >= 0 and int(base.columns.posts[Post.RUNG, held]) < rung


def _chain_of(names: list[Outcome], values: np.ndarray) -> tuple[float, float]:
    """Return vacancies per chain and months that a vacancy stays open in a world."""

    def total(name: str, breakdown: str = "all") -> float:
        found = [i for i, o in enumerate(names) if (o.outcome, o.breakdown) == (name, breakdown)]
        return float(values[found].sum())

    vacancies = total("advertised_vacancies")
    return vacancies / total("chains_advertised"), total("vacant_post_months") / vacancies
