"""Beveridge curve: unemployment and vacancies over markets, and through a boom and a slump.

Nothing here is fitted. The slope must be negative, and the path through a boom and a slump must run
along the curve; how steep the curve is elsewhere is from memory in the evidence (M05), so that only
the sign is compared. ``python -m calibration.beveridge`` draws it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.emergent import told
from calibration.moments import begin_today
from calibration.validate import CheckRow, check
from simulator.comparison import Estimate, estimate
from simulator.engine import World
from simulator.markets import MARKETS, market
from simulator.town import Town
from simulator.world import Sector, Total

SITE = "kokkola"
WORLDS = 8
LEAD = 24  # months under a market before it is measured
MEASURED = 12  # months whose mean is a point
FACTORS = (0.7, *MARKETS.values(), 1.4)  # new posts relative to the place
# months under each demand, one after another: from boom to slump and back to the usual
CYCLE = ((1.0, 12), (MARKETS["tight"], 24), (MARKETS["slack"], 36), (1.0, 24))
PERIOD = 6  # months whose mean is a point of the cycle


@dataclass
class Curve:
    """Points of unemployment and vacancies.

    Attributes
    ----------
    points : DataFrame
        ``part`` (market or cycle), ``seed, month, demand, unemployment, vacancies``: rates, of the
        labour force and of filled and vacant posts.
    """

    points: pd.DataFrame

    def slope(self, part: str) -> Estimate:
        """Return the slope of log vacancies on log unemployment, by world and then over worlds."""
        own = self.points[self.points["part"] == part]
        slopes = [
            np.polyfit(np.log(one["unemployment"]), np.log(one["vacancies"]), 1)[0]
            for _, one in own.groupby("seed")
        ]
        return _over(slopes)

    def between(self, low: float, high: float, what: str) -> Estimate:
        """Return a rate in the market ``high`` less that in the market ``low``."""
        own = self.points[self.points["part"] == "market"]
        wide = own.pivot_table(index="seed", columns="demand", values=what)
        return _over((wide[high] - wide[low]).to_numpy())

    def mean(self) -> pd.DataFrame:
        """Return the points as means over worlds, with 90 % intervals."""
        rows = []
        keys = ["part", "month", "demand"]
        for key, own in self.points.groupby(keys, sort=False):
            row = dict(zip(keys, key, strict=True))
            for what in ("unemployment", "vacancies"):
                one = _over(own[what].to_numpy())
                row |= {what: one.mean, f"{what}_low": one.low, f"{what}_high": one.high}
            rows.append(row | {"worlds": len(own)})
        return pd.DataFrame(rows).sort_values(["part", "month", "demand"], ignore_index=True)


def _over(values: Sequence[float]) -> Estimate:
    mean, low, high = estimate(np.asarray(values, float))
    return Estimate(float(mean), float(low), float(high), len(values))


def rates(totals: np.ndarray) -> tuple[float, float]:
    """Return unemployment (A and S, of the labour force) and vacancies (of filled and vacant).

    Parameters
    ----------
    totals : ndarray, shape (months, len(Total))
    """
    t = totals.astype(float).mean(0)
    unemployed = t[Total.A] + t[Total.S]
    labour_force = unemployed + t[Total.RESIDENTS_HERE] + t[Total.RESIDENTS_ELSEWHERE]
    posts = t[Total.VACANT] + t[Total.EMPLOYED_HERE]
    return float(unemployed / labour_force), float(t[Total.VACANT] / posts)


def demand(world: World, usual: np.ndarray, factor: float) -> None:
    """Let new posts come at another rate from this month on.

    Parameters
    ----------
    usual : ndarray
        The sector columns of the place.
    """
    sectors = usual.copy()
    sectors[[Sector.NEW_POSTS_OPEN, Sector.NEW_POSTS_FIXED]] *= factor
    world._replace(sectors=sectors)


def in_markets(town: Town, seed: int, factors: Sequence[float]) -> list[tuple]:
    """Return a point for each market, measured after its lead."""
    rows = []
    for factor in factors:
        world, _ = begin_today(town, seed)
        market(world, factor, LEAD)
        world.lay_out(world.month, MEASURED)
        world.advance(MEASURED)
        found = rates(world.columns.totals[:MEASURED])
        rows.append(("market", seed, LEAD, factor, *found))
    return rows


def through_cycle(town: Town, seed: int, cycle: Sequence[tuple[float, int]] = CYCLE) -> list[tuple]:
    """Return a point for each half-year of a boom and a slump."""
    world, _ = begin_today(town, seed)
    usual = world.columns.sectors.copy()
    rows, month = [], 0
    for factor, months in cycle:
        demand(world, usual, factor)
        world.lay_out(world.month, months)
        world.advance(months)
        totals = world.columns.totals[:months]
        for first in range(0, months, PERIOD):
            found = rates(totals[first : first + PERIOD])
            rows.append(("cycle", seed, month + first, factor, *found))
        month += months
    return rows


def curve(
    town: Town,
    worlds: int = WORLDS,
    *,
    factors: Sequence[float] = FACTORS,
    cycle: Sequence[tuple[float, int]] = CYCLE,
    seed: int = 1,
    threads: int = 2,
) -> Curve:
    """Measure unemployment and vacancies over markets and through a cycle.

    Parameters
    ----------
    worlds : int
        Settled worlds; every point is seen in each of them.
    factors : sequence of float
        New posts relative to the place, a market each.
    cycle : sequence of (float, int)
        New posts relative to the place, and for how many months.
    """

    def one(replication: int) -> list[tuple]:
        number = seed * 10_000 + replication
        return in_markets(town, number, factors) + through_cycle(town, number, cycle)

    with ThreadPoolExecutor(threads) as pool:
        rows = [row for found in pool.map(one, range(worlds)) for row in found]
    names = ["part", "seed", "month", "demand", "unemployment", "vacancies"]
    return Curve(pd.DataFrame(rows, columns=names))


@check(
    "Beveridge curve", quick=False, kind="natural experiment",
    source="stylised_facts.csv, M05: the sign",
)  # fmt: skip
def beveridge(quick: bool, worlds: int = WORLDS) -> Iterator[CheckRow]:  # noqa: ARG001
    """See vacancies fall where unemployment rises: over markets, through a boom and a slump."""
    found = curve(Town(SITE), worlds)
    kind = "natural experiment"
    for part, name, detail in (
        ("market", "over markets", f"new posts {min(FACTORS):g} to {max(FACTORS):g} of the usual, "
         f"months {LEAD} to {LEAD + MEASURED}"),
        ("cycle", "through a boom and a slump", f"half-years of {sum(m for _, m in CYCLE)} months"),
    ):  # fmt: skip
        slope = found.slope(part)
        yield CheckRow(
            f"Beveridge curve {name}: slope", kind, bool(slope.high < 0), "below 0", told(slope),
            f"log vacancy rate on log unemployment rate, {worlds} worlds, {detail}",
        )  # fmt: skip
    for what, sign in (("unemployment", -1), ("vacancies", 1)):
        gap = found.between(MARKETS["slack"], MARKETS["tight"], what).scaled(100.0)
        yield CheckRow(
            f"boom against slump: {what}", kind,
            bool(gap.low > 0 if sign > 0 else gap.high < 0),
            "above 0" if sign > 0 else "below 0", told(gap, " points"),
            f"per cent, market with {MARKETS['tight']:g} less one with {MARKETS['slack']:g} of the "
            "usual new posts",
            "more new posts leave fewer without work and more posts open",
        )  # fmt: skip


def draw(found: Curve, folder: str | Path, title: str) -> list[Path]:
    """Write ``beveridge.csv``, ``.png`` and ``.svg`` into a folder; return the paths."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "beveridge"  # the same file every time
    from matplotlib import pyplot as plt

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mean = found.mean()
    paths = [folder / f"beveridge.{end}" for end in ("csv", "png", "svg")]
    mean.round(6).to_csv(paths[0], index=False)
    figure, axes = plt.subplots(figsize=(7, 5))
    markets = mean[mean["part"] == "market"]
    axes.errorbar(
        100 * markets["unemployment"], 100 * markets["vacancies"],
        xerr=100 * _bars(markets, "unemployment"), yerr=100 * _bars(markets, "vacancies"),
        fmt="o", color="#1f5a8a", label=f"markets, month {LEAD} to {LEAD + MEASURED}", zorder=3,
    )  # fmt: skip
    for _, row in markets.iterrows():
        axes.annotate(
            f"{row['demand']:g}", (100 * row["unemployment"], 100 * row["vacancies"]),
            xytext=(7, 7), textcoords="offset points", color="#1f5a8a",
        )  # fmt: skip
    cycle = mean[mean["part"] == "cycle"]
    axes.plot(
        100 * cycle["unemployment"], 100 * cycle["vacancies"], "-", color="#b3541e", marker=".",
        label="boom, slump and back, by half-year",
    )  # fmt: skip
    start = cycle.iloc[0]
    axes.annotate(
        "start", (100 * start["unemployment"], 100 * start["vacancies"]), xytext=(-30, -14),
        textcoords="offset points", color="#b3541e",
    )  # fmt: skip
    axes.set_xlabel("unemployed, % of the labour force")
    axes.set_ylabel("vacant, % of filled and vacant posts")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(paths[1], dpi=130, metadata={"Software": None})
    figure.savefig(paths[2], metadata={"Date": None})
    plt.close(figure)
    return paths


def _bars(rows: pd.DataFrame, what: str) -> np.ndarray:
    return np.array([rows[what] - rows[f"{what}_low"], rows[f"{what}_high"] - rows[what]])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, draw and say the slopes."""
    parser = argparse.ArgumentParser(prog="python -m calibration.beveridge", description=__doc__)
    parser.add_argument("--site", default=SITE, help=f"default {SITE}")
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"default {WORLDS}")
    parser.add_argument("--threads", type=int, default=2, help="default 2")
    parser.add_argument("--out", default="docs/figures", help="folder, default docs/figures")
    given = parser.parse_args(arguments)
    town = Town(given.site)
    found = curve(town, given.worlds, threads=given.threads)
    for part in ("market", "cycle"):
        print(f"{part}: slope {told(found.slope(part))}, {given.worlds} worlds")
    for path in draw(found, given.out, f"{town.site.name('en')}, {given.worlds} worlds"):
        print(path)


if __name__ == "__main__":
    main()
