"""Quantities that need people followed over time, measured from month-end snapshots.

The engine's own monthly counts (``Total``) give most moments. What they do not give is counted
here: flows by duration, changes of employer over three and twelve months, the origin of hires with
a window of three or twelve months, steps up at the same employer. Sums over all windows of the run
are returned, so that ratios are ratios of sums.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.codes import Status
from simulator.columns import Person, Post
from simulator.engine import World
from simulator.world import Count, Scalar

OLDEST_MONTHS = 75 * 12
WORK, UNEMPLOYED, OUTSIDE, GONE = 0, 1, 2, 3
LONG = 12
SETTLED_IN = 24  # months with the employer before a step up counts, as in the Dutch survey

# one state of the panel per status: work, unemployed in the survey (A, S), outside
_STATE = np.array([WORK, WORK, UNEMPLOYED, OUTSIDE, UNEMPLOYED, OUTSIDE, OUTSIDE, GONE, GONE])


class Frame(NamedTuple):
    """People at a month end."""

    state: np.ndarray
    status: np.ndarray
    workplace: np.ndarray  # -1 none here, -2 works elsewhere
    since: np.ndarray  # month in which tenure at the employer began
    rung: np.ndarray
    months: np.ndarray  # of unbroken unemployment
    education: np.ndarray
    age: np.ndarray  # whole years
    month: int


COUNTS = (
    "uu", "ue", "ui", "eu", "ei", "ee", "iu", "ie", "ii",
    "u_short", "ue_short", "u_long", "ue_long", "register", "register_to_work",
    "same_quarter", "other_quarter", "same_year", "other_year",
    "hired_quarter", "hired_quarter_e", "hired_quarter_u", "hired_quarter_i",
    "hired_year", "hired_year_e", "hired_year_u", "hired_year_i",
    "e_year", "eu_year", "ei_year", "stayers", "stepped_up",
    *(f"u_{group}" for group in ("basic", "secondary", "tertiary", "15_24", "25_34", "55_64")),
    *(f"lf_{group}" for group in ("basic", "secondary", "tertiary", "15_24", "15_29")), "u_15_29",
    *(f"u_q{quarter}" for quarter in (1, 2, 3, 4)), *(f"lf_q{quarter}" for quarter in (1, 2, 3, 4)),
)  # fmt: skip
_SCHOOLING = ("basic", "secondary", "tertiary")
_AGES = {"15_24": (15, 25), "15_29": (15, 30), "25_34": (25, 35), "55_64": (55, 65)}


def frame(world: World, month: int) -> Frame:
    """Return the people of a world at the end of a month."""
    w = world.columns
    n = int(w.counts[Count.PEOPLE])
    people = w.people[:, :n]
    status = people[Person.STATUS]
    state = _STATE[status]
    young = month - people[Person.BIRTH_MONTH] < OLDEST_MONTHS
    state = np.where((people[Person.RESIDENT] == 1) & young, state, GONE)
    post = people[Person.POST]
    here = status == Status.EMPLOYED
    workplace = np.where(here, w.posts[Post.WORKPLACE, post], -1)
    workplace[status == Status.EMPLOYED_ELSEWHERE] = -2
    return Frame(
        state,
        status.copy(),
        workplace,
        np.where(here, people[Person.EMPLOYER_SINCE], month),
        np.where(here, w.posts[Post.RUNG, post], -1),
        month - people[Person.UNEMPLOYED_SINCE],
        people[Person.EDUCATION].copy(),
        (month - people[Person.BIRTH_MONTH]) // 12,
        month,
    )


def _flows(before: Frame, after: Frame, found: dict[str, float]) -> None:
    n = len(before.state)
    now = after.state[:n]
    letter = {UNEMPLOYED: "u", WORK: "e", OUTSIDE: "i"}
    # the retired of the start are added by their number: a settled world has dropped them
    both = (before.state != GONE) & (now != GONE) & (before.status != Status.RETIRED)
    for a, first in letter.items():
        for b, second in letter.items():
            found[first + second] += int(((before.state == a) & (now == b) & both).sum())
    unemployed = (before.state == UNEMPLOYED) & both
    for name, chosen in (
        ("short", unemployed & (before.months < LONG)),
        ("long", unemployed & (before.months >= LONG)),
    ):
        found["u_" + name] += int(chosen.sum())
        found["ue_" + name] += int((chosen & (now == WORK)).sum())


def _changes(before: Frame, after: Frame, window: str, found: dict[str, float]) -> None:
    n = len(before.state)
    now, workplace = after.state[:n], after.workplace[:n]
    both = (before.state == WORK) & (now == WORK) & (before.workplace >= 0)
    other = both & (workplace != before.workplace)
    found["same_" + window] += int(both.sum())
    found["other_" + window] += int(other.sum())
    hired = (
        (now == WORK) & (workplace >= 0) & (after.since[:n] > before.month) & (before.state != GONE)
    )
    found["hired_" + window] += int(hired.sum())
    for letter, state in (("e", WORK), ("u", UNEMPLOYED), ("i", OUTSIDE)):
        found[f"hired_{window}_{letter}"] += int((hired & (before.state == state)).sum())


def _steps(before: Frame, after: Frame, found: dict[str, float]) -> None:
    n = len(before.state)
    stayed = (
        (before.workplace >= 0)
        & (after.workplace[:n] == before.workplace)
        & (before.month - before.since >= SETTLED_IN)
        & (before.state == WORK)
    )
    found["stayers"] += int(stayed.sum())
    found["stepped_up"] += int((stayed & (after.rung[:n] > before.rung)).sum())


def _leavers(before: Frame, after: Frame, found: dict[str, float]) -> None:
    now = after.state[: len(before.state)]
    for name, state in (("e_year", None), ("eu_year", UNEMPLOYED), ("ei_year", OUTSIDE)):
        chosen = (before.state == WORK) & ((now != GONE) if state is None else (now == state))
        found[name] += int(chosen.sum())


def _stocks(now: Frame, quarter: int, found: dict[str, float]) -> None:
    """Count the survey unemployed and the labour force by schooling, age and calendar quarter."""
    unemployed = now.state == UNEMPLOYED
    active = unemployed | (now.state == WORK)
    found[f"u_q{quarter}"] += int(unemployed.sum())
    found[f"lf_q{quarter}"] += int(active.sum())
    parts = {name: now.education == level for level, name in enumerate(_SCHOOLING)}
    parts |= {name: (now.age >= low) & (now.age < high) for name, (low, high) in _AGES.items()}
    for name, chosen in parts.items():
        for kind, who in (("u", unemployed), ("lf", active)):
            if f"{kind}_{name}" in found:
                found[f"{kind}_{name}"] += int((who & chosen).sum())


def _register(before: Frame, after: Frame, found: dict[str, float]) -> None:
    n = len(before.state)
    on = ((before.status == Status.A) | (before.status == Status.P)) & (before.state != GONE)
    found["register"] += int(on.sum())
    found["register_to_work"] += int((on & (after.state[:n] == WORK)).sum())


def follow(world: World, months: int, retired: float = 0.0) -> dict[str, float]:
    """Advance a world and count what its people do.

    Parameters
    ----------
    world : World
        With monthly arrays laid out for ``months`` from its next month on.
    months : int
        A multiple of twelve, so that season plays no part.
    retired : float
        Retired residents aged 15 to 74 as built: outside the labour force at every month end, as
        the age structure of a place stays as it is.

    Returns
    -------
    dict
        Sums by name of :data:`COUNTS`.
    """
    found = dict.fromkeys(COUNTS, 0.0)
    january = int(world.columns.scalars[Scalar.FIRST_CALENDAR_MONTH])
    kept = {0: frame(world, world.month - 1)}
    for at in range(1, months + 1):
        world.advance(1)
        kept[at] = frame(world, world.month - 1)
        _register(kept[at - 1], kept[at], found)
        if at % 3 == 0:
            # the snapshot is the end of month ``world.month - 1``
            _stocks(kept[at], (january + world.month - 1) % 12 // 3 + 1, found)
            _flows(kept[at - 3], kept[at], found)
            found["ii"] += retired
            _changes(kept[at - 3], kept[at], "quarter", found)
        if at % 12 == 0:
            _changes(kept[at - 12], kept[at], "year", found)
            _steps(kept[at - 12], kept[at], found)
            _leavers(kept[at - 12], kept[at], found)
        kept = {k: v for k, v in kept.items() if k > at - 12}
    return found
