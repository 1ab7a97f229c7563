"""``calibrate``: table of simulations, posterior, worlds at the posterior, and what they show.

One table a place (:mod:`calibration.table`), continued by the same command; after each part the
prior is narrowed to a box around the posterior so far. At the end some worlds are simulated at the
posterior: at its point, with the inputs as in the files (these values ``--write`` puts into the
site file), and at draws of everything. The point is the posterior mean, corrected by what the
emulator gets wrong there: a few steps of least squares on simulated worlds, held back by the
posterior's own spread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from calibration.posterior import (
    Emulator,
    Posterior,
    box_of,
    chains,
    inner,
    posterior,
    statistics,
)
from calibration.priors import Coordinate, lender, parameters_of
from calibration.quantities import Aim, aims, not_measured, survey_per_register
from calibration.table import MONTHS, PARTS, SEED_STEP, SHARD, Table, simulate_row
from calibration.years import Year, markets, other_years
from scenarios import Site, load_site
from scenarios.targets import Target
from simulator.scale import check_scale
from simulator.town import Town

SIMULATIONS = 1536
AT_POINT = 16  # worlds simulated at the point
AT_DRAWS = 32  # worlds simulated at draws of parameters and inputs
DRAWS = 400
LEAST = 4 * SHARD  # rows below which no posterior is attempted
CHECK_SEEDS = 900 * SEED_STEP  # seeds of the worlds at the posterior
REFINED_ON = 4  # worlds at each set of parameters while the point is corrected
REFINEMENTS = 2  # steps
FARTHEST = 8.0  # tolerances beyond which a target pulls no harder
KNOWN = 0.2  # share of the prior variance removed below which only the prior informs

Progress = Callable[[float, float, str], None]


@dataclass
class Calibration:
    """A fitted place.

    Attributes
    ----------
    site, table, aims, items
        Place, stored simulations, targets, what was varied.
    found : Posterior or None
        None while the table is too short.
    point : dict
        Parameters by name at the corrected posterior mean, given the inputs of the files.
    at_point, at_draws : DataFrame
        Raw sums of the worlds simulated there.
    markets : DataFrame
        Moments at the point under less and more demand (:func:`calibration.years.markets`).
    years : list of Year
        Other years by demand alone.
    simulations : int
        Worlds asked for.
    complete : bool
        Whether the table has all the rows asked for.
    """

    site: Site
    table: Table
    aims: list[Aim]
    items: list[Coordinate]
    rows: pd.DataFrame
    found: Posterior | None = None
    point: dict[str, float] = field(default_factory=dict)
    at_point: pd.DataFrame = field(default_factory=pd.DataFrame)
    at_draws: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: list[tuple[Target, str]] = field(default_factory=list)
    markets: pd.DataFrame = field(default_factory=pd.DataFrame)
    years: list[Year] = field(default_factory=list)
    simulations: int = SIMULATIONS
    complete: bool = True
    seconds: float = 0.0

    @property
    def free(self) -> list[Coordinate]:
        """Parameters that the targets may move."""
        return [item for item in self.items if item.fitted]

    # ---- tables ------------------------------------------------------------------------------

    @cached_property
    def fit_table(self) -> pd.DataFrame:
        """Return one row per target: value, source, simulated with interval, verdict.

        ``simulated`` is the mean of the worlds at the point with the 90 % interval of that mean;
        ``draw_low`` and ``draw_high`` hold 90 % of the worlds at draws. ``input`` rows are not
        here and never count.
        """
        from calibration.moments import interval

        rows = []
        for aim in self.aims:
            values = [aim.statistic(row) for row in self.at_point.to_dict("records")]
            drawn = [aim.statistic(row) for row in self.at_draws.to_dict("records")]
            mean, low, high = interval(values)
            ends = np.nanquantile(drawn, [0.05, 0.95]) if drawn else (np.nan, np.nan)
            rows.append(
                {
                    "target": aim.id, "role": aim.role, "used": aim.used, "value": aim.value,
                    "tolerance": aim.tolerance, "low": aim.low, "high": aim.high,
                    "unit": aim.unit, "tier": aim.tier, "simulated": mean, "ci_low": low,
                    "ci_high": high, "draw_low": ends[0], "draw_high": ends[1],
                    "distance": aim.distance(mean),
                    "verdict": _verdict(aim, mean), "measured_as": aim.meaning,
                    "source": aim.source, "note": aim.why,
                }
            )  # fmt: skip
        for target, why in self.left_out:
            rows.append(
                {
                    "target": target.quantity, "role": target.role, "used": False,
                    "value": target.value, "tolerance": target.tolerance, "low": target.low,
                    "high": target.high, "unit": target.unit, "tier": target.tier,
                    "verdict": "not measured", "measured_as": "",
                    "source": f"{target.source}, {target.year}", "note": why,
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return targets met and measured, by role (and ``moment`` for the fitted moments)."""
        table = self.fit_table
        table = table[table.verdict != "not measured"]
        moments = table.target.str.startswith("moment_")
        groups = {
            "moment": table[moments],
            "fit": table[~moments & (table.role == "fit")],
            "check": table[~moments & (table.role == "check")],
        }
        return {
            name: (int((part.verdict == "met").sum()), len(part)) for name, part in groups.items()
        }

    @cached_property
    def parameter_table(self) -> pd.DataFrame:
        """Return prior and posterior of every coordinate, and what the targets said of it."""
        rng = np.random.default_rng(0)
        draws = self.found.draws if self.found is not None else None
        rows = []
        for item in self.items:
            prior = item.draw(rng.random(4000))
            row = {
                "parameter": item.id, "kind": item.kind, "moves": " ".join(item.names),
                "meaning": item.meaning, "unit": item.unit, "grade": item.grade,
                "scale": item.scale, "prior_low": np.quantile(prior, 0.05),
                "prior_mean": item.outside(item.inside(prior).mean()),
                "prior_high": np.quantile(prior, 0.95),
            }  # fmt: skip
            if draws is not None:
                x = draws[item.id].to_numpy()
                removed = 1.0 - item.inside(x).var() / item.inside(prior).var()
                row |= {
                    "mean": float(item.outside(item.inside(x).mean())),
                    "low": np.quantile(x, 0.05), "high": np.quantile(x, 0.95),
                    "variance_removed": float(removed) if item.fitted else 0.0,
                    "point": self.point.get(item.names[0]),
                    "informed_by": _informed(item, float(removed)),
                }  # fmt: skip
            rows.append(row)
        return pd.DataFrame(rows)

    def tied(self, least: float = 0.6) -> list[tuple[str, str, float]]:
        """Return pairs of free parameters that the targets only tell together (correlation)."""
        if self.found is None:
            return []
        x = inner(self.found.draws, self.free)
        r = np.corrcoef(x.T)
        names = [item.id for item in self.free]
        pairs = [
            (names[i], names[j], float(r[i, j]))
            for i in range(len(names)) for j in range(i) if abs(r[i, j]) >= least
        ]  # fmt: skip
        return sorted(pairs, key=lambda pair: -abs(pair[2]))

    @cached_property
    def conflicts(self) -> pd.DataFrame:
        """Return pairs of targets that no world of the table meets together.

        For each pair the world whose larger distance is smallest: above 1 (in tolerances) the two
        contradict each other in this model; ``first_at`` and ``second_at`` are the best attainable
        compromise.
        """
        usable = self.rows[self.rows["ok"] == 1]
        known = [aim for aim in self.aims if aim.value and aim.tolerance and aim.role != "margin"]
        known = [aim for aim in known if aim.used or aim.role == "fit"]
        values = statistics(usable, known)
        z = np.array([[aim.distance(v) for aim, v in zip(known, row, strict=True)]
                      for row in values])  # fmt: skip
        z = np.where(np.isfinite(z), np.abs(z), np.inf)
        alone = z.min(0)
        rows = []
        for i, first in enumerate(known):
            for j in range(i):
                worst = np.maximum(z[:, i], z[:, j])
                best = int(worst.argmin())
                if worst[best] > 1.0 and alone[i] <= 1.0 and alone[j] <= 1.0:
                    rows.append(
                        {
                            "first": known[j].id, "first_target": known[j].value,
                            "first_at": values[best, j], "second": first.id,
                            "second_target": first.value, "second_at": values[best, i],
                            "distance": float(worst[best]),
                        }
                    )  # fmt: skip
        names = ["first", "first_target", "first_at", "second", "second_target", "second_at",
                 "distance"]  # fmt: skip
        return pd.DataFrame(rows, columns=names).sort_values("distance", ascending=False)

    def link(self) -> float:
        """Return the survey unemployed per register unemployed at the point."""
        return float(np.mean([survey_per_register(r) for r in self.at_point.to_dict("records")]))

    @property
    def posterior(self) -> Posterior:
        """Return :attr:`found`.

        Raises
        ------
        ValueError
            While the table is too short for a posterior.
        """
        if self.found is None:
            raise ValueError("the table is too short for a posterior; simulate more worlds")
        return self.found

    def named_draws(self) -> pd.DataFrame:
        """Return the draws by name of every parameter, as ``compare --draws`` reads them."""
        return pd.DataFrame(
            [parameters_of(row, self.items) for row in self.posterior.draws.to_dict("records")]
        )


