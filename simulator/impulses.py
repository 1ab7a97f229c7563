"""Impulses: what one more promotion does, one vacancy at a time.

One upper vacancy goes to the best ready candidate inside instead of the outsider chosen (kind
``promote``), or is opened to all instead of going to the candidate inside (kind ``open``). Both
worlds are followed; nothing else differs when they part. Thousands of such pairs give the
cleanest picture of the chain that one promotion starts (``docs/outcomes.md``, *Impulses*).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios import Site
from simulator.comparison import estimate
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import Outcome, series
from simulator.town import Town
from simulator.world import Count

KINDS = {"promote": 1, "open": 2}
MONTHS = 36
SEED_STEP = 10_000


@dataclass
class Impulses:
    """Differences of impulse worlds from their base world.

    Attributes
    ----------
    outcomes : list of Outcome
    effects : ndarray, shape (impulses, outcomes)
        Sum over the months followed (mean for stocks), impulse minus base.
    seeds : ndarray, shape (impulses,)
        Replication of each impulse (impulses of one world are not independent).
    """

    outcomes: list[Outcome]
    effects: np.ndarray
    seeds: np.ndarray
    kind: str
    rung: int

    def table(self, wanted: Sequence[tuple[str, str, str]] | None = None) -> pd.DataFrame:
        """Return mean effects with 90 % intervals, clustered by replication."""
        wanted = wanted or [(o.outcome, o.breakdown, o.group) for o in self.outcomes]
        names = [(o.outcome, o.breakdown, o.group) for o in self.outcomes]
        rows = []
        for key in wanted:
            values = self.effects[:, names.index(key)]
            by_seed = np.array([values[self.seeds == s].mean() for s in np.unique(self.seeds)])
            mean, low, high = estimate(by_seed)
            rows.append((*key, float(mean), float(low), float(high), len(values)))
        columns = ["outcome", "breakdown", "group", "mean", "ci_low", "ci_high", "impulses"]
        return pd.DataFrame(rows, columns=columns)


def impulses(
    site: str | Path | Site | Town,
    *,
    kind: str = "promote",
    rung: int = 1,
    worlds: int = 8,
    per_world: int = 16,
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
    rung : int
        Rung of the vacancy, 1 to 3.
    worlds, per_world : int
        Replications, and impulses in each (all in the first month).
    months : int
        Months followed.

    Returns
    -------
    Impulses
        Only impulses that found an eligible vacancy.
    """
    town = site if isinstance(site, Town) else Town(site)
    found: list[Outcome] = []

    def one_world(replication: int) -> tuple[int, np.ndarray]:
        base = town.begin(seed * SEED_STEP + replication, closure=closure)
        cells = assign_cells(base, town.site)
        base.lay_out(0, months, cells, target_cells())
        reference = base.copy().advance(months)
        names, values = series(reference)
        found[:] = names
        mean = np.array([name.how == "mean" for name in names])
        effects = []
        for number in range(per_world):
            world = base.copy()
            counts = world.columns.counts
            counts[Count.IMPULSE_KIND] = KINDS[kind]
            counts[Count.IMPULSE_RUNG] = rung
            counts[Count.IMPULSE_MONTH] = 0
            counts[Count.IMPULSE_NUMBER] = number
            world.advance(1)
            if world.columns.counts[Count.IMPULSE_DONE] == 0:
                break
            world.advance(months - 1)
            difference = (series(world)[1] - values).sum(1)
            effects.append(np.where(mean, difference / months, difference))
        return replication, np.array(effects).reshape(len(effects), len(names))

    collected, seeds = [], []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for done, (replication, effects) in enumerate(pool.map(one_world, range(worlds)), start=1):
            collected.append(effects)
            seeds.extend([replication] * len(effects))
            if progress is not None:
                progress(done, worlds)
    return Impulses(found, np.concatenate(collected), np.array(seeds), kind, rung)
