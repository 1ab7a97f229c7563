"""Other years and other markets: the fitted place moved by demand alone.

A place is fitted to one period. What moves it here is only the number of new posts
(``trend_per_year``): with every other parameter as fitted, the demand is found that gives another
year's register unemployed, and the other figures of that year are compared with what the model
then shows. None of this is fitted. The same worlds, at the ends of the range, are the tight and
the slack market of the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd

from calibration.moments import begin_today, moments
from scenarios.targets import targets_of
from simulator.parameters import Par
from simulator.town import Town

TRENDS = (-0.8, -0.4, -0.2, 0.0, 0.2, 0.4)
MONTHS = 36  # the last twelve are measured: demand has moved for two and a half years on average
# published figures of one year as moments of the model; ratios to the base period are compared,
# so that what the register counts as a vacancy cancels out
COMPARED = {
    "unemployed_registered": "register",
    "vacancies_open_registered": "public_stock",
    "vacancies_new_per_month_registered": "public_opened",
    "vacancy_duration_days": "public_spell",
    "ltu_registered_share": "register_long",
}


def markets(
    town: Town, seeds: Iterable[int] = (1, 2, 3, 4), trends: Sequence[float] = TRENDS,
    months: int = MONTHS, threads: int = 2,
) -> pd.DataFrame:  # fmt: skip
    """Return the moments of a place under other demand, one row per trend (means over seeds).

    Parameters
    ----------
    trends : sequence of float
        Change of the number of new posts, log per year, from month 0 on.
    """

    def one(seed: int) -> list[dict[str, float]]:
        found = []
        for trend in trends:
            world, retired = begin_today(town, seed)
            world.set_parameter(Par.TREND_PER_YEAR, trend)
            world.lay_out(0, months)
            world.advance(months)
            w = world.columns
            totals, flows = w.totals * town.scale, w.flows * town.scale
            row = moments(totals, flows, retired * town.scale, (months - 12, months))
            row["public_stock"] = row["public_days"] / 30.4 * row["public_opened"]
            found.append({"trend": trend, "seed": seed} | row)
        return found

    with ThreadPoolExecutor(threads) as pool:
        rows = [row for part in pool.map(one, seeds) for row in part]
    return pd.DataFrame(rows).groupby("trend").mean().drop(columns="seed")


class Year(NamedTuple):
    """One figure of another year, relative to the base period."""

    year: str
    quantity: str
    trend: float
    published: float
    simulated: float


def other_years(town: Town, found: pd.DataFrame) -> list[Year]:
    """Return what demand alone says of other years beside what was published.

    Parameters
    ----------
    found : DataFrame
        From :func:`markets`.
    """
    rows = [
        (row, row.value)
        for row in targets_of(town.id, town.site.like)
        if row.quantity in COMPARED and row.value
    ]
    base = {row.quantity: value for row, value in rows if row.chosen}
    register = found["register"] / found.loc[0.0, "register"]
    order = np.argsort(register.to_numpy())
    by_year: dict[str, dict[str, float]] = {}
    for row, value in rows:
        if not row.chosen and "covid" not in row.note and row.quantity in base:
            by_year.setdefault(row.year, {})[row.quantity] = value / base[row.quantity]
    said = []
    for year, figures in sorted(by_year.items()):
        if "unemployed_registered" not in figures or len(figures) < 2:
            continue
        wanted = figures["unemployed_registered"]
        if not register.min() <= wanted <= register.max():
            continue
        trend = float(np.interp(wanted, register.to_numpy()[order], found.index.to_numpy()[order]))
        for quantity, ratio in figures.items():
            moment = found[COMPARED[quantity]]
            simulated = float(
                np.interp(trend, found.index, moment / found.loc[0.0, COMPARED[quantity]])
            )
            said.append(Year(year, quantity, trend, ratio, simulated))
    return said
