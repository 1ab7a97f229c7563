"""What is measured: one catalogue of outcomes, each a monthly series of a world.

An outcome has a name, a unit and a breakdown with groups. ``series`` gives all of them for one
world, shape (outcomes, months); comparisons subtract two such arrays and sum over windows. The
formulas are written out in ``docs/outcomes.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from simulator.codes import ORIGINS, RUNGS, Cause, Fill, label
from simulator.engine import World
from simulator.groups import (
    CELLS,
    SEXES,
    Group,
    Side,
    group_of_cells,
    side_of_cells,
)
from simulator.world import Flow, Stock, Tally, Total

RUNG_NAMES = tuple(f"rung_{rung}" for rung in range(RUNGS))
SEX_NAMES = ("female", "male")


class Outcome(NamedTuple):
    """Name, unit, breakdown and group of one series.

    ``how`` says what a window does: ``sum`` adds months, ``mean`` averages them (a stock).
    """

    outcome: str
    unit: str
    breakdown: str
    group: str
    how: str


_JOBLESS_STOCKS = {
    "state_A": (Total.A,),
    "state_P": (Total.P,),
    "state_S": (Total.S,),
    "state_N": (Total.N,),
    "register_unemployed": (Total.A, Total.P),
    "survey_unemployed": (Total.A, Total.S),
    "register_long_term": (Total.REGISTER_LONG,),
    "survey_long_term": (Total.SURVEY_LONG,),
    "employed_residents": (Total.RESIDENTS_HERE, Total.RESIDENTS_ELSEWHERE),
    "employed_elsewhere": (Total.RESIDENTS_ELSEWHERE,),
    "in_commuters": (Total.IN_COMMUTERS,),
    "filled_posts": (Total.EMPLOYED_HERE,),
    "vacant_posts": (Total.VACANT,),
    "vacant_public_posts": (Total.VACANT_PUBLIC,),
    "withdrawn_posts": (Total.WITHDRAWN,),
    "posts": (Total.POSTS,),
}
_POST_MONTHS = {
    "filled_post_months": (Stock.FILLED,),
    "vacant_post_months": (Stock.VACANT,),
    "not_backfilled_post_months": (Stock.NOT_BACKFILLED,),
    "given_up_post_months": (Stock.GIVEN_UP,),
    "post_months": (Stock.FILLED, Stock.VACANT, Stock.NOT_BACKFILLED, Stock.GIVEN_UP),
}
_FLOWS = {
    "applications": Flow.APPLICATIONS,
    "failed_collections": Flow.FAILED_COLLECTION,
    "supported_promotions": Flow.PROMOTED_SUPPORTED,
    "advertised_after_supported_promotion": Flow.OPENED_SUPPORTED,
    "hires_of_target_group": Flow.FILLED_BY_TARGET,
    "promotions_of_low_schooled": Flow.FILLED_LOW_SCHOOLED_UP,
    "separations": Flow.SEPARATED,
    "vacancies_open_over_three_months": Flow.OLD_VACANCIES,
}
_ADVERTISED = [cause for cause in Cause if cause <= Cause.HIRE_FROM_WORKPLACE]
_HIRES = [
    Fill.HIRE_SHORT_TERM_UNEMPLOYED,
    Fill.HIRE_LONG_TERM_UNEMPLOYED,
    Fill.HIRE_OUTSIDE_LABOUR_FORCE,
    Fill.HIRE_OUTSIDE_REGION,
]


def _columns(world: World) -> Iterator[tuple[Outcome, np.ndarray]]:
    w = world.columns
    totals, flows, tallies = w.totals, w.flows, w.tallies
    rounds = world.place.rounds
    for name, parts in _JOBLESS_STOCKS.items():
        unit = "posts" if "post" in name else "persons"
        yield Outcome(name, unit, "all", "all", "mean"), totals[:, parts].sum(1)
    months = w.stock_rounds / rounds  # (months, rungs, stocks)
    for name, stocks in _POST_MONTHS.items():
        by_rung = months[:, :, stocks].sum(2)
        yield Outcome(name, "post-months", "all", "all", "sum"), by_rung.sum(1)
        for rung, rung_name in enumerate(RUNG_NAMES):
            yield Outcome(name, "post-months", "rung", rung_name, "sum"), by_rung[:, rung]
    for name, what in _FLOWS.items():
        yield Outcome(name, "number", "all", "all", "sum"), flows[:, :, what].sum(1)
        for rung, rung_name in enumerate(RUNG_NAMES):
            yield Outcome(name, "number", "rung", rung_name, "sum"), flows[:, rung, what]
    opened = flows[:, :, [Flow.OPENED + cause for cause in _ADVERTISED]]
    yield Outcome("advertised_vacancies", "number", "all", "all", "sum"), opened.sum((1, 2))
    for rung, rung_name in enumerate(RUNG_NAMES):
        yield (
            Outcome("advertised_vacancies", "number", "rung", rung_name, "sum"),
            opened[:, rung].sum(1),
        )
    for cause in _ADVERTISED:
        yield (
            Outcome("advertised_vacancies", "number", "cause", label(cause), "sum"),
            opened[:, :, _ADVERTISED.index(cause)].sum(1),
        )
    fills = flows[:, :, Flow.FILL : Flow.FILL + Fill.OPEN]
    for fill in Fill:
        if fill == Fill.OPEN:
            continue
        yield (
            Outcome("openings_closed", "number", "fill", label(fill), "sum"),
            fills[:, :, fill].sum(1),
        )
        for rung, rung_name in enumerate(RUNG_NAMES):
            yield (
                Outcome("openings_closed", "number", "fill_and_rung",
                        f"{label(fill)}:{rung_name}", "sum"),
                fills[:, rung, fill],
            )  # fmt: skip
    yield (
        Outcome("hires_of_people_without_local_post", "number", "all", "all", "sum"),
        fills[:, :, _HIRES].sum((1, 2)),
    )
    origins = [_ADVERTISED.index(cause) for cause in ORIGINS]
    not_backfilled = fills[:, :, Fill.NOT_BACKFILLED].sum(1)
    yield (
        Outcome("links", "number", "all", "all", "sum"),
        opened.sum((1, 2)) + not_backfilled,
    )
    yield (
        Outcome("chains_advertised", "number", "all", "all", "sum"),
        opened[:, :, origins].sum((1, 2)),
    )
    here = tallies[:, :, Tally.IN_WORK_0 : Tally.IN_WORK_0 + RUNGS]
    if here.shape[1] != CELLS:
        return
    local = here.sum(2)
    work = local + tallies[:, :, Tally.ELSEWHERE]
    sides, groups = side_of_cells(), group_of_cells()
    for name, values in (("work_months", work), ("local_work_months", local)):
        for side in Side:
            yield (
                Outcome(name, "person-months", "side", label(side), "sum"),
                values[:, sides == side].sum(1),
            )
        residents = values[:, sides != Side.LIVING_ELSEWHERE].sum(1)
        yield Outcome(name, "person-months", "all", "residents", "sum"), residents
        yield Outcome(name, "person-months", "all", "everybody", "sum"), values.sum(1)
        for group in Group:
            yield (
                Outcome(name, "person-months", "group", label(group), "sum"),
                values[:, groups == group].sum(1),
            )
        for sex, sex_name in enumerate(SEX_NAMES):
            cell = Group.TARGET_JOBSEEKERS * SEXES + sex
            yield (
                Outcome(name, "person-months", "target_by_sex", sex_name, "sum"),
                values[:, cell],
            )
    target = groups == Group.TARGET_JOBSEEKERS
    yield (
        Outcome("at_work", "persons", "group", "target_jobseekers", "mean"),
        work[:, target].sum(1),
    )
    higher = np.zeros(len(here))
    higher_other = np.zeros(len(here))
    for rung in range(RUNGS - 1):
        above = here[:, :, rung + 1 :].sum(2)
        higher += above[:, groups == Group.LOW_SCHOOLED_WORKERS_0 + rung].sum(1)
        higher_other += above[:, groups == Group.OTHER_WORKERS_0 + rung].sum(1)
    yield Outcome("on_a_higher_rung", "persons", "group", "low_schooled_workers", "mean"), higher
    yield Outcome("on_a_higher_rung", "persons", "group", "other_workers", "mean"), higher_other
    wages = np.exp(world.place.log_wages).mean(0)
    pay = (here * wages).sum(2)
    low = (groups >= Group.LOW_SCHOOLED_WORKERS_0) & (groups <= Group.LOW_SCHOOLED_WORKERS_3)
    yield Outcome("pay", "EUR", "group", "low_schooled_workers", "sum"), pay[:, low].sum(1)
    yield Outcome("pay", "EUR", "group", "target_jobseekers", "sum"), pay[:, target].sum(1)
    jobless = tallies[:, :, [Tally.A, Tally.P]].sum(2)
    yield Outcome("register_months", "person-months", "all", "all", "sum"), jobless.sum(1)


def series(world: World) -> tuple[list[Outcome], np.ndarray]:
    """Return the catalogue and the monthly values of a world, shape (outcomes, months).

    All outcomes are counts or sums: those of a scaled place are multiplied back here.
    """
    pairs = list(_columns(world))
    names = [outcome for outcome, _ in pairs]
    values = np.array([np.asarray(values, np.float64) for _, values in pairs])
    return names, values * world.place.scale


def window(names: list[Outcome], values: np.ndarray, first: int, last: int) -> np.ndarray:
    """Return outcomes over months ``first`` to before ``last``: sums of flows, means of stocks."""
    part = values[..., first:last].sum(-1)
    mean = np.array([name.how == "mean" for name in names])
    return np.where(mean, part / max(last - first, 1), part)