def _verdict(aim: Aim, simulated: float) -> str:
    if not np.isfinite(simulated):
        return "not measured"
    return "met" if aim.met(simulated) else "missed"


def _informed(item: Coordinate, removed: float) -> str:
    if item.kind == "input":
        return "prior only (never fitted)"
    if item.kind == "borrowed":
        return lender()
    return "targets" if removed >= KNOWN else "prior only"


def used(items: Sequence[Aim]) -> list[Aim]:
    """Return the targets on which the posterior is conditioned."""
    return [aim for aim in items if aim.used and aim.value and aim.tolerance]


def point_of(
    emulator: Emulator,
    items: Sequence[Coordinate],
    box: dict[str, tuple[float, float]],
    seed: int = 1,
    inputs: dict[str, float] | None = None,
) -> dict[str, float]:
    """Return the posterior mean of the free parameters with the inputs as in the files.

    Returns
    -------
    dict
        Values by coordinate of every free or borrowed parameter.
    """
    n = 200
    modes = {item.id: item.mode for item in items if not item.fitted} | (inputs or {})
    for item in items:
        if item.kind == "borrowed" and item.mean is not None:
            modes[item.id] = float(item.outside(item.mean))
    phi = np.tile([float(item.inside(modes[item.id])) for item in emulator.inputs], (n, 1))
    theta, _ = chains(
        emulator, phi, np.zeros((n, len(emulator.aims))), box, np.random.default_rng(seed), n
    )
    row = {item.id: float(item.outside(theta[:, k].mean())) for k, item in enumerate(emulator.free)}
    return row | {item.id: modes[item.id] for item in items if item.kind == "borrowed"}


