"""Recovery from simulated data: the posterior must find parameters that it was given.

Worlds of the stored table, left out of the emulator, play the place: their quantities with an error
of the targets' tolerances are what is observed. The true parameters must lie in the 50 and 90 %
intervals as often as these say, and their ranks among the draws must be even (simulation-based
calibration, Talts et al. 2018). The posterior checked is that of the free parameters given the
inputs; parameters of which only the prior informs are reported apart: any method passes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.calibrate import KNOWN, used
from calibration.posterior import (
    Emulator,
    chains,
    draw_inputs,
    inner,
    posterior,
    scaled,
    tolerances,
    within,
)
from calibration.priors import HOME, POSTERIORS, Coordinate, coordinates
from calibration.quantities import Aim, aims
from calibration.validate import CheckRow, check
from scenarios import load_site

FOLDS = 4
CHAINS = 99  # draws a data set: ranks 0 to 99
BINS = 10


def recover(
    frame: pd.DataFrame,
    values: np.ndarray,
    targets: Sequence[Aim],
    items: Sequence[Coordinate],
    box: dict[str, tuple[float, float]],
    sets: int = 200,
    seed: int = 1,
    steps: int = 400,
    draws: int = CHAINS,
    known_inputs: bool = True,
) -> pd.DataFrame:
    """Return recovery by free parameter over simulated data sets.

    Parameters
    ----------
    frame, values : DataFrame, ndarray of shape (rows, targets)
        Rows of a table and their quantities.
    box : dict
        Data sets are rows inside it.
    known_inputs : bool
        Condition on the inputs of the row; else draw them from their priors, as for a place.

    Returns
    -------
    DataFrame
        ``parameter, covered_50, covered_90, rank_p, error`` (root mean square, in prior standard
        deviations within the box), ``removed`` (share of that variance that the posterior removes),
        ``informed_by``, ``sets``.
    """
    from scipy.stats import chisquare  # slow to import

    rng = np.random.default_rng(seed)
    free = [item for item in items if item.fitted]
    y = scaled(values, targets)
    good = np.flatnonzero(within(frame, free, box) & np.isfinite(y).all(1))
    frame, values, y = frame.iloc[good].reset_index(drop=True), values[good], y[good]
    tested = rng.permutation(len(frame))[: min(sets, len(frame))]
    theta = inner(frame, free)
    ranks, spreads, errors, low, high = [], [], [], [], []
    for fold in range(FOLDS):
        out = tested[fold::FOLDS]
        if not len(out):
            continue
        kept = np.setdiff1d(np.arange(len(frame)), out)
        emulator = Emulator.fit(frame.iloc[kept], values[kept], targets, items)
        seen = y[out] + tolerances(targets) * rng.normal(size=(len(out), len(targets)))
        phi = np.repeat(inner(frame.iloc[out], emulator.inputs), draws, axis=0)
        if not known_inputs:
            phi = draw_inputs(emulator.inputs, len(phi), rng)
        found, _ = chains(emulator, phi, np.repeat(seen, draws, axis=0), box, rng, draws, steps)
        found = found.reshape(len(out), draws, len(free))
        truth = theta[out]
        ranks.append((found < truth[:, None]).sum(1))
        spreads.append(found.var(1))
        errors.append(found.mean(1) - truth)
        low.append(np.quantile(found, [0.05, 0.25], axis=1))
        high.append(np.quantile(found, [0.95, 0.75], axis=1))
    rank, error = np.concatenate(ranks), np.concatenate(errors)
    spread = np.concatenate(spreads)
    truth = np.concatenate([theta[tested[fold::FOLDS]] for fold in range(FOLDS)])
    lows, highs = np.concatenate(low, 1), np.concatenate(high, 1)
    covered = ((truth >= lows) & (truth <= highs)).mean(1)
    prior = theta.std(0)
    rows = []
    for k, item in enumerate(free):
        counts = np.bincount(rank[:, k] * BINS // (draws + 1), minlength=BINS)
        removed = 1.0 - spread[:, k].mean() / prior[k] ** 2
        rows.append(
            {
                "parameter": item.id, "covered_50": covered[1, k], "covered_90": covered[0, k],
                "rank_p": float(chisquare(counts).pvalue),
                "error": float(np.sqrt((error[:, k] ** 2).mean()) / prior[k]),
                "removed": float(removed),
                "informed_by": "targets" if removed >= KNOWN else "prior only",
                "sets": len(tested),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def shipped_table(
    name: str = HOME, folder: Path = POSTERIORS
) -> tuple[pd.DataFrame, np.ndarray, list[Aim], list[Coordinate], dict[str, tuple[float, float]]]:
    """Return the shipped table of a place: rows, quantities, targets, coordinates, last box.

    Raises
    ------
    FileNotFoundError
        When the place ships none.
    """
    site = load_site(name)
    frame = pd.read_parquet(folder / f"{name}.parquet").astype(float)
    targets, items = used(aims(site)), coordinates(site)
    missing = [t.id for t in targets if f"target_{t.id}" not in frame] + [
        i.id for i in items if i.id not in frame
    ]
    if missing:
        raise KeyError(f"{name}.parquet lacks {missing}; run calibrate {name} --write again")
    values = frame[[f"target_{t.id}" for t in targets]].to_numpy()
    last = frame[frame["part"] == frame["part"].max()]
    box = {}
    for item in items:
        if item.fitted:
            x = item.inside(last[item.id].to_numpy())
            box[item.id] = (float(x.min()), float(x.max()))
    frame["ok"] = 1.0
    return frame, values, targets, items, box


@check(
    "recovery from simulated data", kind="recovery",
    source="worlds simulated from known parameters",
)  # fmt: skip
def recovery(quick: bool) -> Iterator[CheckRow]:
    """Coverage and ranks over worlds of the shipped table; stability under another seed."""
    if not (POSTERIORS / f"{HOME}.parquet").is_file():
        return
    frame, values, targets, items, box = shipped_table()
    sets = 60 if quick else 200
    table = recover(frame, values, targets, items, box, sets, steps=250 if quick else 400)
    told = table[table.informed_by == "targets"]
    blind = table[table.informed_by != "targets"].parameter.tolist()
    apart = f"; told by the prior only: {', '.join(blind)}" if blind else ""
    # one parameter's share has a standard error of sqrt(p (1 - p) / sets), the mean over
    # correlated parameters not much less: three of them, and what the emulator adds
    for column, level in (("covered_50", 0.5), ("covered_90", 0.9)):
        room = 3.0 * np.sqrt(level * (1 - level) / sets)
        found = float(told[column].mean())
        yield CheckRow(
            f"{100 * level:.0f} % intervals hold the true parameter",
            "recovery",
            abs(found - level) <= room,
            level,
            found,
            f"{sets} worlds of the table, {len(told)} parameters that targets inform, by parameter "
            f"{told[column].min():.2f} to {told[column].max():.2f}{apart}",
        )
    least = float(told["rank_p"].min())
    yield CheckRow(
        "ranks of the true parameters are even",
        "recovery",
        least >= 0.01 / len(told),
        f"p above {0.01 / len(told):.4f} for each",
        least,
        f"chi-square over {BINS} bins, {sets} worlds",
    )
    both = [posterior(frame, targets, items, box, 200, seed, 400, values) for seed in (1, 2)]
    free = both[0].emulator.free
    first, second = (inner(p.draws, free) for p in both)
    shift = np.abs(first.mean(0) - second.mean(0)) / first.std(0)
    yield CheckRow(
        "the posterior is the same under another seed",
        "recovery",
        float(shift.max()) < 0.5,
        "means within half a standard deviation",
        float(shift.max()),
        f"200 draws each, {len(free)} parameters",
    )
