"""``compare --draws``: effects over what nobody knows, and what would have to be measured.

Each draw takes parameters from the posterior of the place (with inputs that no target identifies
from their ranges) and the size of every lever of the mix from its distribution (with its point
mass at none). Both worlds of a pair share the draw, and every draw settles its own worlds; a few
pairs a draw tell simulation noise from what the inputs do.

The interval of an effect holds 90 % of what the inputs leave open and the simulation error of the
mean. Its variance is split by linear regression on the draws: calibrated parameters, inputs that no
target identifies, levers; simulation noise apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtrit

from scenarios import ScenarioError, Site, load_parameters, load_site
from scenarios.loader import site_path
from scenarios.measures import Mix
from simulator.comparison import SEED_STEP, compare
from simulator.headline import quantities
from simulator.town import PENALTIES, Town

LEVEL = 0.90
PAIRS = 2
# headline rows shown and decomposed: (row, name on the screen)
ROWS = {
    "per_100": "more of the target group at work in the third year, per 100 served",
    "target_jobseekers": "months of work of the target group",
    "other_jobseekers": "months of work of other jobseekers",
    "everybody": "months of work of everybody",
    "additional": "additional promotions",
    "net": "additional entry vacancies, net",
    "jobs": "filled post-months",
}
CALIBRATED, PRIOR_ONLY, LEVERS = "calibrated parameters", "inputs no target identifies", "levers"


def draws_path(site: Site, name_or_path: str | Path | None = None) -> Path:
    """Return where the posterior draws of a place lie, if it has any."""
    try:
        base = site_path(name_or_path if name_or_path is not None else site.id)
    except ScenarioError:
        base = site_path(site.id)
    return base.parent / "posteriors" / f"{site.id}.csv"


def load_draws(site: Site, name_or_path: str | Path | None = None) -> pd.DataFrame:
    """Return the posterior draws of a place, one column per parameter.

    Parameters
    ----------
    name_or_path
        The site as it was named; its folder ``posteriors`` is read.

    Raises
    ------
    ScenarioError
        When the place has no posterior, or it names unknown parameters.
    """
    path = draws_path(site, name_or_path)
    if not path.is_file():
        raise ScenarioError(
            [f"{site.id} has no posterior ({path.name} in posteriors/), so --draws has nothing to "
             f"draw from; run vacancy-chains calibrate {site.id} --write first."]
        )  # fmt: skip
    frame = pd.read_csv(path)
    unknown = set(frame.columns) - set(load_parameters()) - {PENALTIES}
    if unknown:
        raise ScenarioError(
            [f"{path.name}: unknown parameter '{name}'; run vacancy-chains calibrate {site.id} "
             "again." for name in sorted(unknown)]
        )  # fmt: skip
    if frame.isna().any().any():
        raise ScenarioError([f"{path.name}: has empty cells; every draw needs every parameter."])
    return frame


def kind_of(name: str) -> str:
    """Return the group of an input: calibrated, prior only, or a lever."""
    known = load_parameters()
    if name in known:
        return CALIBRATED if known[name].role == "free" else PRIOR_ONLY
    return PRIOR_ONLY if name == PENALTIES else LEVERS


def drawn_mix(mix: Mix, u: dict[tuple[str, str], float]) -> tuple[Mix, dict[str, float]]:
    """Return a mix whose levers have the sizes of one draw, and these sizes by name."""
    files, sizes = {}, {}
    for name, measure in mix.files.items():
        levers = []
        for lever in measure.levers:
            size = lever.draw(u[name, lever.lever])
            sizes[f"{name}: {lever.lever}"] = size
            strength = lever.strength.model_copy(update={"assumed": size})
            levers.append(lever.model_copy(update={"strength": strength}))
        files[name] = measure.model_copy(update={"levers": levers})
    return mix.model_copy(update={"files": files}), sizes


@dataclass
class Draws:
    """Effects by draw.

    Attributes
    ----------
    site : Site
    table : DataFrame
        ``draw, mix, closure, row, effect, error`` (standard error of the draw's own mean, from its
        pairs) and one column per input.
    inputs : dict
        Names of the inputs by mix.
    pairs : int
        Pairs of worlds a draw.
    """

    site: Site
    table: pd.DataFrame
    inputs: dict[str, list[str]]
    pairs: int
    against: str

    def effect(self, mix: str, closure: str, row: str) -> pd.DataFrame:
        """Return the draws of one headline."""
        t = self.table
        return t[(t["mix"] == mix) & (t["closure"] == closure) & (t["row"] == row)]

    def summary(self) -> pd.DataFrame:
        """Return one row per mix, closure and headline.

        Returns
        -------
        DataFrame
            ``mean, ci_low, ci_high`` (inputs and simulation error of the mean), ``below_zero``
            (chance over inputs), ``simulation, calibrated, prior_only, levers, unexplained``
            (shares of the variance of one draw), ``largest`` (input with the largest share of its
            own) with ``largest_share``.
        """
        rows = []
        for (mix, closure, row), part in self.table.groupby(["mix", "closure", "row"], sort=False):
            found = decompose(
                part["effect"].to_numpy(), part["error"].to_numpy(),
                part[self.inputs[mix]].astype(float), self.pairs,
            )  # fmt: skip
            rows.append({"mix": mix, "closure": closure, "row": row, "draws": len(part)} | found)
        return pd.DataFrame(rows)

    def lines(self) -> list[str]:
        """Return one line per headline for the screen."""
        said = []
        for row in self.summary().itertuples():
            text = (
                f"{row.closure} {ROWS[row.row]}: {row.mean:+.2f} ({row.ci_low:.2f} to "
                f"{row.ci_high:.2f}), chance below zero {100 * row.below_zero:.0f} %"
            )
            told = row.calibrated + row.prior_only + row.levers
            if row.input_variance > 0 and told > row.unexplained:
                text += f"; {100 * row.prior_only_of_inputs:.0f} % of what inputs leave open comes "
                text += "from inputs that no target identifies"
                if row.largest:
                    text += f"; measuring '{row.largest}' would shrink it most"
            elif row.input_variance > 0:
                text += "; too few draws to say which inputs it comes from"
            else:
                text += "; what inputs do cannot be told from simulation noise with these draws"
            said.append(text + ".")
        return said

    def for_summary(self) -> pd.DataFrame:
        """Return the effects in the columns of ``summary.csv``; ``design`` is ``draws``."""
        found = self.summary()
        return pd.DataFrame(
            {
                "mix": found["mix"], "against": self.against, "closure": found["closure"],
                "strength": "drawn", "outcome": found["row"], "unit": "as in the report",
                "breakdown": "headline", "group": "all", "design": "draws", "months": 48,
                "reference": np.nan, "scenario": np.nan, "difference": found["mean"],
                "ci_low": found["ci_low"], "ci_high": found["ci_high"], "ci_level": LEVEL,
                "replications": found["draws"],
            }
        )  # fmt: skip

    def write(self, folder: str | Path) -> None:
        """Write ``draws.parquet`` and ``draws.csv`` (the summary) into a results folder."""
        folder = Path(folder)
        wide = self.table.copy()
        temporary = folder / ".draws.parquet"
        wide.to_parquet(temporary, index=False)
        temporary.replace(folder / "draws.parquet")
        temporary = folder / ".draws.csv"
        self.summary().to_csv(temporary, index=False, float_format="%.6g")
        temporary.replace(folder / "draws.csv")


def decompose(
    effect: np.ndarray, error: np.ndarray, inputs: pd.DataFrame, pairs: int
) -> dict[str, Any]:
    """Return mean, interval and shares of variance of an effect over draws.

    Parameters
    ----------
    effect, error : ndarray, shape (draws,)
        Mean of each draw and the standard error of that mean (from its pairs).
    inputs : DataFrame
        One column per input.
    pairs : int
        Pairs behind each mean; with one pair the noise is unknown and counts as the inputs'.

    Notes
    -----
    Noise within draws is known from the pairs; what is left of the variance over draws is the
    inputs'. Shares of groups: leave-one-out R2 of ridge regressions on ranks, so that inputs that
    say nothing get nothing; single inputs: squared rank correlation beyond chance.
    """
    n = len(effect)
    mean, variance = float(effect.mean()), float(effect.var(ddof=1)) if n > 1 else 0.0
    noise = float(np.mean(error**2)) if pairs > 1 else 0.0
    between = max(variance - noise, 0.0)
    spread = np.sqrt(between + variance / max(n, 1))
    half = float(ndtri(0.5 + LEVEL / 2) * spread) if n > 1 else np.inf
    found = {
        "mean": mean, "ci_low": mean - half, "ci_high": mean + half,
        "below_zero": float(ndtr(-mean / spread)) if spread > 0 else float(mean < 0),
        "input_variance": between, "simulation": min(noise / variance, 1.0) if variance else 0.0,
    }  # fmt: skip
    varied = [name for name in inputs if inputs[name].nunique() > 1]
    ranks = inputs[varied].rank().to_numpy(float)
    kinds = np.array([kind_of(name) for name in varied])
    shares = dict.fromkeys((CALIBRATED, PRIOR_ONLY, LEVERS), 0.0)
    singles: dict[str, float] = {}
    if n > 4 and between > 0 and len(varied):
        z = (ranks - ranks.mean(0)) / ranks.std(0)
        y = (effect - mean) / max(np.sqrt(variance), 1e-300)
        for kind in shares:
            if (kinds == kind).any():
                shares[kind] = max(loo_r2(z[:, kinds == kind], y), 0.0)
        r2 = (z.T @ y / n) ** 2
        beyond = np.maximum(r2 - (1.0 - r2) / (n - 2), 0.0)
        # below this a correlation of one of so many inputs may be chance
        sure = 1.0 - 0.1 / len(varied)
        t = float(stdtrit(n - 2, 0.5 + sure / 2))
        floor = t**2 / (n - 2 + t**2)
        singles = {
            name: float(b) for name, b, r in zip(varied, beyond, r2, strict=True) if r > floor
        }
    explained = sum(shares.values())
    room = max(1.0 - found["simulation"], 0.0)
    if explained > room > 0:
        shares = {kind: share * room / explained for kind, share in shares.items()}
        explained = room
    largest = max(singles, key=lambda name: singles[name]) if singles else ""
    found |= {
        "calibrated": shares[CALIBRATED], "prior_only": shares[PRIOR_ONLY],
        "levers": shares[LEVERS], "unexplained": max(room - explained, 0.0),
        "prior_only_of_inputs": (shares[PRIOR_ONLY] + shares[LEVERS]) / explained
        if explained > 0 else float("nan"),
        "largest": largest, "largest_share": singles.get(largest, 0.0),
    }  # fmt: skip
    return found


def loo_r2(x: np.ndarray, y: np.ndarray) -> float:
    """Return the best leave-one-out R2 of ridge regressions of ``y`` on ``x`` (both centred)."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    best = -np.inf
    for penalty in len(y) * np.logspace(-2, 2, 9):
        shrink = s**2 / (s**2 + penalty)
        fitted = u @ (shrink * (u.T @ y))
        leverage = (u**2 * shrink).sum(1) + 1.0 / len(y)
        left = (y - fitted) / (1.0 - leverage)
        best = max(best, 1.0 - float((left**2).sum() / (y**2).sum()))
    return best