def refined(
    row: dict[str, float],
    spread: dict[str, float],
    free: Sequence[Coordinate],
    distances: Callable[[Sequence[dict[str, float]]], np.ndarray],
    steps: int = REFINEMENTS,
) -> dict[str, float]:
    """Return a point nearer to the targets: damped least squares on simulated worlds.

    Parameters
    ----------
    row : dict
        Values by coordinate at the start.
    spread : dict
        Standard deviation by free parameter on its inner scale: that of the posterior. A move by
        as much costs as much as a target that is missed by its tolerance.
    distances : callable
        Rows of coordinates to distances of the targets, shape (rows, targets), in tolerances; the
        same random numbers for every row.
    """
    centre = np.array([float(item.inside(row[item.id])) for item in free])
    sd = np.array([max(spread[item.id], 1e-6) for item in free])
    low = np.array([float(item.inside(item.low)) for item in free])
    high = np.array([float(item.inside(item.high)) for item in free])

    def at(z: np.ndarray) -> dict[str, float]:
        x = np.clip(centre + z * sd, low, high)
        return row | {
            item.id: float(item.outside(value)) for item, value in zip(free, x, strict=True)
        }

    z = np.zeros(len(free))
    now = distances([at(z)])[0]
    for _ in range(steps):
        # away from the nearer bound, where a step would be cut off
        sign = np.where(centre + z * sd > (low + high) / 2.0, -0.5, 0.5)
        moved = distances([at(z + sign * unit) for unit in np.eye(len(free))])
        slopes = ((moved - now) / sign[:, None]).T
        step = np.linalg.solve(slopes.T @ slopes + np.eye(len(free)), -slopes.T @ now - z)
        parts = [z + part * np.clip(step, -2.0, 2.0) for part in (1.0, 0.5, 0.25)]
        found = distances([at(part) for part in parts])
        costs = [(d**2).sum() + (part**2).sum() for d, part in zip(found, parts, strict=True)]
        best = int(np.argmin(costs))
        if costs[best] >= (now**2).sum() + (z**2).sum():
            break
        z, now = parts[best], found[best]
    return at(z)


def _refined(
    table: Table, row: dict[str, float], found: Posterior, targets: Sequence[Aim], first: int,
    threads: int, done: Callable[[int], None],
) -> dict[str, float]:  # fmt: skip
    free = found.emulator.free
    settable = [item for item in table.items if item.kind != "input"]

    def distances(rows: Sequence[dict[str, float]]) -> np.ndarray:
        sets = [parameters_of(row, settable) for row in rows]
        jobs = [(values, first + k) for values in sets for k in range(REFINED_ON)]

        def one(job: tuple[dict[str, float], int]) -> list[float]:
            world = simulate_row(table.site, *job, table.months, table.scale)
            done(1)
            return [aim.statistic(world) if world["ok"] else np.nan for aim in targets]

        with ThreadPoolExecutor(threads) as pool:
            values = np.array(list(pool.map(one, jobs))).reshape(len(rows), REFINED_ON, -1)
        means = values.mean(1)
        away = np.array([[aim.distance(v) for aim, v in zip(targets, m, strict=True)]
                         for m in means], float)  # fmt: skip
        return np.clip(np.where(np.isfinite(away), away, FARTHEST), -FARTHEST, FARTHEST)

    spread = {
        item.id: float(item.inside(found.draws[item.id].to_numpy()).std(ddof=1)) for item in free
    }
    return refined(row, spread, free, distances)


