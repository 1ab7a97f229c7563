"""Delayed retirements at upper rungs: a natural experiment on promotion slots that do not open.

Those of sixty and over on some rungs stay as if they were some years younger, as after a reform
that raises the retirement age; the world is compared with itself without it. Studies find fewer
promotions below, most in shrinking firms and hardly any loss in growing ones, nothing where workers
on lower rungs stay, and at most one entry-age hire lost per five seniors held for a year
(``scenarios/evidence/vacancy_chains.md``, facts E01 and E02). Nothing here is fitted. ``python -m
calibration.retirements`` prints the table of ``docs/validation.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np

from calibration.emergent import told
from calibration.moments import begin_today
from calibration.validate import CheckRow, check
from simulator.agents.workplace import LARGE
from simulator.codes import Status, Trend, label
from simulator.columns import Person, Post, Workplace
from simulator.comparison import Estimate, estimate
from simulator.engine import World
from simulator.town import Town
from simulator.world import ALWAYS, Count

SITE = "kokkola"
WORLDS = 48
MONTHS = 24
SENIOR = 60  # years of age
DELAY = 5  # years by which a senior's clock is set back
YOUNG = 30  # below: entry age
UPPER = (2, 3)  # managers, professionals, technicians
LOWER = (0, 1)


class Seen(IntEnum):
    """What is counted at the workplaces where seniors stay."""

    SENIOR_MONTHS = 0
    PROMOTIONS = auto()  # of others into the upper rungs, inside
    YOUNG_HIRES = auto()  # hires of people of entry age
    YOUNG_MONTHS = auto()  # of people of entry age in work there
    ENTRY_HIRES = auto()  # hires on the entry rung


@dataclass
class Delayed:
    """What staying seniors change, with them less without.

    Attributes
    ----------
    change : ndarray, shape (worlds, Seen, trends, 2, 2)
        By trend of the workplace in the month (``codes.Trend``), by whether promotion slots are
        ample (0) or scarce (1) there, and by whether it has 250 posts or more (1), where the
        model knows no trend.
    """

    change: np.ndarray

    def lost(
        self, what: Seen, trends: Sequence[Trend] = tuple(Trend),
        scarce: Sequence[int] = (0, 1), large: Sequence[int] = (0, 1),
    ) -> tuple[Estimate, np.ndarray]:  # fmt: skip
        """Return what is lost per year that a senior stays, with its pseudo-values by world."""
        own = self.change[:, :, list(trends)][:, :, :, list(scarce)][..., list(large)]
        own = own.sum((2, 3, 4))
        top, years = -own[:, what], own[:, Seen.SENIOR_MONTHS] / 12.0
        n = len(top)
        left_out = (top.sum() - top) / (years.sum() - years)
        pseudo = n * top.sum() / years.sum() - (n - 1) * left_out
        mean, low, high = estimate(pseudo)
        return Estimate(float(mean), float(low), float(high), n), pseudo


def slots_scarce(world: World) -> np.ndarray:
    """Return where fewer upper posts than usual stand above each post below, bool by workplace."""
    w = world.columns
    posts = w.posts[:, : int(w.counts[Count.POSTS])]
    at = posts[Post.WORKPLACE]
    n = w.workplaces.shape[1]
    upper = np.bincount(at[posts[Post.RUNG] >= UPPER[0]], minlength=n)
    below = np.bincount(at[posts[Post.RUNG] == UPPER[0] - 1], minlength=n)
    ratio = upper / np.maximum(below, 0.5)
    # the median of posts: half of the upper posts stand where slots are scarce
    order = np.argsort(ratio)
    middle = np.searchsorted(np.cumsum(upper[order]), upper.sum() / 2)
    return ratio <= ratio[order[middle]]


def follow(world: World, seniors: np.ndarray, treated: np.ndarray, months: int) -> np.ndarray:
    """Run a world and count at the treated workplaces, shape (Seen, trends, 2, 2)."""
    out = np.zeros((len(Seen), len(Trend), 2, 2))
    scarce = slots_scarce(world).astype(int)
    large = (world.columns.workplaces[Workplace.SIZE_CLASS] == LARGE).astype(int)

    def state() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = world.columns
        held = w.people[Person.POST, : int(w.counts[Count.PEOPLE])].copy()
        holds = held >= 0
        workplace = np.where(holds, w.posts[Post.WORKPLACE][held], -1)
        rung = np.where(holds, w.posts[Post.RUNG][held], -1)
        return held, workplace, rung

    def add(what: Seen, people: np.ndarray, workplace: np.ndarray) -> None:
        at = workplace[people]
        at = at[treated[at]]
        trend = world.columns.workplaces[Workplace.TREND, at]
        np.add.at(out[what], (trend, scarce[at], large[at]), 1.0)

    _, before, rung_before = state()
    for _ in range(months):
        world.advance(1)
        _, now, rung = state()
        known = len(before)
        add(Seen.SENIOR_MONTHS, seniors[now[seniors] >= 0], now)
        same = (now[:known] >= 0) & (now[:known] == before)
        up = same & (rung[:known] > rung_before) & (rung[:known] >= UPPER[0])
        up[seniors] = False
        add(Seen.PROMOTIONS, np.flatnonzero(up), now)
        hired = now >= 0
        hired[:known] &= now[:known] != before
        w = world.columns
        age = (world.month - w.people[Person.BIRTH_MONTH, : len(now)]) // 12
        add(Seen.YOUNG_HIRES, np.flatnonzero(hired & (age < YOUNG)), now)
        add(Seen.YOUNG_MONTHS, np.flatnonzero((now >= 0) & (age < YOUNG)), now)
        add(Seen.ENTRY_HIRES, np.flatnonzero(hired & (rung == 0)), now)
        before, rung_before = now, rung
    return out


def delay(
    town: Town, rungs: Sequence[int] = UPPER, worlds: int = WORLDS, *, months: int = MONTHS,
    seed: int = 1, threads: int = 2, years: int = DELAY,
) -> Delayed:  # fmt: skip
    """Let the seniors on some rungs stay, world by world; count at their workplaces.

    Parameters
    ----------
    rungs : sequence of int
        Rungs on which they are at the start.
    years : int
        Years by which they stay longer.
    """

    def one(replication: int) -> np.ndarray:
        base, _ = begin_today(town, seed * 10_000 + replication)
        base.lay_out(0, months)
        w = base.columns
        n = int(w.counts[Count.PEOPLE])
        held = w.people[Person.POST, :n]
        old = base.month - w.people[Person.BIRTH_MONTH, :n] >= 12 * SENIOR
        at_work = (w.people[Person.STATUS, :n] == Status.EMPLOYED) & old
        seniors = np.flatnonzero(at_work)
        seniors = seniors[np.isin(w.posts[Post.RUNG][held[seniors]], rungs)]
        treated = np.zeros(w.workplaces.shape[1], bool)
        treated[w.posts[Post.WORKPLACE][held[seniors]]] = True
        late = base.copy()
        late.columns.people[Person.BIRTH_MONTH, seniors] += 12 * years
        late.columns.screens[late.columns.place_of_person[seniors]] = ALWAYS
        return follow(late, seniors, treated, months) - follow(base, seniors, treated, months)

    with ThreadPoolExecutor(threads) as pool:
        return Delayed(np.array(list(pool.map(one, range(worlds)))))


@check(
    "delayed retirements", quick=False, kind="natural experiment",
    source="stylised_facts.csv, E01 and E02; vacancy_chains.md",
)  # fmt: skip
def delayed_retirements(quick: bool, worlds: int = WORLDS) -> Iterator[CheckRow]:  # noqa: ARG001
    """Fewer promotions below, more where slots are scarce, little in growing firms; E01, E02."""
    town = Town(SITE)
    found = delay(town, UPPER, worlds)
    kind = "natural experiment"
    detail = f"per year that a senior stays on rungs 2 and 3, {worlds} pairs, {MONTHS} months"

    lost, _ = found.lost(Seen.PROMOTIONS)
    yield CheckRow("delayed retirements: promotions lost", kind, bool(lost.low > 0), "above 0",
                   told(lost), detail)  # fmt: skip
    scarce, by_world = found.lost(Seen.PROMOTIONS, scarce=(1,))
    ample, by_world_ample = found.lost(Seen.PROMOTIONS, scarce=(0,))
    mean, low, high = estimate(by_world - by_world_ample)
    gap = Estimate(float(mean), float(low), float(high), worlds)
    yield CheckRow(
        "delayed retirements: more where promotion slots are scarce", kind, bool(gap.low > 0),
        "above 0", told(gap),
        f"few upper posts per post of the rung below: {told(scarce)}, many: {told(ample)}",
    )  # fmt: skip
    by_trend = {trend: found.lost(Seen.PROMOTIONS, (trend,), large=(0,)) for trend in Trend}
    words = ", ".join(f"{label(trend)} {told(one)}" for trend, (one, _) in by_trend.items())
    for name, more, less in (
        ("less in growing firms than in resting ones", Trend.RESTING, Trend.GROWING),
        ("more in shrinking firms than in resting ones", Trend.SHRINKING, Trend.RESTING),
    ):
        mean, low, high = estimate(by_trend[more][1] - by_trend[less][1])
        gap = Estimate(float(mean), float(low), float(high), worlds)
        yield CheckRow(
            f"delayed retirements: {name}", kind, bool(gap.low > 0), "above 0", told(gap),
            f"workplaces below 250 posts: {words}",
        )  # fmt: skip
    lower, _ = delay(town, LOWER, worlds).lost(Seen.PROMOTIONS)
    yield CheckRow(
        "delayed retirements on lower rungs: promotions into upper rungs lost", kind,
        bool(lower.low <= 0 <= lower.high and lower.high < lost.mean), "none", told(lower),
        "per year that a senior stays on rungs 0 and 1",
    )  # fmt: skip
    young, _ = found.lost(Seen.YOUNG_HIRES)
    entry, _ = found.lost(Seen.ENTRY_HIRES)
    months, _ = found.lost(Seen.YOUNG_MONTHS)
    for fact, value, most in (("E01", 0.2, 0.25), ("E02", 0.0, 0.1)):
        yield CheckRow(
            f"{fact}: entry-age hires lost per senior held in post for a year", kind,
            bool(0.0 <= young.mean <= most), f"{value:g} (0 to {most:g})", told(young),
            f"hires below {YOUNG} at the same workplaces; people below {YOUNG} in work there "
            f"{told(months.scaled(1 / 12))} fewer a senior, hires on the entry rung {told(entry)}",
        )  # fmt: skip


def main() -> None:
    """Run the experiment and print the table of the docs."""
    print("| check | expected | simulated | holds | |\n|---|---|---|---|---|")
    for row in delayed_retirements(False):
        holds = "yes" if row.holds else "**no**"
        print(f"| {row.check} | {row.expected} | {row.simulated} | {holds} | {row.detail} |")


if __name__ == "__main__":
    main()