def compare_draws(
    site: str | Path | Site,
    mixes: Sequence[str | Path | Mix] | None = None,
    against: str | Path | Mix | None = None,
    draws: int = 40,
    pairs: int = PAIRS,
    closure: str = "both",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
    posterior: pd.DataFrame | None = None,
    **options: Any,
) -> Draws:
    """Compare mixes over draws of parameters, inputs and levers.

    Parameters
    ----------
    draws, pairs : int
        Draws, and pairs of worlds for each.
    posterior : DataFrame, optional
        Draws to use instead of the shipped ones.
    options
        Passed on to :func:`simulator.comparison.compare`.

    Raises
    ------
    ScenarioError
        When the place has no posterior, or a file is wrong.
    """
    place = site if isinstance(site, Site) else load_site(site)
    frame = posterior if posterior is not None else load_draws(
        place, None if isinstance(site, Site) else site
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(frame), draws, replace=draws > len(frame))
    town = Town(place)
    chosen = [town.mix(mix) for mix in (mixes or [place.default_mix])]
    reference = town.reference(against)
    # a measure that runs in both worlds has one size in both
    keys = {
        (name, lever.lever): None
        for mix in (*chosen, reference)
        for name, measure in mix.files.items()
        for lever in measure.levers
    }
    levers = {key: rng.permutation((np.arange(draws) + rng.random(draws)) / draws) for key in keys}

    def one(d: int) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
        values = {name: float(value) for name, value in frame.iloc[rows[d]].items()}
        made, sizes = [], {}
        u = {key: float(draw[d]) for key, draw in levers.items()}
        drawn_reference, base = drawn_mix(reference, u)
        for mix in chosen:
            drawn, own = drawn_mix(mix, u)
            sizes[mix.id] = base | own
            made.append(drawn)
        result = compare(
            place, mixes=made, against=drawn_reference, years=1, replications=pairs,
            closure=closure, seed=seed * SEED_STEP + d, threads=1, strengths=("assumed",),
            parameters=values, placebo=False, **options,
        )  # fmt: skip
        found = []
        for mix in chosen:
            for c in result.closures:
                headline = quantities(result, (c, mix.id, "assumed", "cohorts"))
                for name in ROWS:
                    e = headline[name].found
                    if e is None:
                        continue
                    t = float(stdtrit(pairs - 1, 0.5 + LEVEL / 2)) if pairs > 1 else np.inf
                    error = (e.high - e.mean) / t if pairs > 1 else 0.0
                    found.append(
                        {"draw": d, "mix": mix.id, "closure": c, "row": name, "effect": e.mean,
                         "error": error} | values | sizes[mix.id]
                    )  # fmt: skip
        return found, {m: [*values, *sizes[m]] for m in sizes}

    table: list[dict[str, Any]] = []
    inputs: dict[str, list[str]] = {}
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for d, (found, names) in enumerate(pool.map(one, range(draws)), 1):
            table += found
            inputs |= names
            if progress is not None:
                progress(d, draws)
    return Draws(place, pd.DataFrame(table), inputs, pairs, reference.id)