def _worlds(
    table: Table, sets: Sequence[dict[str, float]], first: int, threads: int,
    done: Callable[[int], None],
) -> pd.DataFrame:  # fmt: skip
    def one(k: int) -> dict[str, float]:
        row = simulate_row(table.site, sets[k], first + k, table.months, table.scale)
        done(1)
        return row

    with ThreadPoolExecutor(threads) as pool:
        frame = pd.DataFrame(list(pool.map(one, range(len(sets)))))
    return frame[frame["ok"] == 1].reset_index(drop=True)


def calibrate(
    site: str | Path | Site,
    simulations: int = SIMULATIONS,
    minutes: float | None = None,
    folder: str | Path = "results/calibration",
    seed: int = 1,
    months: int = MONTHS,
    scale: int | None = None,
    threads: int | None = None,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> Calibration:
    """Fit a place to its targets.

    Parameters
    ----------
    simulations : int
        Worlds in the table, all parts together (rounded up to whole shards).
    minutes : float, optional
        Begin no new shard after this time; the same command continues.
    folder
        Where tables are kept, one folder each.
    scale : int, optional
        Simulate one person in so many (large places), by default as the site file says; sums are
        multiplied back.
    threads : int, optional
        Default: all processors.

    Raises
    ------
    ScenarioError
        When the place is unknown, its file wrong, or too few people are left at the scale.
    """
    begun = monotonic()
    deadline = None if minutes is None else begun + 60.0 * minutes
    place = site if isinstance(site, Site) else load_site(site)
    # a parameter that the place gets wrong, or a scale, is said before any work
    town = Town(place, scale=scale)
    scale = town.scale
    check_scale(town.site.margins.filled_posts.value, scale)
    workers = threads or os.cpu_count() or 1
    table = Table.open(place, Path(folder), seed, months, scale)
    targets = aims(place)
    result = Calibration(
        place, table, targets, table.items, table.frame(), left_out=not_measured(place),
        simulations=simulations,
    )  # fmt: skip
    shards = [max(1, round(share * simulations / SHARD)) for share in PARTS]
    stored = sum(min(table.shards(part), wanted) for part, wanted in enumerate(shards))
    free = sum(item.fitted for item in table.items)
    total = SHARD * (sum(shards) - stored) + AT_POINT + AT_DRAWS
    total += REFINED_ON * (1 + REFINEMENTS * (free + 3))
    counted = 0

    def done(n: int) -> None:
        nonlocal counted
        counted += n
        if progress is not None:
            progress(counted, total, f"Simulating {place.id}, part {part + 1} of {len(PARTS)}")

    for part in range(len(PARTS)):
        if part >= len(table.boxes):
            rows = table.frame()
            fitted = posterior(rows, used(targets), table.items, table.box, draws, seed)
            table.narrow(box_of(fitted))
        result.complete = table.extend(part, SHARD * shards[part], done, workers, deadline)
        if not result.complete:
            break
    result.rows = table.frame()
    if len(result.rows) < LEAST:
        result.seconds = monotonic() - begun
        return result
    found = posterior(result.rows, used(targets), table.items, table.box, draws, seed)
    result.found = found
    part = len(PARTS) - 1
    row = point_of(found.emulator, table.items, table.box, seed)
    row = _refined(table, row, found, used(targets), CHECK_SEEDS + 1000 * seed + 700, workers, done)
    result.point = parameters_of(row, [item for item in table.items if item.kind != "input"])
    result.at_point = _worlds(
        table, [result.point] * AT_POINT, CHECK_SEEDS + 1000 * seed, workers, done
    )
    drawn = [parameters_of(row, table.items) for row in found.draws.to_dict("records")[:AT_DRAWS]]
    result.at_draws = _worlds(table, drawn, CHECK_SEEDS + 1000 * seed + 500, workers, done)
    town = Town(place, result.point, scale=scale)
    result.markets = markets(town, range(CHECK_SEEDS, CHECK_SEEDS + 2), threads=workers)
    result.years = other_years(town, result.markets)
    result.seconds = monotonic() - begun
    return result


__all__ = ["Calibration", "calibrate", "point_of", "refined", "used"]
