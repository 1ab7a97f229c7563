"""Surroundings at work: plants open and close, and nobody replaces a large cohort.

Laid out once for a settled world, before anything differs between it and its twins; both then carry
the same plan (:mod:`scenarios.surroundings`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scenarios.schema import OLDEST, YOUNGEST, Site
from scenarios.surroundings import LARGEST, Surroundings
from simulator.agents.person import status_after_job_loss
from simulator.chance import Stream, key_hash, stream_base, unit, word
from simulator.codes import RUNGS, Cause, Contract, PostState
from simulator.columns import Person, Policy, Post, Workplace
from simulator.compile import kernel
from simulator.demography import AGES, demography, retired_shares, single_years
from simulator.moves import create_post, destroy_post, separate
from simulator.world import OF_MEN, STRUCK, Count, Plan, Scalar, Shift, Stratum, Table

if TYPE_CHECKING:
    from simulator.engine import World

PLANT_BIT = 47  # keys of plants' posts; covers have bit 46, new posts are below
LARGE_SIZES = (9, 49, 249)  # most posts of the size classes but the last


@kernel
def change_surroundings(w):
    """Open the posts of new plants and close workplaces, as planned for this month."""
    month = w.counts[Count.MONTH]
    for row in range(w.plan.shape[0]):
        workplace = w.plan[row, Plan.WORKPLACE]
        if w.plan[row, Plan.NUMBER] == 0:
            close_workplace(w, workplace)
        for k in range(w.plan[row, Plan.NUMBER]):
            key = (np.int64(1) << PLANT_BIT) | (np.int64(month) << 28) | (row << 20) | k
            create_post(
                w, key, workplace, w.plan[row, Plan.SECTOR], w.plan[row, Plan.RUNG],
                Contract.OPEN_ENDED, Cause.NEW_POST, 0,
            )  # fmt: skip


@kernel
def close_workplace(w, workplace):
    """Destroy all posts of a workplace; who held one loses the job."""
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.CONTRACT, month)
    for rung in range(RUNGS):
        while w.heads[rung, workplace] >= 0:
            post = w.heads[rung, workplace]
            if w.posts[Post.STATE, post] == PostState.FILLED:
                holder = w.posts[Post.HOLDER, post]
                u = unit(word(w.person_hash[holder], base, 2))
                age = (month - w.people[Person.BIRTH_MONTH, holder]) // 12
                separate(w, holder, Cause.JOB_LOSS, status_after_job_loss(u, age, w.par), True)
            else:
                destroy_post(w, post, Cause.NO_LONGER_NEEDED)


@dataclass
class LaidOut:
    """Surroundings laid out for one world.

    Attributes
    ----------
    rows : dict
        Rows of the plan by month, each (workplace, sector, rung, number).
    """

    rows: dict[int, list[tuple[int, int, int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def apply(self, world: World) -> None:
        """Write the plan of the next month into the columns."""
        rows = self.rows.get(world.month, [])
        if not rows and not len(world.columns.plan):
            return
        plan = np.array(rows, np.int64).reshape(-1, len(Plan))
        world._replace(plan=plan)
        if len(rows):
            _strike_templates(world, plan[plan[:, Plan.NUMBER] == 0, Plan.WORKPLACE])
            _make_search_room(world, plan)


def _strike_templates(world: World, closed: np.ndarray) -> None:
    """Let no post be renewed at workplaces that have closed; all other draws stay as they are."""
    templates = world.columns.templates.copy(order="K")
    templates[1, np.isin(templates[0], closed)] = STRUCK
    world._replace(templates=templates)


def _make_search_room(world: World, plan: np.ndarray) -> None:
    """Widen the search tables where a plant opens many posts at once."""
    strata = world.columns.strata
    new = np.zeros(strata.shape[1], np.int64)
    np.add.at(new, plan[:, Plan.SECTOR] * RUNGS + plan[:, Plan.RUNG], plan[:, Plan.NUMBER])
    if (strata[Stratum.POSTS] + new > 0.85 * strata[Stratum.SIZE]).any():
        strata[Stratum.POSTS] += new  # as they will be
        world._widen_search_tables()
        world.columns.strata[Stratum.POSTS] -= new


def install(world: World, surroundings: Surroundings, site: Site) -> World:
    """Give a settled world its surroundings, before it is copied for twins; return the world.

    Parameters
    ----------
    world : World
        At the start of month 0.
    surroundings : Surroundings
    site : Site
        The place as simulated (scaled); plants are scaled likewise.
    """
    scale = world.place.scale
    laid = LaidOut()
    names = list(dict.fromkeys((plant.name, plant.sector) for plant in surroundings.plants))
    first = world.columns.workplaces.shape[1]
    sizes = {
        name: sum(sum(p.posts.values) for p in surroundings.plants if (p.name, p.sector) == name)
        for name in names
    }
    if names:
        _add_workplaces(
            world, [(site.sector_ids.index(sector), sizes[name, sector]) for name, sector in names]
        )
    for plant in surroundings.plants:
        workplace = first + names.index((plant.name, plant.sector))
        sector = site.sector_ids.index(plant.sector)
        for rung, number in enumerate(plant.posts.values):
            posts = round(number / scale)
            if posts > 0:
                laid.rows[plant.month].append((workplace, sector, rung, posts))
    for closure in surroundings.closures:
        for workplace in _closing(world, site, closure.employer):
            laid.rows[closure.month].append((workplace, 0, 0, 0))
    if surroundings.migration == "balanced":
        _balance_migration(world, site)
    world.surroundings = laid
    return world


def _closing(world: World, site: Site, employer: str) -> np.ndarray:
    """Return the workplaces of an employer, or the largest one of those without a name."""
    workplaces = world.columns.workplaces
    if employer == LARGEST:
        own = workplaces[Workplace.EMPLOYER] >= len(site.employers)
        return np.array([np.argmax(np.where(own, workplaces[Workplace.POSTS], -1))])
    number = [item.id for item in site.employers].index(employer)
    return np.flatnonzero(workplaces[Workplace.EMPLOYER] == number)


def _add_workplaces(world: World, plants: list[tuple[int, float]]) -> None:
    """Add empty workplaces, each an employer of its own: (sector, posts when all have opened)."""
    w = world.columns
    m, n = w.workplaces.shape[1], len(plants)
    workplaces = np.zeros((len(Workplace), n), np.int32)
    policies = np.zeros((len(Policy), n))
    for at, (sector, posts) in enumerate(plants):
        size_class = int(np.searchsorted(LARGE_SIZES, posts))
        workplaces[Workplace.SECTOR, at] = sector
        workplaces[Workplace.SIZE_CLASS, at] = size_class
        # like the workplaces of its sector, the nearest in size where there are several
        same = np.flatnonzero(w.workplaces[Workplace.SECTOR] == sector)
        near = np.abs(w.workplaces[Workplace.SIZE_CLASS, same] - size_class)
        like = same[near == near.min()]
        policies[:, at] = np.median(w.policies[:, like], axis=1)
        considers = w.workplaces[Workplace.CONSIDERS_LONG_TERM, like]
        workplaces[Workplace.CONSIDERS_LONG_TERM, at] = int(considers.mean() >= 0.5)
        workplaces[Workplace.TREND, at] = w.workplaces[Workplace.TREND, like[0]]
    top = int(w.workplaces[Workplace.EMPLOYER].max())
    workplaces[Workplace.EMPLOYER] = top + 1 + np.arange(n)

    def wide(array: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.asfortranarray(np.concatenate([array, new.astype(array.dtype)], axis=1))

    hashes = np.array([key_hash(np.int64(m + k + (1 << 50))) for k in range(n)], np.uint64)
    none = np.full((RUNGS, n), -1)
    world._replace(
        workplaces=wide(w.workplaces, workplaces),
        policies=wide(w.policies, policies),
        workplace_hash=np.concatenate([w.workplace_hash, hashes]),
        heads=wide(w.heads, none),
        interested=wide(w.interested, none),
        shifts=wide(w.shifts, np.zeros((len(Shift), n))),
        checked_workplaces=np.zeros((2, m + n), np.int64),
    )


def _balance_migration(world: World, site: Site) -> None:
    """Let as many people of each age move in as move out at the start."""
    own = demography(site)
    active = single_years(site) * (1.0 - retired_shares(site))
    moves_in = np.zeros((2, AGES))
    years = slice(YOUNGEST, OLDEST)
    moves_in[:, years] = own.move_out_per_month[:, years] * active
    # those who are hired from outside and move in come on top, as in the model otherwise
    hired = site.demography.movers_with_job.value
    of_age = (np.arange(AGES) >= 20) & (np.arange(AGES) < 58)
    working = moves_in * of_age
    if working.sum() > 0:
        moves_in = moves_in - working * min(hired / working.sum(), 0.9)
    w = world.columns
    ages, scalars, entrants = w.ages.copy(), w.scalars.copy(), w.entrants.copy()
    for sex in range(2):
        total = max(moves_in[sex].sum(), 1e-12)
        ages[sex * OF_MEN + Table.MOVES_IN] = np.cumsum(moves_in[sex]) / total
    scalars[Scalar.MOVERS_IN] = moves_in.sum()
    entrants[1, 0] = moves_in[0].sum() / max(moves_in.sum(), 1e-12)
    world._replace(ages=ages, scalars=scalars, entrants=entrants)


__all__ = ["LaidOut", "change_surroundings", "install"]
