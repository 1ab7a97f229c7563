"""Reserved hires and a plant closing: what must happen to register, vacancies and target group.

Nothing here is fitted, and no study gives the size; the signs follow from who competes for which
post. ``python -m calibration.reforms`` prints the table of ``docs/validation.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from calibration.emergent import told
from calibration.moments import begin_today
from calibration.validate import CheckRow, check
from experiments.reserve import TARGET, reserve_month
from simulator.comparison import SEED_STEP, Estimate, estimate
from simulator.engine import World
from simulator.groups import assign_cells, keep_for, members, target_cells
from simulator.outcomes import series, window
from simulator.policy import target_clauses
from simulator.town import Town

SITE = "kokkola"
WORLDS = 48
TERM = 12  # months in which vacancies are reserved
A_MONTH = 20  # entry vacancies reserved
CLOSES = 12  # month in which the plant of scenarios/surroundings/largest_closes.toml closes
AFTER = 12  # months that are compared
KIND = "natural experiment"
SHOWN = {
    "register": ("register_unemployed", "all", "all"),
    "vacancies": ("vacant_posts", "all", "all"),
    "filled posts": ("filled_posts", "all", "all"),
    "target group's work": ("work_months", "side", "target_jobseekers"),
}


def seen(world: World, first: int, months: int) -> np.ndarray:
    """Return :data:`SHOWN` over some months: means of stocks, and people at work on average."""
    names, values = series(world)
    found = {(o.outcome, o.breakdown, o.group): i for i, o in enumerate(names)}
    rows = [found[outcome] for outcome in SHOWN.values()]
    out = window(names, values, first, first + months)[rows]
    out[-1] /= months  # person-months
    return out


def _pairs(one: Callable[[int], np.ndarray], worlds: int, threads: int) -> dict[str, Estimate]:
    with ThreadPoolExecutor(threads) as pool:
        change = np.array(list(pool.map(one, range(worlds))))
    mean, low, high = estimate(change)
    return {
        what: Estimate(float(mean[i]), float(low[i]), float(high[i]), worlds)
        for i, what in enumerate(SHOWN)
    }


def reserved_hires(
    town: Town, worlds: int = WORLDS, *, a_month: int = A_MONTH, seed: int = 1, threads: int = 2
) -> dict[str, Estimate]:
    """Reserve entry vacancies for the target group for a year; return what it changes meanwhile.

    Parameters
    ----------
    a_month : int
        Vacancies that are reserved each month, of those that opened within the last one.
    """
    target = target_clauses(town.site, town.place)

    def one(replication: int) -> np.ndarray:
        base, _ = begin_today(town, seed * SEED_STEP + replication)
        base.lay_out(0, TERM, assign_cells(base, town.site), target_cells())
        world = base.copy()
        reserved: dict[int, int] = {}
        for _ in range(TERM):
            keep_for(world, members(world, target))
            reserve_month(world, "entry", a_month, reserved, TARGET)
            world.advance(1)
        base.advance(TERM)
        return seen(world, 0, TERM) - seen(base, 0, TERM)

    return _pairs(one, worlds, threads)


def plant_closing(
    town: Town, worlds: int = WORLDS, *, seed: int = 1, threads: int = 2
) -> dict[str, Estimate]:
    """Close the largest private workplace; return what it changes in the year after."""
    closing = Town(
        town.whole, town.changed, town.place.rounds, scale=town.scale,
        surroundings="largest_closes",
    )  # fmt: skip

    def one(replication: int) -> np.ndarray:
        found = []
        for here in (closing, town):
            world, _ = begin_today(here, seed * SEED_STEP + replication)
            world.lay_out(0, CLOSES + AFTER, assign_cells(world, town.site), target_cells())
            world.advance(CLOSES + AFTER)
            found.append(seen(world, CLOSES, AFTER))
        return found[0] - found[1]

    return _pairs(one, worlds, threads)


def _rows(
    name: str, found: dict[str, Estimate], signs: dict[str, int], detail: str
) -> Iterator[CheckRow]:
    for what, sign in signs.items():
        one = found[what]
        yield CheckRow(
            f"{name}: {what}", KIND, bool(one.low > 0 if sign > 0 else one.high < 0),
            "above 0" if sign > 0 else "below 0", told(one), detail,
        )  # fmt: skip


@check(
    "reserved hires", quick=False, kind=KIND,
    source="closed_forms.json, restricted_first_round_hiring; vacancy_chains.md",
)  # fmt: skip
def reserved(quick: bool, worlds: int = WORLDS) -> Iterator[CheckRow]:  # noqa: ARG001
    """Keep vacancies for the target group: they go to it, or stay open for longer."""
    yield from _rows(
        "reserved hires", reserved_hires(Town(SITE), worlds),
        {"target group's work": 1, "vacancies": 1, "register": -1},
        f"{A_MONTH} entry vacancies a month, people and posts on average over {TERM} months, "
        f"{worlds} pairs",
    )  # fmt: skip


@check(
    "a plant closing", quick=False, kind=KIND,
    source="fewer posts, and more jobseekers for each that opens",
)  # fmt: skip
def closing(quick: bool, worlds: int = WORLDS) -> Iterator[CheckRow]:  # noqa: ARG001
    """See more on the register, fewer vacancies and less work of the target group."""
    yield from _rows(
        "a plant closes", plant_closing(Town(SITE), worlds),
        {"filled posts": -1, "register": 1, "vacancies": -1, "target group's work": -1},
        f"largest private workplace, people and posts on average over the {AFTER} months from "
        f"then on, {worlds} pairs",
    )  # fmt: skip


def main() -> None:
    """Run both and print the table of the docs."""
    print("| check | expected | simulated | holds | |\n|---|---|---|---|---|")
    for row in [*reserved(False), *closing(False)]:
        holds = "yes" if row.holds else "**no**"
        print(f"| {row.check} | {row.expected} | {row.simulated} | {holds} | {row.detail} |")


if __name__ == "__main__":
    main()
