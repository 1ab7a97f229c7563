"""Stability under scale: the headline moments of a place at 1:1, 1:2, 1:10 side by side.

``python -m calibration.scale kokkola --scales 1 2 10`` prints one row per moment. A moment agrees
when the interval of its difference from the finest scale holds zero, or when the difference is
smaller than a quarter of the moment's tolerance. Smaller worlds get more replications, so that
every scale simulates about as many people.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from calibration.moments import moment_list, simulate
from scenarios import Site, load_site
from simulator.town import Town

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.90
NEGLIGIBLE = 0.25  # tolerances
MONTHS = 60


def scale_table(
    site: str | Site,
    scales: Sequence[int] = (1, 2, 10),
    replications: int = 4,
    threads: int = 2,
) -> pd.DataFrame:
    """Return the fitted moments of a place at several scales.

    Parameters
    ----------
    site : str or Site
        The place at full size.
    scales : sequence of int
        The first is the one with which the others are compared.
    replications : int
        Of the first scale; the others have more in proportion, at most sixteen times as many.

    Returns
    -------
    Frame with ``moment, scale, replications, mean, half, difference, ci_low, ci_high, agrees``;
    counts are multiplied back.
    """
    import pandas as pd  # slow to import
    from scipy.stats import t as student

    place = load_site(site) if isinstance(site, str) else site
    found: dict[int, list[dict[str, float]]] = {}
    for scale in scales:
        town = Town(place, scale=scale)
        number = min(max(replications * scale // scales[0], 2), 16 * replications)
        seeds = range(1, number + 1)
        with ThreadPoolExecutor(threads) as pool:
            runs = pool.map(lambda seed, town=town: simulate(town, seed, MONTHS), seeds)
            found[scale] = [run.moments for run in runs]
    rows = []
    for moment in moment_list(place):
        if moment.role != "fit":
            continue
        base: np.ndarray | None = None
        for scale in scales:
            values = np.array([run[moment.id] for run in found[scale]])
            base = values if base is None else base
            error = values.std(ddof=1) / np.sqrt(len(values))
            difference = values.mean() - base.mean()
            gap = np.hypot(error, base.std(ddof=1) / np.sqrt(len(base)))
            reach = float(student.ppf(0.5 + LEVEL / 2, min(len(base), len(values)) - 1))
            small = NEGLIGIBLE * (moment.tolerance or 0.0)
            rows.append(
                {
                    "moment": moment.id,
                    "scale": scale,
                    "replications": len(values),
                    "mean": values.mean(),
                    "half": reach * error,
                    "difference": difference,
                    "ci_low": difference - reach * gap,
                    "ci_high": difference + reach * gap,
                    "agrees": scale == scales[0] or abs(difference) <= max(reach * gap, small),
                }
            )
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 when more moments differ than intervals of 90 % let differ."""
    parser = argparse.ArgumentParser(prog="python -m calibration.scale")
    parser.add_argument("site", help="shipped name or path of a site file")
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 2, 10])
    parser.add_argument("--replications", type=int, default=4, help="of the first scale")
    given = parser.parse_args(arguments)
    table = scale_table(given.site, given.scales, given.replications)
    for moment, rows in table.groupby("moment", sort=False):
        cells = [
            f"1:{row.scale} {row.mean:.5g} +- {row.half:.2g}{'' if row.agrees else ' DIFFERS'}"
            for row in rows.itertuples()
        ]
        print(f"{moment:20s}", " | ".join(cells))
    tried = table[table.scale != given.scales[0]]
    print(f"{int(tried.agrees.sum())} of {len(tried)} agree with 1:{given.scales[0]}")
    return 0 if tried.agrees.mean() >= LEVEL else 1


if __name__ == "__main__":
    raise SystemExit(main())
