"""Groups of people, fixed in the month before a mix starts, where the twins are equal.

Effects are sums over these groups. People picked by what happened in one world (participants,
promoted, hired) are never compared with themselves in the other.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from scenarios.schema import Site
from simulator.codes import Status
from simulator.columns import Person, Post
from simulator.compile import kernel
from simulator.engine import World
from simulator.enrolment import meets_condition
from simulator.handle import handle
from simulator.hiring import KEPT_FOR
from simulator.policy import target_clauses
from simulator.world import Count

SEXES = 2


class Group(IntEnum):
    """Groups by state in the month before the mix starts."""

    TARGET_JOBSEEKERS = 0
    OTHER_JOBSEEKERS = 1
    OUTSIDE_LABOUR_FORCE = 2
    LOW_SCHOOLED_WORKERS_0 = 3  # work here on an entry post; then by rung
    LOW_SCHOOLED_WORKERS_1 = 4
    LOW_SCHOOLED_WORKERS_2 = 5
    LOW_SCHOOLED_WORKERS_3 = 6
    OTHER_WORKERS_0 = 7
    OTHER_WORKERS_1 = 8
    OTHER_WORKERS_2 = 9
    OTHER_WORKERS_3 = 10
    WORK_ELSEWHERE = 11
    RETIRED_OR_GONE = 12
    IN_COMMUTERS = 13


GROUPS = len(Group)
NEWCOMERS = 3  # last cells: entrants, hired from outside living elsewhere, and moving in
CELLS = GROUPS * SEXES + NEWCOMERS


class Side(IntEnum):
    """Rows of *who gains, who loses*; they add up to everybody."""

    TARGET_JOBSEEKERS = 0
    OTHER_JOBSEEKERS = 1
    OTHER_RESIDENTS = 2
    LIVING_ELSEWHERE = 3


def side_of_cells() -> np.ndarray:
    """Return the side of each counting cell, shape (CELLS,)."""
    sides = np.full(CELLS, Side.OTHER_RESIDENTS, np.int64)
    for group, side in (
        (Group.TARGET_JOBSEEKERS, Side.TARGET_JOBSEEKERS),
        (Group.OTHER_JOBSEEKERS, Side.OTHER_JOBSEEKERS),
        (Group.IN_COMMUTERS, Side.LIVING_ELSEWHERE),
    ):
        sides[group * SEXES : (group + 1) * SEXES] = side
    sides[-2:] = Side.LIVING_ELSEWHERE  # hired from outside, wherever they live afterwards
    return sides


def group_of_cells() -> np.ndarray:
    """Return the group of each counting cell; newcomers get GROUPS."""
    return np.concatenate([np.repeat(np.arange(GROUPS), SEXES), np.full(NEWCOMERS, GROUPS)])


@kernel
def _mark(w, last, out):
    for person in range(w.counts[Count.PEOPLE]):
        out[person] = meets_condition(w, person, 0, last)


def members(world: World, clauses: np.ndarray) -> np.ndarray:
    """Return who meets a condition now, bool, shape (people,)."""
    columns = world.columns._replace(clauses=clauses)
    out = np.zeros(int(columns.counts[Count.PEOPLE]), np.bool_)
    _mark(handle(columns), len(clauses), out)
    return out


def keep_for(world: World, who: np.ndarray) -> None:
    """Mark the group that vacancies with ``Post.ASKS`` -1 are kept for, until it is marked anew.

    Parameters
    ----------
    who : ndarray of bool, shape (people,)
        Such as :func:`members` returns; only those without work may be hired.

    Raises
    ------
    ValueError
        When so many measures run that no mark is left.
    """
    if len(world.columns.measures) > 63:
        raise ValueError("more than 63 measures run, so nobody can be marked.")
    served = world.columns.served[: len(who)]
    served &= ~KEPT_FOR
    served[who] |= KEPT_FOR


def assign_cells(world: World, site: Site) -> np.ndarray:
    """Return the counting cell of each person by the state now, int32, shape (people,)."""
    w = world.columns
    n = int(w.counts[Count.PEOPLE])
    status = w.people[Person.STATUS, :n]
    resident = w.people[Person.RESIDENT, :n] == 1
    target = members(world, target_clauses(site, world.place)) & resident
    group = np.full(n, int(Group.RETIRED_OR_GONE))
    jobseeker = (status >= Status.A) & (status <= Status.S)
    group[jobseeker] = Group.OTHER_JOBSEEKERS
    group[target] = Group.TARGET_JOBSEEKERS
    group[status == Status.N] = Group.OUTSIDE_LABOUR_FORCE
    group[status == Status.EMPLOYED_ELSEWHERE] = Group.WORK_ELSEWHERE
    works = status == Status.EMPLOYED
    rung = w.posts[Post.RUNG][w.people[Person.POST, :n][works]]
    low = w.people[Person.EDUCATION, :n][works] == 0
    group[works] = np.where(low, Group.LOW_SCHOOLED_WORKERS_0, Group.OTHER_WORKERS_0) + rung
    group[works & ~resident] = Group.IN_COMMUTERS
    return (group * SEXES + w.people[Person.SEX, :n]).astype(np.int32)


def target_cells() -> np.ndarray:
    """Return which counting cells hold the target group, uint8, shape (CELLS,)."""
    return (side_of_cells() == Side.TARGET_JOBSEEKERS).astype(np.uint8)
