"""``reserve``: vacancies kept for the target group, against support for people at work.

The counter-scenarios of Persky and Felsenstein: instead of hoping that the chain behind a promotion
reaches a jobseeker, a programme reserves the first vacancy of chains, or entry posts, or any
vacancy, for the target group of the place or for everybody on the register. Each reserves as many
vacancies a month as the support takes people in (times the price of one support over that of one
reserved vacancy), so that all cost the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.workplace import support_of
from scenarios import ScenarioError
from scenarios.measures import Dose, Mix
from simulator.chance import mix as scramble
from simulator.codes import PostState
from simulator.columns import Post
from simulator.comparison import SEED_STEP, Estimate, estimate
from simulator.engine import World
from simulator.files import write_study
from simulator.groups import assign_cells, keep_for, members, target_cells
from simulator.outcomes import series, window
from simulator.policy import lay_out_mix, target_clauses
from simulator.town import Town
from simulator.world import Count, Enrolment
from simulator.world import Measure as Row

TERM = 12  # months of support or of reserving
WINDOWS = (12, 24)  # months followed
REGISTER, TARGET = 1, -1  # whom a vacancy is kept for, as Post.ASKS
KEPT = {"target": "the target group", "register": "registered jobseekers"}
ARMS = {
    "support": "support for people at work",
    "first": "first vacancy of a chain reserved",
    "entry": "entry vacancy reserved",
    "any": "any vacancy reserved",
}
SHOWN = {
    "work of the target group, months": ("work_months", "side", "target_jobseekers"),
    "work of other jobseekers, months": ("work_months", "side", "other_jobseekers"),
    "work of other residents, months": ("work_months", "side", "other_residents"),
    "work of people living elsewhere, months": ("work_months", "side", "living_elsewhere"),
    "filled posts, months": ("filled_post_months", "all", "all"),
    "promotions": ("openings_closed", "fill", "promotion"),
    "entry vacancies advertised": ("advertised_vacancies", "rung", "rung_0"),
}


def reservable(world: World, kind: str) -> np.ndarray:
    """Return the rows of the vacancies that may be reserved now, in a keyed order.

    They opened within the last month and nobody has accepted them yet.
    """
    w = world.columns
    posts = w.posts[:, : int(w.counts[Count.POSTS])]
    # rounds are counted through; the month that begins has not run yet
    opened_since = (world.month - 1) * int(w.counts[Count.ROUNDS])
    free = (
        (posts[Post.STATE] == PostState.VACANT)
        & (posts[Post.PENDING] == -1)
        & (posts[Post.ASKS] == 0)
        & (posts[Post.OPENED] >= opened_since)
    )
    if kind == "first":
        free &= posts[Post.PLACE] == 1
    elif kind == "entry":
        free &= posts[Post.RUNG] == 0
    rows = np.flatnonzero(free)
    turn = scramble(np.uint64(world.month + 1))
    words = [int(scramble(w.post_hash[row] ^ turn)) for row in rows]
    return rows[np.argsort(words)]


def reserve_month(
    world: World, kind: str, number: int, reserved: dict[int, int], asks: int = REGISTER
) -> int:
    """Reserve so many vacancies; free those that are taken or gone.

    Parameters
    ----------
    asks : int
        :data:`REGISTER`, or :data:`TARGET`: those marked this month by ``groups.keep_for``.
    reserved : dict
        Opening number by row of the vacancies reserved so far; changed in place.

    Returns
    -------
    int
        How many were found and reserved.
    """
    posts = world.columns.posts
    for row, opening in list(reserved.items()):
        if posts[Post.STATE, row] != PostState.VACANT or posts[Post.OPENING, row] != opening:
            posts[Post.ASKS, row] = 0
            del reserved[row]
    chosen = reservable(world, kind)[:number]
    posts[Post.ASKS, chosen] = asks
    posts[Post.INSIDE, chosen] = 0
    reserved.update((int(row), int(posts[Post.OPENING, row])) for row in chosen)
    return len(chosen)


@dataclass
class Reserve:
    """Support and reserving side by side.

    Attributes
    ----------
    rows : DataFrame
        One row per ``seed, arm, months``: ``units`` (people supported or vacancies reserved) and
        the difference of each of :data:`SHOWN` from the reference.
    """

    town: Town
    mix: Mix
    support: tuple[str, ...]
    price_ratio: float
    closure: str
    seed: int
    rows: pd.DataFrame
    kept_for: str

    def at(self, arm: str, months: int, what: str) -> Estimate:
        """Return an effect per 100 people supported or vacancies reserved, with its interval."""
        own = self.rows[(self.rows["arm"] == arm) & (self.rows["months"] == months)]
        mean, low, high = estimate(own[what].to_numpy(float))
        units = max(float(own["units"].mean()), 1e-9)
        return Estimate(float(mean), float(low), float(high), len(own)).scaled(100 / units)

    def frame(self) -> pd.DataFrame:
        """Return all effects."""
        out = []
        for (arm, months), own in self.rows.groupby(["arm", "months"], sort=False):
            for what in SHOWN:
                found = self.at(arm, months, what)
                out.append((arm, months, own["units"].mean(), what, found.mean, found.low,
                            found.high, found.is_told, found.replications))  # fmt: skip
        names = ["arm", "months", "units", "outcome", "per_100", "ci_low", "ci_high", "told",
                 "worlds"]  # fmt: skip
        return pd.DataFrame(out, columns=names)

    def text(self) -> str:
        """Return the answer for the screen."""
        rows = self.rows
        lines = [
            f"{self.town.site.name('en')}: {', '.join(self.support)} for people at work, against "
            f"vacancies reserved for {KEPT[self.kept_for]} (closure {self.closure}).",
            f"Both for {TERM} months, on top of today's services, at the same cost if one support "
            f"costs {self.price_ratio:g} times as much as one reserved vacancy.",
            "Nobody has published what a reserved vacancy costs (--price-ratio).",
            f"Per 100 people supported or vacancies reserved; {rows['seed'].nunique()} pairs of "
            "worlds, (a to b) right nine times in ten; ?: cannot be told from none.",
        ]
        for months in WINDOWS:
            lines += ["", f"Within {months} months"]
            for what in SHOWN:
                lines.append(what)
                for arm, words in ARMS.items():
                    found = self.at(arm, months, what)
                    mark = "" if found.is_told else "?"
                    units = rows.loc[rows["arm"] == arm, "units"].mean()
                    lines.append(
                        f"  {f'{words} ({units:.0f})':<48}{found.mean:>+9.1f} "
                        f"({found.low:+.1f} to {found.high:+.1f}){mark}"
                    )
        return "\n".join(lines)

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``reserve.csv`` (effects), ``worlds.csv``, the answer and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_study(
            folder,
            force,
            {"reserve": self.frame(), "worlds": self.rows},
            self.text(),
            command=f"reserve {self.town.id} --mix {self.mix.id} --price-ratio "
            f"{self.price_ratio:g} --for {self.kept_for} --closure {self.closure} "
            f"--seed {self.seed}",
            seeds=sorted(int(x) for x in self.rows["seed"].unique()),
            scenario_hash=self.town.scenario_hash([self.mix]),
            site=self.town.id,
            mix=self.mix.id,
        )


def reserve(
    site: str | Path | Town,
    mix: str | Path | Mix | None = None,
    *,
    price_ratio: float = 1.0,
    kept_for: str = "target",
    replications: int = 16,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Reserve:
    """Compare support for people at work with reserving vacancies at the same cost.

    Parameters
    ----------
    mix : str, Path or Mix, optional
        The mix whose support for people at work runs, with its places; default: the place's.
    price_ratio : float
        Price of one support over that of one reserved vacancy.
    kept_for : {"target", "register"}
        Whom vacancies are reserved for: those without work who are in the target group of the
        place that month, or everybody on the register.

    Raises
    ------
    ScenarioError
        When the mix supports nobody at work, the ratio is not above zero, or the group is unknown.
    """
    if kept_for not in KEPT:
        raise ScenarioError(f"vacancies are kept for '{kept_for}', but must be for target or "
                            "register.")  # fmt: skip
    if not price_ratio > 0:
        raise ScenarioError(f"the price ratio is {price_ratio:g}, but must be above 0.")
    town = site if isinstance(site, Town) else Town(site)
    chosen = town.mix(mix if mix is not None else town.site.default_mix)
    support = support_of(town, chosen)
    today = town.reference()
    target = target_clauses(town.site, town.place)
    doses = {
        name: Dose(dose=chosen.measures[name].dose, strength=chosen.measures[name].strength,
                   fidelity=chosen.measures[name].fidelity,
                   capacity=chosen.measures[name].capacity, months=TERM)
        for name in support
    }  # fmt: skip
    supported = today.model_copy(
        update={
            "id": f"{today.id}_and_support",
            "measures": today.measures | doses,
            "files": today.files | {name: chosen.files[name] for name in support},
        }
    )

    def followed(base: World, own: Mix, kind: str, numbers: list[int]) -> tuple:
        """Return outcomes by window, and the units of each month of the term."""
        world = base.copy()
        policy = lay_out_mix(own, town.site, town.place)
        if kind == "support":
            at = [policy.names.index(name) for name in support]
            policy.measures[at, Row.NEVER_SERVED] = 0.0
        policy.install(world)
        units: list[int] = []
        reserved: dict[int, int] = {}
        for month in range(max(WINDOWS)):
            if numbers:
                wanted = numbers[month] if month < TERM else 0
                if kept_for == "target":
                    keep_for(world, members(world, target))
                asks = TARGET if kept_for == "target" else REGISTER
                units.append(reserve_month(world, kind, wanted, reserved, asks))
            world.advance(1)
        if kind == "support":
            w = world.columns
            rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
            mine = [world.policy.names.index(name) for name in support]
            own = np.isin(rows[Enrolment.MEASURE], mine) & (rows[Enrolment.LOSER] == 0)
            own &= rows[Enrolment.START] >= 0
            units = np.bincount(rows[Enrolment.START, own], minlength=TERM).tolist()
        names, values = series(world)
        found = {(o.outcome, o.breakdown, o.group): i for i, o in enumerate(names)}
        rows_ = [found[outcome] for outcome in SHOWN.values()]
        return {m: window(names, values, 0, m)[rows_] for m in WINDOWS}, units

    def one_world(replication: int) -> list[tuple]:
        base = town.begin(replication, closure=closure)
        base.lay_out(0, max(WINDOWS), assign_cells(base, town.site), target_cells())
        reference, _ = followed(base, today, "", [])
        values, units = followed(base, supported, "support", [])
        found = {"support": (values, units)}
        # what a fraction leaves over is carried to the next month
        due = np.floor(np.cumsum(units[:TERM]) * price_ratio + 1e-9)
        numbers = np.diff(due, prepend=0).astype(int).tolist()
        for kind in list(ARMS)[1:]:
            found[kind] = followed(base, today, kind, numbers)
        return [
            (replication, kind, months, sum(units) * town.scale,
             *(values[months] - reference[months]))
            for kind, (values, units) in found.items()
            for months in WINDOWS
        ]  # fmt: skip

    rows = []
    jobs = [seed * SEED_STEP + k for k in range(replications)]
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for number, found in enumerate(pool.map(one_world, jobs)):
            rows += found
            if progress is not None:
                progress(number + 1, len(jobs))
    names = ["seed", "arm", "months", "units", *SHOWN]
    return Reserve(
        town, chosen, support, price_ratio, closure, seed, pd.DataFrame(rows, columns=names),
        kept_for,
    )  # fmt: skip
